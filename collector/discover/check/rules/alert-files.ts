/** The alert files that Netdata was given: whether they are for this Netdata and this plugin (docs/alerts.md). */
import { jobAlertValues, peerAlertValues, upstreamAlertValues } from '../../../model.ts';
import { attempt, type FileSystem } from '../../../system/fs.ts';
import { readText } from '../../../system/small-file.ts';
import { finding, type UnwordedFinding } from '../finding.ts';

const alertFiles = ['nginx_upstream.conf', 'nginx_upstream_peers.conf', 'nginx_upstream_server.conf'] as const;

/** What an expression may read: what the plugin hands over, and what every alert of Netdata has. */
const known = new Set<string>([
  ...[...upstreamAlertValues, ...peerAlertValues, ...jobAlertValues],
  ...['this', 'status', 'now', 'after', 'before', 'last_collected_t', 'update_every', 'green', 'red'],
  ...['REMOVED', 'UNINITIALIZED', 'UNDEFINED', 'CLEAR', 'WARNING', 'CRITICAL'],
]);

/** What its alerts look up, or read that this plugin does not hand over: they stay quiet. */
function unknownTo(text: string): string | null {
  if (/^\s*lookup:/m.test(text)) return 'lookup';
  for (const [, expression = ''] of text.matchAll(/^\s*(?:calc|warn|crit)\s*:((?:.*\\\n)*.*)/gim)) {
    const names = Array.from(expression.matchAll(/\$\{?([A-Za-z_][\w.]*)/g), ([, name = '']) => name);
    const first = names.find((name) => !known.has(name));
    if (first !== undefined) return `$${first}`;
  }
  return null;
}

/** Whether the placeholders in its texts are of this version; null when the version is not known. */
function isOfNetdata(text: string, version: string | undefined): boolean | null {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined) return null;
  const isNew = Number(major) > 1 || Number(minor) >= 38;
  return isNew ? !/\$label:/.test(text) : !/\$\{label:/.test(text);
}

/** @param version the text of NETDATA_VERSION */
export function judgeAlertFile(path: string, text: string, version: string | undefined): UnwordedFinding | null {
  const unknown = unknownTo(text);
  if (unknown !== null) return finding('alerts_outdated', path, null, { unknown });
  return isOfNetdata(text, version) === false
    ? finding('alerts_of_other_netdata', path, null, { version: version ?? '' })
    : null;
}

/**
 * @param folders where Netdata's configuration may be; the first that exists counts
 * @param version of that Netdata; it is asked for only where there is an alert file
 */
export async function alertFileFindings(
  fs: FileSystem,
  folders: readonly string[],
  version: () => Promise<string | undefined>,
): Promise<readonly UnwordedFinding[]> {
  const folder = folders.find((each) => attempt(() => fs.stat(each)).ok);
  if (folder === undefined) return [];
  const texts = alertFiles.map((name) => {
    const path = `${folder}/health.d/${name}`;
    return { path, text: readText(fs, path), isBeside: attempt(() => fs.stat(`${path}.new`)).ok };
  });
  const isInstalled = texts.some(({ text }) => text.ok) || attempt(() => fs.stat(`${folder}/nginx-upstream.conf`)).ok;
  if (!isInstalled) return [];
  const asked = texts.some(({ text }) => text.ok) ? await version() : undefined;
  return texts.flatMap(({ path, text, isBeside }) => {
    if (!text.ok) return text.code === 'ENOENT' ? [finding('alerts_missing', path)] : [];
    const judged = judgeAlertFile(path, text.value, asked);
    const changed = isBeside ? [finding('alerts_changed', path)] : [];
    return judged === null ? changed : [judged, ...changed];
  });
}
