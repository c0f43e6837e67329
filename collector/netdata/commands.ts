import { fstatSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createCommandReader, type NetdataCommand } from './command-reader.ts';

/**
 * Listens to what Netdata says on stdin: `QUIT` and the end of the stream both mean "leave now". Only where stdin is a
 * pipe or a socket: with /dev/null, a file or a terminal the end says nothing.
 *
 * @param onCommands the calls of our functions, and the calls that are cancelled, as they arrive together
 */
export function listenToNetdata(
  stdin: Readable,
  isNetdata: boolean,
  onQuit: (reason: string) => void,
  onCommands: (commands: readonly NetdataCommand[]) => void = () => {},
): void {
  if (!isNetdata) return;
  const reader = createCommandReader();
  let quitting: NodeJS.Timeout | undefined;
  stdin.on('data', (chunk: Buffer) => {
    clearTimeout(quitting);
    onCommands(reader.push(chunk));
    if (reader.endsWithQuit()) quitting = setTimeout(() => onQuit('Netdata said QUIT'), lastWordMs);
  });
  stdin.on('end', () => onQuit('Netdata closed stdin'));
  stdin.on('error', () => onQuit('stdin failed'));
}

/**
 * QUIT is the last thing that Netdata ever writes. What follows it within this time proves that it came out of the body
 * of a call: Netdata passes bodies on unchanged, and one that holds FUNCTION_PAYLOAD_END can forge lines.
 */
const lastWordMs = 50;

/** Whether this descriptor is a pipe or a socket: what Netdata gives its plugins. */
export function isPipeOrSocket(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}
