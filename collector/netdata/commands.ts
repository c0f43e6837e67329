import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';

/**
 * Listens to what Netdata says on stdin: `QUIT` (2.1 and newer, without a newline) and the end of the stream both mean
 * "leave now". Only where stdin is a pipe or a socket: with /dev/null, a file or a terminal the end says nothing.
 */
export function listenToNetdata(stdin: Readable, isNetdata: boolean, onQuit: (reason: string) => void): void {
  if (!isNetdata) return;
  let line = '';
  stdin.on('data', (chunk: Buffer) => {
    // Netdata sends short commands only: the tail of an endless line is not worth keeping.
    line = (line + chunk.toString('latin1')).slice(-longestCommand);
    const lines = line.split('\n');
    line = lines.at(-1) ?? '';
    if (lines.some((text) => text.trim() === 'QUIT')) onQuit('Netdata said QUIT');
  });
  stdin.on('end', () => onQuit('Netdata closed stdin'));
  stdin.on('error', () => onQuit('stdin failed'));
}

const longestCommand = 16_384;

/** Whether this descriptor is a pipe or a socket: what Netdata gives its plugins. */
export function isPipeOrSocket(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
