/**
 * What a Node program keeps: the bytes that live after a full collection. Resident memory says little about it, as V8's
 * young generation and its free pages come and go by tens of megabytes.
 *
 *   const child = start(process.execPath, [...snapshotOptions(dir), 'x.js']);
 *   await liveHeap(child.pid, dir);
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from './wait.ts';

interface Snapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[] } };
  readonly nodes: readonly number[];
}

/** Node's options for a program that is asked for its live heap; its snapshots are written to the folder. */
export function snapshotOptions(folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`];
}

/** Bytes; the program stands still for about a second. V8 collects all garbage before it writes a snapshot. */
export async function liveHeap(pid: number, folder: string): Promise<number> {
  process.kill(pid, 'SIGUSR2');
  const { snapshot, nodes } = await waitUntil(() => readSnapshot(folder), {
    what: 'a heap snapshot',
    timeout: 60_000,
    interval: 200,
  });
  const fields = snapshot.meta.node_fields;
  let bytes = 0;
  for (let at = fields.indexOf('self_size'); at < nodes.length; at += fields.length) bytes += nodes[at] ?? 0;
  return bytes;
}

/** null until it is written to its end. */
function readSnapshot(folder: string): Snapshot | null {
  const name = readdirSync(folder).find((each) => each.endsWith('.heapsnapshot'));
  if (name === undefined) return null;
  try {
    const found = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Snapshot;
    rmSync(join(folder, name));
    return found;
  } catch {
    return null;
  }
}
