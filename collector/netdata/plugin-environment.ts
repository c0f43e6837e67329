/** What Netdata gave the running plugin: a person's shell, or `docker exec`, does not have it. */

import { attempt, type FileSystem } from '../system/fs.ts';
import { createProcfs } from '../system/process/procfs.ts';

export type PluginVariables = Readonly<Record<string, string | undefined>>;

const mostBytes = 65_536;
const isPlugin = /(?:^|[/\0])nginx-upstream\.plugin\0\d+\0/;

/**
 * The variables of Netdata's in the environment of the plugin that runs; none where none does, or it may not be read.
 *
 * @param trusted whose processes are believed: any user can give a process this name
 */
export function runningPluginVariables(fs: FileSystem, proc: string, trusted: ReadonlySet<number>): PluginVariables {
  const procfs = createProcfs(fs, proc);
  for (const pid of procfs.pids()) {
    if (!isPlugin.test(procfs.text(`${pid}/cmdline`) ?? '')) continue;
    const stat = attempt(() => fs.stat(`${proc}/${pid}`));
    if (!stat.ok || !trusted.has(stat.value.uid)) continue;
    const pairs = (procfs.text(`${pid}/environ`, mostBytes) ?? '').split('\0');
    const found = pairs.flatMap((pair) => {
      const [, name, value] = /^(NETDATA_\w+)=(.*)$/s.exec(pair) ?? [];
      return name === undefined ? [] : [[name, value] as const];
    });
    if (found.length > 0) return Object.fromEntries(found);
  }
  return {};
}

/** What the shell says itself comes first. */
export function commandVariables(own: PluginVariables, plugin: () => PluginVariables): PluginVariables {
  const isTold = Object.keys(own).some((name) => /^NETDATA_(?:USER_CONFIG_DIR|LIB_DIR)$/.test(name));
  return isTold ? own : { ...plugin(), ...own };
}
