/** What an nginx was built with. */
import type { BuildDefaults } from '../../nginx/types.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';

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

const versionWords = ['nginx version: ', 'Tengine version: ', 'Angie version: '];
const configureWords = 'configure arguments:';
/** Longer than the text of any `nginx -V`: what is looked for may lie across two pieces. */
const overlap = 16_384;
/** One for all readings, which are synchronous. */
const window = Buffer.allocUnsafe(262_144);

/** What programs said, by what stat() says of them: a program is a megabyte or more, and seldom changes. */
const known = new WeakMap<FileSystem, Map<string, Build | null>>();
const mostKnown = 64;

/**
 * The same texts as they stand in the program itself: nothing is run, so it also works for a program of another system
 * (a container, a mounted host) and cannot be abused by a process that only calls itself nginx.
 */
export function readBuild(fs: FileSystem, program: string): Build | null {
  const stat = attempt(() => fs.stat(program));
  if (!stat.ok || stat.value.kind !== 'file') return null;
  const { dev, ino, size, modifiedMs } = stat.value;
  const identity = [program, dev, ino, size, modifiedMs].join(' ');
  const builds = known.get(fs) ?? new Map<string, Build | null>();
  known.set(fs, builds);
  const before = builds.get(identity);
  if (before !== undefined) return before;
  const build = attempt(() => searchProgram(fs, program));
  if (!build.ok) return null;
  if (builds.size >= mostKnown) builds.clear();
  builds.set(identity, build.value);
  return build.value;
}

function searchProgram(fs: FileSystem, program: string): Build | null {
  const fd = fs.open(program);
  let version = '';
  let configured = '';
  try {
    let kept = 0;
    for (let position = 0; position < largestProgram && (version === '' || configured === ''); ) {
      const got = fs.read(fd, window.subarray(kept), window.length - kept, position);
      if (got === 0) break;
      position += got;
      const bytes = window.subarray(0, kept + got);
      version ||= versionWords.map((words) => textAt(bytes, words)).find((text) => text !== '') ?? '';
      configured ||= textAt(bytes, configureWords);
      const from = Math.max(0, bytes.length - overlap);
      kept = bytes.length - from;
      window.copyWithin(0, from, bytes.length);
    }
  } finally {
    fs.close(fd);
  }
  return configured === '' ? null : parseBuild(`${version}\n${configured}`);
}

/** The C string that begins with these words; empty when it is not there, or not to its end. */
function textAt(bytes: Buffer, words: string): string {
  const at = bytes.indexOf(words);
  const end = at < 0 ? -1 : bytes.indexOf(0, at);
  return end < 0 ? '' : bytes.toString('latin1', at, end);
}
