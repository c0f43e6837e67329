/** The rules of this host's firewall that reject or drop, by one run of nft or iptables-save: root only. */

import { attempt, type FileSystem } from '../system/fs.ts';
import type { Execute } from '../system/process/exec.ts';

const programs = [
  { paths: ['/usr/sbin/nft', '/sbin/nft'], args: ['list', 'ruleset'] },
  { paths: ['/usr/sbin/iptables-save', '/sbin/iptables-save'], args: [] },
] as const;

const timeoutMs = 2000;
const mostRules = 100;
const longestRule = 160;

/** Nobody but root can have put it there. */
function isRoots(path: string, fs: FileSystem): boolean {
  const stat = attempt(() => fs.stat(path));
  return stat.ok && stat.value.kind === 'file' && stat.value.uid === 0 && (stat.value.mode & 0o022) === 0;
}

/** Lines of `nft list ruleset` or `iptables-save` that refuse or drop: docker's own bookkeeping is full of others. */
function refusingRules(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
  const refusing = lines.filter((line) => /(?:^| )(?:reject|drop)(?: |$)|-j (?:REJECT|DROP)\b/.test(line));
  return [...new Set(refusing)]
    .filter((line) => !line.startsWith('type '))
    .slice(0, mostRules)
    .map((line) => line.slice(0, longestRule));
}

/** null where they may not be read, or no program reads them. */
export async function readFirewall(
  execute: Execute,
  fs: FileSystem,
  isRoot: boolean,
): Promise<readonly string[] | null> {
  if (!isRoot) return null;
  const texts: string[] = [];
  for (const { paths, args } of programs) {
    const path = paths.find((each) => isRoots(each, fs));
    if (path === undefined) continue;
    const { code, stdout } = await execute(path, args, timeoutMs);
    if (code === 0) texts.push(stdout);
  }
  return texts.length === 0 ? null : refusingRules(texts.join('\n'));
}
