/** What an nginx was built with. */
import type { BuildDefaults } from '../nginx/types.ts';
import type { FileSystem } from '../system/fs.ts';
import { readBytes } from './files.ts';

export interface Build {
  /** `nginx/1.22.1`, `openresty/1.25.3.1`, `Angie/1.8.0`, `Tengine/3.1.0`. */
  readonly version: string | null;
  readonly defaults: BuildDefaults;
}

/** The largest nginx there is (openresty, static modules) has a third of this. */
const largestProgram = 64 * 1024 * 1024;

/** The paths `auto/configure` takes when nothing is said: relative ones, which go where `-p` says. */
export function sourceDefaults(prefix: string): BuildDefaults {
  return {
    prefix,
    confPath: 'conf/nginx.conf',
    errorLogPath: 'logs/error.log',
    httpLogPath: 'logs/access.log',
  };
}

/** Reads what `nginx -V` prints: `nginx version: …` and `configure arguments: …` (src/core/nginx.c: main). */
export function parseBuild(text: string): Build | null {
  const configured = /configure arguments:([^\n\0]*)/.exec(text)?.[1];
  if (configured === undefined) return null;
  const argument = (name: string): string | undefined =>
    new RegExp(`(?:^|\\s)--${name}=(?:'([^']*)'|(\\S+))`).exec(configured)?.slice(1).find(Boolean);
  const prefix = argument('prefix')?.replace(/\/+$/, '') ?? '/usr/local/nginx';
  const source = sourceDefaults(prefix);
  return {
    version: /[Vv]ersion: (\w+\/[\w.+-]+)/.exec(text)?.[1] ?? null,
    defaults: {
      prefix,
      confPath: argument('conf-path') ?? source.confPath,
      errorLogPath: argument('error-log-path') ?? source.errorLogPath,
      httpLogPath: argument('http-log-path') ?? source.httpLogPath,
    },
  };
}

/**
 * The same texts as they stand in the program itself: nothing is run, so it also works for a program of another system
 * (a container, a mounted host) and cannot be abused by a process that only calls itself nginx.
 */
export function readBuild(fs: FileSystem, program: string): Build | null {
  const bytes = readBytes(fs, program, largestProgram);
  if (!bytes.ok) return null;
  const textAt = (words: string): string => {
    const at = bytes.value.indexOf(words);
    const end = bytes.value.indexOf(0, at);
    return at < 0 ? '' : bytes.value.toString('latin1', at, end < 0 ? undefined : end);
  };
  const version = ['nginx version: ', 'Tengine version: ', 'Angie version: '].map(textAt).find((text) => text !== '');
  const configured = textAt('configure arguments:');
  return configured === '' ? null : parseBuild(`${version ?? ''}\n${configured}`);
}
