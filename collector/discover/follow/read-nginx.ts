/** From an nginx that was found, or a path that was given, to what its configuration means. */

import { completePath } from '../../base/paths.ts';
import { readConfiguration } from '../../nginx/configuration.ts';
import { withoutSockets } from '../../nginx/status-pages.ts';
import { readDump } from '../../nginx/syntax/dump.ts';
import { readTree } from '../../nginx/syntax/tree.ts';
import type { BuildDefaults, ConfigurationTree, NginxConfiguration } from '../../nginx/types.ts';
import type { FileSystem } from '../../system/fs.ts';
import { readText } from '../../system/small-file.ts';
import { lookAfterEnded } from '../find/ended.ts';
import type { NginxFound } from '../find/find-nginx.ts';
import { layouts } from '../find/layouts.ts';
import { configurationFiles, placeOf, rootView } from '../find/view.ts';

const dumpPrefix = 'dump:';

/** One nginx and what it is asked to do. */
export interface NginxRead {
  readonly found: NginxFound;
  /** Names are not resolved yet. */
  readonly configuration: NginxConfiguration;
  /** The configuration came from `nginx -T`: nginx's own files are not checked. */
  readonly dumped: boolean;
  /** Paths, as this process opens them, whose stat() shows when to read again. */
  readonly watched: readonly string[];
}

/** What it means, and what of it can be asked from here. */
function understood(tree: ConfigurationTree, { defaults, hasOwnRoot }: NginxFound): NginxConfiguration {
  const configuration = readConfiguration(tree, defaults);
  if (hasOwnRoot !== true) return configuration;
  return { ...configuration, statusPages: withoutSockets(configuration.statusPages) };
}

/** Reads the configuration of `found` through its view; a main file that is missing is a problem in the result. */
export function readNginx(found: NginxFound, fs: FileSystem): NginxRead {
  const files = configurationFiles(fs, found.view);
  const tree = readTree(found.confPath, files, found.commandLine);
  const watched = [...tree.files, ...tree.unread, ...tree.folders].map((path) =>
    found.view.follow(placeOf(fs, found.view, path)),
  );
  return { found, configuration: understood(tree, found), dumped: false, watched };
}

/** What an nginx whose main file is `path` was most likely built with, when no running one shows. */
function defaultsFor(path: string): BuildDefaults {
  const known = layouts.find(({ prefix, confPath }) => completePath(prefix, confPath) === path) ?? layouts[0];
  return known ?? { prefix: '', confPath: path, errorLogPath: 'logs/error.log', httpLogPath: 'logs/access.log' };
}

/** The nginx with this main file; null when none is known. */
type Lookup = (confPath: string) => NginxFound | null;

function findByMain(named: Lookup, path: string, fs: FileSystem, hostPrefix: string): NginxFound {
  return (
    named(path) ?? {
      master: null,
      version: null,
      defaults: defaultsFor(path),
      confPath: path,
      commandLine: null,
      view: rootView(fs, hostPrefix),
      hasOwnRoot: hostPrefix !== '',
      lookAfter: lookAfterEnded(fs, hostPrefix),
    }
  );
}

/**
 * Reads what `nginx_conf` names: a main file, or `dump:FILE` with the output of `nginx -T`. Of the nginx that are here,
 * the one with that main file lends its prefix and its process. A dump that cannot be read, or is none, is a
 * problem in the result.
 */
export function readTold(told: string, named: Lookup, fs: FileSystem, hostPrefix: string): NginxRead {
  const within = (path: string): string =>
    hostPrefix !== '' && path.startsWith(`${hostPrefix}/`) ? path.slice(hostPrefix.length) : path;
  if (!told.startsWith(dumpPrefix)) {
    return readNginx(findByMain(named, within(told), fs, hostPrefix), fs);
  }
  const path = within(told.slice(dumpPrefix.length));
  const watched = [hostPrefix + path];
  const text = readText(fs, hostPrefix + path);
  const dump = readDump(text.ok ? text.value : '');
  if (dump.main === null) {
    const found = findByMain(() => null, path, fs, hostPrefix);
    const wrong = text.ok ? 'this is not output of nginx -T' : `it cannot be read (${text.code})`;
    const tree = readTree(path, { readFile: () => ({ text: '' }), readFolder: () => null });
    const problems = [{ code: 'include_unreadable' as const, file: path, line: 1, text: wrong }];
    return { found, configuration: understood({ ...tree, problems }, found), dumped: true, watched };
  }
  const found = findByMain(named, dump.main, fs, hostPrefix);
  const tree = readTree(dump.main, dump.files, found.commandLine);
  return { found, configuration: understood(tree, found), dumped: true, watched };
}

const mostProblemsTold = 5;

/** One line: what was found. */
export function summaryOf({ found, configuration: { files, upstreams } }: NginxRead): string {
  const what = `${found.version ?? 'nginx'}: ${found.confPath}, ${files.length} files, ${upstreams.length} upstreams`;
  return found.master === null ? `${what}, not running` : what;
}

/** One line: what is wrong with its configuration; null when nothing is. */
export function problemsOf({ configuration: { problems } }: NginxRead): string | null {
  const worst = problems.slice(0, mostProblemsTold).map(({ file, line, text }) => `${file}:${line}: ${text}`);
  return worst.length === 0 ? null : `${worst.join('; ')}; see check`;
}
