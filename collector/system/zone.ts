/**
 * The file that TZ names is opened by the C library and by V8 with the first local time that anybody asks for, and opened
 * to wait: a FIFO there stops the process for ever, deaf to SIGTERM.
 */
import { resolve } from 'node:path';
import { attempt, nodeFileSystem } from './fs.ts';

const zones = '/usr/share/zoneinfo';

/** Takes TZ out of the environment where it names a FIFO, a socket or a device: local time is then the host's. */
export function dropTrapZone(env: NodeJS.ProcessEnv): void {
  const { TZ: zone, TZDIR: folder = zones } = env;
  if (zone === undefined || zone === '') return;
  const name = zone.replace(/^:/, '');
  if ([folder, zones].some((each) => isTrap(each, name))) delete env['TZ'];
}

function isTrap(folder: string, name: string): boolean {
  const kind = attempt(() => nodeFileSystem.stat(resolve(folder, name)).kind);
  return kind.ok && kind.value !== 'file' && kind.value !== 'directory';
}
