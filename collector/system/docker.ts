/** Names of docker's containers, out of the engine's own files: nobody needs its socket. */
import { lastPart } from '../base/paths.ts';
import { attempt, type FileSystem } from './fs.ts';
import { readText } from './small-file.ts';

const mostBytes = 262_144;
const mostHostname = 256;

/** The name that `docker ps` shows; null without the right to read the engine's file, which holds secrets too. */
export function dockerName(fs: FileSystem, folder: string): string | null {
  const text = readText(fs, `${folder}/config.v2.json`, mostBytes);
  return text.ok ? (/"Name":"\/?([\w][\w.-]{0,127})"/.exec(text.value)?.[1] ?? null) : null;
}

/**
 * Whether the folder of a container is that of `name`: its name, where that may be read; the host name that it was
 * given (`--hostname`, compose `hostname:`), which anybody may read; or the first digits of its id.
 */
export function isContainerFolder(fs: FileSystem, folder: string, name: string): boolean {
  const id = lastPart(folder);
  if (/^[0-9a-f]{12,64}$/.test(name) && id.startsWith(name)) return true;
  const own = dockerName(fs, folder);
  if (own !== null) return own === name;
  const host = readText(fs, `${folder}/hostname`, mostHostname);
  return host.ok && host.value.trim() === name;
}

/** The folder of the container whose id begins so; null where there is none that may be seen. */
export function containerFolder(fs: FileSystem, containers: string, id: string): string | null {
  const names = attempt(() => fs.readdir(containers));
  const whole = names.ok ? names.value.find((name) => name.startsWith(id)) : undefined;
  return whole === undefined ? null : `${containers}/${whole}`;
}
