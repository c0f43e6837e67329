/** What is known of the nginx itself: its limits, its user, how to speak to it. */
import type { LogTarget } from '../../nginx/types.ts';
import { unitOf } from '../../parse/proc/cgroup.ts';
import { isStoppedState, parseOpenFilesLimit, parseProcStatus } from '../../parse/proc/pid.ts';
import { readText } from '../../system/small-file.ts';
import type { FailuresByKind } from '../impact/traffic.ts';
import type { NginxFacts } from './nginx-facts.ts';
import type { DiagnosedNginx, DiagnosePorts } from './ports.ts';
import { userNames } from './socket-file.ts';

export function uidOf(pid: number, { proc }: Pick<DiagnosePorts, 'proc'>): number | null {
  return parseProcStatus(proc.text(`${pid}/status`) ?? '').uid;
}

/** Workers that were sent SIGSTOP, or that a debugger holds. */
export function stoppedWorkers(
  { workers }: Pick<DiagnosedNginx, 'workers'>,
  { proc }: Pick<DiagnosePorts, 'proc'>,
): readonly number[] {
  return workers.filter((pid) => isStoppedState(proc.text(`${pid}/status`) ?? ''));
}

function enforcesPolicy(fs: DiagnosePorts['fs']): boolean {
  const read = readText(fs, '/sys/fs/selinux/enforce', 1);
  return read.ok && read.value === '1';
}

/** Loopback is there also where IPv6 is of no other use. */
function hasIpv6(pid: number | 'self', { proc }: Pick<DiagnosePorts, 'proc'>): boolean | null {
  if (proc.text(`${pid}/net/tcp`) === null) return null;
  return (proc.text(`${pid}/net/if_inet6`) ?? '').trim() !== '';
}

function filesOf(logs: readonly { readonly target: LogTarget; readonly proxied: boolean }[]): readonly string[] {
  return logs.flatMap(({ target, proxied }) =>
    proxied && target.kind === 'file' && !/[$*]|^\/dev\//.test(target.path) ? [target.path] : [],
  );
}

export function nginxFacts(
  failures: FailuresByKind,
  seen: DiagnosedNginx,
  sharesNetwork: boolean,
  ports: DiagnosePorts,
): NginxFacts {
  const { proc, fs } = ports;
  const { masterPid, workers, configuration, conf, loadedMs } = seen;
  const limits = workers.flatMap((pid) => {
    const limit = parseOpenFilesLimit(proc.text(`${pid}/limits`) ?? '');
    // Before Linux 6.2 the kernel says 0: not known.
    return limit === null ? [] : [{ used: proc.openFiles(pid) || null, limit }];
  });
  const uid = workers[0] === undefined ? null : uidOf(workers[0], ports);
  return {
    masterPid,
    workerPid: workers[0] ?? null,
    sharesNetwork,
    sharesFiles: seen.sharesFile(conf ?? '/'),
    sharesResolver: seen.sharesFile('/etc/resolv.conf'),
    uid: masterPid === null ? null : uidOf(masterPid, ports),
    user: uid === null ? null : userNames(seen, ports).userName(uid),
    workerUid: uid,
    stoppedWorkers: stoppedWorkers(seen, ports),
    workerConnections: configuration?.workerConnections ?? null,
    openFiles: limits.sort((a, b) => (b.used ?? 0) - (a.used ?? 0))[0] ?? null,
    workerRlimitNofile: configuration?.workerRlimitNofile ?? null,
    conf,
    command: seen.command,
    entry: seen.entry,
    unit: masterPid === null ? null : (unitOf(proc.text(`${masterPid}/cgroup`) ?? '')?.unit ?? null),
    selinux: enforcesPolicy(fs),
    undecided: (configuration?.undecided.length ?? 0) > 0,
    loadedMs,
    errorLogs: filesOf(configuration?.errorLogs ?? []),
    accessLogs: filesOf(configuration?.accessLogs ?? []),
    resolvers: configuration?.resolvers ?? [],
    hasIpv6: hasIpv6(masterPid ?? 'self', ports),
    failures,
  };
}
