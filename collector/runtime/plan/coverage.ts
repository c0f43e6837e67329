import type { CoverageFacts } from '../../aggregate/windows/coverage.ts';
import type { Followed } from '../../discover/follow/nginx-follower.ts';
import type { ConfiguredPeer } from '../../model.ts';
import { parseSeconds } from '../../nginx/syntax/values.ts';
import type { AccessLog, LogTarget } from '../../nginx/types.ts';
import { specText } from '../../source/log-spec.ts';
import { type FilePorts, logsByFile } from '../logs/log-files.ts';
import { type AccessLogPlan, logOf } from './log-plan.ts';

const nothing: CoverageFacts = { covered: new Set(), uncovered: new Set(), flushSeconds: 0 };

/** A buffer without `flush` is written when it is full: on a quiet server that takes as long as it takes. */
const unflushedSeconds = 600;

/** The peer of each attempt, and whether it was connected. */
const saysAttempts = (format: string): boolean =>
  /\$\{?upstream_addr\b/.test(format) && /\$\{?upstream_(status|connect_time)\b/.test(format);

function flushSecondsOf({ buffer, flush }: AccessLog): number {
  if (buffer === null) return 0;
  return (flush === null ? null : parseSeconds(flush)) ?? unflushedSeconds;
}

/** By the configuration: an upstream is covered when each place that passes to it logs its attempts. */
export function coverageOf(
  followed: Followed | null,
  accessLogs: readonly AccessLogPlan[],
  peers: readonly ConfiguredPeer[],
  ports: FilePorts,
): CoverageFacts {
  if (followed === null) return nothing;
  const { configuration } = followed.read;
  const { planOf, tells } = readersOf(followed, accessLogs, ports);
  const named = new Set(configuration.accessLogs.map(({ target }) => planOf(target)));
  const isMapped = accessLogs.every((plan) => named.has(plan));
  const covered = new Set<string>();
  const uncovered = new Set<string>();
  const told = configuration.accessLogs.map(tells);
  let mayBeAny = false;
  for (const { upstreams, logs } of configuration.passPlaces) {
    const isTold = logs.some((at) => told[at] === true);
    // Its lines may be in a log that nginx's configuration does not name (docker, a collector's copy): that is learned.
    if (!isTold && logs.length > 0 && !isMapped) continue;
    if (upstreams === null) mayBeAny ||= !isTold;
    else for (const name of upstreams) (isTold ? covered : uncovered).add(name);
  }
  // Where the request decides, it may be any of them.
  if (mayBeAny) for (const { name } of configuration.upstreams) uncovered.add(name);
  addShared(peers, covered, uncovered);
  const flushes = configuration.accessLogs.filter((_, at) => told[at]).map(flushSecondsOf);
  return { covered, uncovered, flushSeconds: Math.max(0, ...flushes) };
}

/** A peer that several upstreams hold is its own instance: covered where all of them are. */
function addShared(peers: readonly ConfiguredPeer[], covered: Set<string>, uncovered: Set<string>): void {
  for (const { upstream, instance } of peers) {
    if (instance === upstream) continue;
    if (uncovered.has(upstream) || !covered.has(upstream)) uncovered.add(instance);
    else covered.add(instance);
  }
}

/** Which of the logs that are read an access log of nginx is, and whether it shows attempts there. */
function readersOf({ read: { found } }: Followed, accessLogs: readonly AccessLogPlan[], ports: FilePorts) {
  const readBy = logsByFile(
    accessLogs.filter(({ log }) => log.is !== 'unusable'),
    ports,
  );
  const plans = new Map(accessLogs.map((plan) => [specText(plan.log), plan]));
  const planOf = (target: LogTarget): AccessLogPlan | undefined =>
    target.kind === 'syslog'
      ? plans.get(`syslog:udp://${target.server}`)
      : readBy(logOf(target, true, found.view, ports.fs))[0];
  const tells = (log: AccessLog | undefined): boolean => {
    if (log === undefined || log.condition !== null) return false;
    const plan = planOf(log.target);
    return (
      plan?.formats.some(({ text }) => saysAttempts(text)) === true &&
      (log.format === null || saysAttempts(log.format.text))
    );
  };
  return { planOf, tells };
}
