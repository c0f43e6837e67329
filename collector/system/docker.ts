/** Names of docker's containers, out of the engine's own files: nobody needs its socket. */
import { isObject, parseObject } from '../base/json.ts';
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

/** A container that does not run. */
export interface EndedContainer {
  readonly name: string;
  /** Its command line, entrypoint first. */
  readonly words: readonly string[];
  /** The engine starts it again, and it ends again. */
  readonly isRestarting: boolean;
  /** null where that is not known: the engine has not noted its last end yet. */
  readonly exitCode: number | null;
  /** Milliseconds since 1970; 0 where that is not known. */
  readonly endedMs: number;
}

/** More are not checked. */
const mostContainers = 200;

/**
 * Those that docker keeps and that do not run; empty without the right to read the engine's files. Of one that is started
 * again and again they say mostly that it runs, and it may: nginx waits for a name before it ends.
 */
export function endedContainers(
  fs: FileSystem,
  containers: string,
  isAlive: (pid: number) => boolean,
): readonly EndedContainer[] {
  const names = attempt(() => fs.readdir(containers));
  return (names.ok ? names.value.slice(0, mostContainers) : []).flatMap((id) => {
    const text = readText(fs, `${containers}/${id}/config.v2.json`, mostBytes);
    const { State, Path, Args, Name, RestartCount } = parseObject(text.ok ? text.value : '') ?? {};
    const { Running, Restarting, ExitCode, FinishedAt, Pid } = isObject(State) ? State : {};
    const name = /^\/?(\w[\w.-]{0,127})$/.exec(String(Name))?.[1];
    const saysRunning = Running === true && Restarting !== true;
    const isStartedAgain = Number(RestartCount) > 0;
    if (name === undefined || (saysRunning && !isStartedAgain && isAlive(Number(Pid)))) return [];
    const words = [Path, ...(Array.isArray(Args) ? Args : [])].filter((word) => typeof word === 'string');
    return [
      {
        name,
        words,
        isRestarting: Restarting === true || (saysRunning && isStartedAgain),
        exitCode: typeof ExitCode === 'number' && !saysRunning ? ExitCode : null,
        endedMs: Date.parse(String(FinishedAt)) || 0,
      },
    ];
  });
}
