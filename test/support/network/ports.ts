/**
 * Private TCP ports on this machine.
 *
 *   const [front, back] = await freePorts(2);   // free now, and nobody else of these tests gets them
 *   const closed = await closedPort();          // connecting is refused (111) as long as the test runs
 *
 * They come from below the range that the kernel takes for outgoing connections: nothing gets one by accident, and no
 * connection can connect to itself. A file per port in the temp folder keeps parallel runs apart.
 */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { highestPort, isFree, LOWEST_PORT } from '../../../demo/ports.ts';
import { isAlive } from '../process.ts';
import { atEnd } from '../temp.ts';

const FOLDER = join(tmpdir(), `nginx-upstream-ports-${process.getuid?.()}`);

/** Distinct free ports, kept apart from those of other tests until this one ends. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const above = highestPort();
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 2_000) throw new Error(`no ${count} free ports between ${LOWEST_PORT} and ${above}`);
    const port = LOWEST_PORT + Math.floor(Math.random() * (above - LOWEST_PORT));
    if (!reserve(port)) continue;
    if (await isFree(port)) ports.push(port);
    else rmSync(join(FOLDER, String(port)), { force: true });
  }
  atEnd(() => {
    for (const port of ports) rmSync(join(FOLDER, String(port)), { force: true });
    try {
      rmdirSync(FOLDER);
    } catch {
      // Others have ports.
    }
  });
  return ports;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port');
  return port;
}

/** A port where nobody listens: connecting to it is refused. The same as a free one, named for what the test means. */
export const closedPort = (): Promise<number> => freePort();

/** True when the port is ours: by a file that only one can create, or whose owner has died. */
function reserve(port: number): boolean {
  const file = join(FOLDER, String(port));
  try {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    try {
      if (!isAlive(Number(readFileSync(file, 'utf8')))) rmSync(file, { force: true });
    } catch {
      // Somebody else has just removed it.
    }
    return false;
  }
}
