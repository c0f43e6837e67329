/** What this host's firewall programs print of its rules: root only. */

import { attempt, type FileSystem } from '../system/fs.ts';
import type { Execute } from '../system/process/exec.ts';

/** What one program printed. */
export interface FirewallText {
  readonly by: 'nft' | 'iptables' | 'ip6tables';
  readonly text: string;
}

interface Program extends Pick<FirewallText, 'by'> {
  readonly name: string;
  readonly args: readonly string[];
}

/** nft first: `iptables-save` of today's systems shows the same rules again, that of older ones has its own. */
const programs: readonly Program[] = [
  { by: 'nft', name: 'nft', args: ['list', 'ruleset'] },
  { by: 'iptables', name: 'iptables-save', args: [] },
  { by: 'ip6tables', name: 'ip6tables-save', args: [] },
  { by: 'iptables', name: 'iptables-legacy-save', args: [] },
  { by: 'ip6tables', name: 'ip6tables-legacy-save', args: [] },
];
const folders = ['/usr/sbin', '/sbin'] as const;
const timeoutMs = 3000;

/** Nobody but root can have put it there. */
function isRoots(path: string, fs: FileSystem): boolean {
  const stat = attempt(() => fs.stat(path));
  return stat.ok && stat.value.kind === 'file' && stat.value.uid === 0 && (stat.value.mode & 0o022) === 0;
}

/** Without the line that names the program, and without counters: whether two have shown the same. */
function rulesOnly({ by, text }: FirewallText): string {
  return `${by} ${text.replace(/^#.*$/gm, '').replace(/\[\d+:\d+\]/g, '')}`;
}

/** null where they may not be read, or no program reads them. */
export async function readFirewall(
  execute: Execute,
  fs: FileSystem,
  isRoot: boolean,
): Promise<readonly FirewallText[] | null> {
  if (!isRoot) return null;
  const texts: FirewallText[] = [];
  for (const { by, name, args } of programs) {
    const path = folders.map((folder) => `${folder}/${name}`).find((each) => isRoots(each, fs));
    if (path === undefined) continue;
    const { code, stdout } = await execute(path, args, timeoutMs);
    if (code !== 0) continue;
    const one = { by, text: stdout };
    const isShown = stdout.includes('(nf_tables)') && texts.some((each) => each.by === 'nft');
    if (!isShown && !texts.some((each) => rulesOnly(each) === rulesOnly(one))) texts.push(one);
  }
  return texts.length === 0 ? null : texts;
}
