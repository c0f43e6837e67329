/**
 * Private folders, and the one place where whatever a test began is ended again.
 *
 *   const dir = tempDir();                      // removed when the test (or, from beforeAll, the file) is over
 *   atEnd(() => socket.close());                // runs then, last registered first, also when the test failed
 *
 * Call both from a test or from beforeAll, never while the file is loaded.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

type Ending = () => unknown;

/** What beforeAll began: it outlives single tests. */
const atFileEnd: Ending[] = [];

afterAll(async () => {
  const failures: unknown[] = [];
  for (const ending of atFileEnd.splice(0).reverse()) {
    try {
      await ending();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, `ending what this file began: ${failures.join('; ')}`);
}, 60_000);

/** Runs `ending` after the current test, or after the file when called outside a test. */
export function atEnd(ending: Ending): void {
  try {
    onTestFinished(async () => {
      await ending();
    }, 60_000);
  } catch {
    // Not inside a test: vitest has no other way to ask.
    atFileEnd.push(ending);
  }
}

/** A new empty folder that others may enter (nginx's workers are another user than root), gone after the test. */
export function tempDir(name = 'test'): string {
  const dir = mkdtempSync(join(tmpdir(), `nginx-upstream-${name}-`));
  chmodSync(dir, 0o755);
  atEnd(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}
