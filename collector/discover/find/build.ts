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
function parseBuild(text: string): Build | null {
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

/** What programs said, by what fstat() says of them: a program is a megabyte or more, and seldom changes. */
const known = new WeakMap<FileSystem, Map<string, Build | 'unlike'>>();
const mostKnown = 64;

/**
 * The same texts in the program file itself. No program is ever run because a process says that it is nginx;
 * and so this also works for a program of another system (a container, a mounted host). The file is opened once: what is
 * judged is what is read. null where there is none or it cannot be read, and `unlike` for a program that is no nginx.
 */
export function readBuild(fs: FileSystem, program: string): Build | 'unlike' | null {
  const opened = attempt(() => fs.open(program));
  if (!opened.ok) return null;
  const build = attempt(() => buildIn(fs, opened.value));
  attempt(() => fs.close(opened.value));
  return build.ok ? build.value : null;
}

function buildIn(fs: FileSystem, fd: number): Build | 'unlike' | null {
  const { kind, dev, ino, size, modifiedMs } = fs.fstat(fd);
  if (kind !== 'file') return null;
  const identity = [dev, ino, size, modifiedMs].join(' ');
  const builds = known.get(fs) ?? new Map<string, Build | 'unlike'>();
  known.set(fs, builds);
  const build = builds.get(identity) ?? searchProgram(fs, fd) ?? 'unlike';
  if (builds.size >= mostKnown) builds.clear();
  builds.set(identity, build);
  return build;
}

function searchProgram(fs: FileSystem, fd: number): Build | null {
  let version = '';
  let configured = '';
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
  return configured === '' ? null : parseBuild(`${version}\n${configured}`);
}

/** The C string that begins with these words; empty when it is not there, or not to its end. */
function textAt(bytes: Buffer, words: string): string {
  const at = bytes.indexOf(words);
  const end = at < 0 ? -1 : bytes.indexOf(0, at);
  return end < 0 ? '' : bytes.toString('latin1', at, end);
}

/** The build of a program, where it is nginx's; null for any other. */
export function buildAt(fs: FileSystem, place: string): Build | null {
  const build = readBuild(fs, place);
  return build === 'unlike' ? null : build;
}
