/** Texts of /proc/PID (proc_pid_status(5), proc_pid_limits(5)) and nginx's process titles. Total: nothing throws. */

export interface ProcStatus {
  readonly parent: number | null;
  /** The effective user id, as the reader's user namespace sees it. */
  readonly uid: number | null;
  /** The pid in the innermost pid namespace: what this process calls itself, and writes to its error log. */
  readonly innerPid: number | null;
  /** How often it gave up the CPU voluntarily, since it started. */
  readonly voluntarySwitches: number | null;
}

export function parseProcStatus(text: string): ProcStatus {
  return {
    parent: field(text, 'PPid', 0),
    uid: field(text, 'Uid', 1),
    innerPid: field(text, 'NSpid', -1) ?? field(text, 'Pid', 0),
    voluntarySwitches: field(text, 'voluntary_ctxt_switches', 0),
  };
}

/** The `at`-th number behind `Name:` (from the end when negative), or null. */
function field(text: string, name: string, at: number): number | null {
  // The first line is the command's name, which the process chose: no field starts there.
  const start = text.indexOf(`\n${name}:`);
  if (start < 0) return null;
  const from = start + name.length + 2;
  const end = text.indexOf('\n', from);
  const numbers = text
    .slice(from, end < 0 ? undefined : end)
    .trim()
    .split(/\s+/);
  const value = numbers.at(at);
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

/** The real, effective, saved and file-system ids of a process; empty where the text has none. */
export function parseProcIds(text: string): { readonly users: readonly number[]; readonly groups: readonly number[] } {
  const four = (name: string) => [0, 1, 2, 3].flatMap((at) => field(text, name, at) ?? []);
  return { users: four('Uid'), groups: four('Gid') };
}

/** The effective group and the supplementary ones of /proc/PID/status. */
export function parseProcGroups(text: string): readonly number[] {
  const main = field(text, 'Gid', 1);
  const more = /\nGroups:([\d\t ]*)/.exec(text)?.[1]?.trim().split(/\s+/).filter(Boolean).map(Number) ?? [];
  return [...new Set([...(main === null ? [] : [main]), ...more])];
}

/** The soft limit of open files in /proc/PID/limits; Infinity when unlimited, null when the text has none. */
export function parseOpenFilesLimit(text: string): number | null {
  const found = /^Max open files +(\d{1,15}|unlimited) /m.exec(text)?.[1];
  if (found === undefined) return null;
  return found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found);
}

export interface NginxTitle {
  /** `other` is a helper: cache manager, cache loader, openresty's privileged agent. */
  readonly role: 'master' | 'worker' | 'other';
  readonly shuttingDown: boolean;
  /** What follows `master process`: the command line nginx was started with. Empty for the other roles. */
  readonly args: string;
}

/**
 * What a process says it is (src/os/unix/ngx_setproctitle.c; the titles are set in ngx_process_cycle.c). `cmdline` is
 * /proc/PID/cmdline as it is: NUL-separated and padded. Angie, openresty and Tengine write the same words behind their
 * own or nginx's name, Angie with a `#generation` behind `process`, and its master's command line in brackets behind
 * version and generation. null for anything else.
 */
export function parseNginxTitle(cmdline: string): NginxTitle | null {
  // Nearly every process of a host is another program.
  if (!/^[a-z]{1,16}:/.test(cmdline)) return null;
  const title = cmdline.replaceAll('\0', ' ').trimEnd();
  const found =
    /^[a-z]{1,16}: (master|worker|cache manager|cache loader|privileged agent) process(?: |$)(.{0,4096})/s.exec(title);
  if (found === null) return null;
  const [, what = '', rest = ''] = found;
  if (what === 'master') {
    const ofAngie = /^(?:v[\w.-]{1,40} )?#\d{1,10} \[(.*)\]$/s.exec(rest)?.[1];
    return { role: 'master', shuttingDown: false, args: ofAngie ?? rest };
  }
  if (what !== 'worker') return { role: 'other', shuttingDown: false, args: '' };
  return { role: 'worker', shuttingDown: /(?:^| )is shutting down(?: |$)/.test(rest), args: '' };
}

/** Clock ticks of /proc/PID/stat in a second: USER_HZ is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * When a process started, in clock ticks since boot: the 22nd field of /proc/PID/stat, whose second is a name in
 * parentheses that the process chose (proc_pid_stat(5)).
 */
export function processStartTicks(stat: string): number | null {
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return ticks === undefined || !/^\d{1,15}$/.test(ticks) ? null : Number(ticks);
}

/**
 * The time of such ticks, milliseconds since 1970, as near as the time of boot is known.
 *
 * @param bootStat /proc/stat
 */
export function ticksToMs(ticks: number | null, bootStat: string): number | null {
  const boot = /^btime (\d{1,12})$/m.exec(bootStat)?.[1];
  return boot === undefined || ticks === null ? null : (Number(boot) + ticks / ticksPerSecond) * 1000;
}

/** The state of /proc/PID/status, one letter: T stopped, D waiting for a device, Z ended; null when it is not known. */
export function parseProcState(status: string): string | null {
  return /\nState:\s+([A-Za-z])/.exec(status)?.[1] ?? null;
}

/** State T, or t under a debugger: it does not run until a signal or the debugger lets it. */
export function isStoppedState(status: string): boolean {
  return /^[Tt]$/.test(parseProcState(status) ?? '');
}
