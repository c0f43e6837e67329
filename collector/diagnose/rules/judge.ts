/** Facts to findings: every failing peer, group, name and nginx itself, most important first. Pure. */

import { sumOf } from '../../base/collections.ts';
import { plural } from '../../base/text.ts';
import type { FailureKind, PeerCause } from '../../model.ts';
import type { Facts, GroupFacts, NameFacts, PeerFacts } from '../facts/facts.ts';
import { dated, ended, type Finding, found, ofEnd } from '../finding.ts';
import type { FailuresByKind, KindFailures } from '../impact/traffic.ts';
import { type Case, endedByReload, type TcpCase, takenOut } from './case.ts';
import { refused } from './connect/refused.ts';
import { denied } from './connect/route.ts';
import { timedOut, unreachable } from './connect/silence.ts';
import { unixRules } from './connect/unix.ts';
import { brokenByItsEnd } from './its-end.ts';
import { applicationError, laterRules } from './later.ts';
import { limitRules } from './limit.ts';
import { staleAddress, unresolved } from './name.ts';
import { failureText, signs, type TimeText } from './signs.ts';

export type JudgedSubject =
  | { readonly is: 'peer'; readonly peer: PeerFacts }
  | { readonly is: 'group'; readonly group: GroupFacts }
  | { readonly is: 'name'; readonly name: NameFacts }
  | { readonly is: 'nginx' };

export interface Judged {
  readonly subject: JudgedSubject;
  /** The peer, the upstream's name, the name that does not resolve, or `nginx`. */
  readonly name: string;
  readonly upstream: string;
  readonly failures: FailuresByKind;
  /** Never empty: where nothing explains it, one that says `unknown`. */
  readonly findings: readonly Finding[];
  /** Everything ended, and something shows that it did. */
  readonly isOver: boolean;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** A datagram waits for its answer as long before it is given up. */
const togetherUdpMs = 15_000;

/** Kinds that ended long before the last one are another story, and over. */
const togetherMs = 30_000;

function current(failures: FailuresByKind): readonly (readonly [FailureKind, KindFailures])[] {
  const last = Math.max(...[...failures.values()].map(({ lastMs }) => lastMs));
  return [...failures]
    .filter(([, { lastMs }]) => last - lastMs <= togetherMs)
    .sort(([, a], [, b]) => b.count - a.count);
}

const tcpRules: Partial<Record<FailureKind, (one: TcpCase) => readonly Finding[]>> = {
  refused,
  timed_out: timedOut,
  unreachable,
  denied,
};

/** Taken out of the configuration: whatever it did, nginx does not ask it any more. */
function isTakenOut(one: Case): boolean {
  return one.peer.servers.length === 0 && !one.facts.nginx.undecided && endedByReload(one);
}

function explain(kind: FailureKind, one: Case): readonly Finding[] {
  const findings = explainNow(kind, one);
  if (!isTakenOut(one)) return findings;
  return findings.map((each) => (each.isOver ? each : ended(each, ofEnd(takenOut))));
}

function explainNow(kind: FailureKind, one: Case): readonly Finding[] {
  const { peer, facts, failures } = one;
  const limits = limitRules(kind, failures, facts.nginx, peer.tcp, facts.nowMs);
  if (limits.length > 0) return limits;
  const end = brokenByItsEnd(kind, one);
  if (end !== null) return end;
  const later = laterRules(kind, one);
  if (later.length > 0) return later;
  if (peer.unix !== null) return unixRules(kind, one, peer.unix);
  const stale = staleAddress(one);
  if (stale !== null) return [stale];
  const rule = tcpRules[kind];
  return rule === undefined || peer.tcp === null ? [] : rule({ ...one, tcp: peer.tcp });
}

function unknown(peer: PeerFacts, time: TimeText): Finding {
  const seen = current(peer.failures).map(([kind, failures]) => dated(failureText(kind, failures, time)));
  return found('unknown', 'unknown', [...seen, peer.tcp === null ? null : signs.probe(peer.tcp.probe)]);
}

const weights = { certain: 0, likely: 1, unknown: 2 } as const;

/** The first of each code; what continues first, then sure ones, else in the order the rules gave them. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const first = findings.filter((each, at) => findings.findIndex(({ code }) => code === each.code) === at);
  const goesOn = first.filter(({ isOver }) => !isOver);
  // A restart that is followed by another failure is no end.
  const shown = goesOn.length > 0 ? first.filter(({ code, isOver }) => !isOver || code !== 'restarting') : first;
  return [...shown].sort((a, b) => Number(a.isOver) - Number(b.isOver) || weights[a.sureness] - weights[b.sureness]);
}

function judged(
  subject: JudgedSubject,
  name: string,
  upstream: string,
  failures: FailuresByKind,
  findings: readonly Finding[],
  nowMs: number,
): Judged {
  const times = [...failures.values()];
  return {
    subject,
    name,
    upstream,
    failures,
    findings: distinct(findings),
    isOver: findings.every(({ isOver }) => isOver),
    firstMs: Math.min(nowMs, ...times.map(({ firstMs }) => firstMs)),
    lastMs: times.length === 0 ? nowMs : Math.max(...times.map(({ lastMs }) => lastMs)),
  };
}

const answered: ReadonlySet<PeerCause> = new Set(['firewall_reject', 'host_down', 'no_route']);

/**
 * ICMP messages are limited to about one a second: of many connections that a rule rejects, or a router has no way for,
 * most get no answer at all. Who answers at times is one story with them.
 */
function withoutSilence(findings: readonly Finding[]): readonly Finding[] {
  const isAnswered = findings.some(({ code, isOver }) => answered.has(code) && !isOver);
  return isAnswered ? findings.filter(({ code }) => code !== 'no_answer') : findings;
}

/** Over UDP nothing connects: of datagrams that nobody takes only some come back, the others get no answer. */
function withoutUnanswered(findings: readonly Finding[], { isUdp, failures }: PeerFacts): readonly Finding[] {
  const isRefused =
    isUdp && (failures.get('refused')?.lastMs ?? 0) >= (failures.get('read_timeout')?.lastMs ?? 0) - togetherUdpMs;
  return isRefused && findings.length > 1 ? findings.filter(({ code }) => code !== 'hangs') : findings;
}

function judgePeer(peer: PeerFacts, facts: Facts, time: TimeText): Judged {
  const explained = current(peer.failures).flatMap(([kind, failures]) =>
    explain(kind, { peer, failures, facts, time }),
  );
  const own = applicationError(peer, facts.nowMs);
  const apart = withoutUnanswered(withoutSilence(explained), peer);
  const all = own === null ? apart : [...apart, own];
  const findings = all.length > 0 ? all : [unknown(peer, time)];
  return judged({ is: 'peer', peer }, peer.peer, peer.upstream, peer.failures, findings, facts.nowMs);
}

/**
 * After the last try nginx keeps a peer out for fail_timeout; then the next request asks it again. Sooner over where
 * one of them has answered since.
 */
function isEjectionOver({ upstream, failures, servers }: GroupFacts, { peers, nowMs }: Facts): boolean {
  if (servers.length > 0 && servers.every(({ down }) => down)) return false;
  const isOfGroup = (peer: PeerFacts): boolean => peer.servers.some((server) => server.upstream === upstream);
  const answers = peers.filter(isOfGroup).map((peer) => peer.answers?.lastConnectedMs ?? Number.NEGATIVE_INFINITY);
  if (answers.some((ms) => ms > failures.lastMs)) return true;
  const longest = Math.max(10, ...servers.map(({ failTimeoutSeconds }) => failTimeoutSeconds));
  return nowMs - failures.lastMs > (longest + 5) * 1000;
}

function judgeGroup(group: GroupFacts, facts: Facts): Judged {
  const failures: FailuresByKind = new Map([['no_live', group.failures]]);
  const rules = group.servers.map(
    ({ address, maxFails, failTimeoutSeconds, maxConns, down }) =>
      `${address} ${down ? 'down' : `max_fails=${maxFails} fail_timeout=${failTimeoutSeconds}s${maxConns > 0 ? ` max_conns=${maxConns}` : ''}`}`,
  );
  const finding = found(
    'ejected',
    'certain',
    [rules.length > 0 ? `${plural(rules.length, 'server')}: ${rules.slice(0, 6).join(', ')}` : null],
    ['a failed connection: nginx did not try any peer'],
  );
  const settled = isEjectionOver(group, facts) ? ended(finding) : finding;
  return judged({ is: 'group', group }, group.upstream, group.upstream, failures, [settled], facts.nowMs);
}

function judgeName(name: NameFacts, { nowMs, nginx }: Facts): Judged {
  const failures: FailuresByKind = new Map([['resolve', name.failures]]);
  const upstream = name.servers[0]?.upstream ?? '';
  return judged({ is: 'name', name }, name.name, upstream, failures, [unresolved(name, nowMs, nginx.resolvers)], nowMs);
}

/** Lines that name no peer: the words say what nginx was doing. */
function nameless({ message, lastMs }: KindFailures, nowMs: number): Finding {
  const finding = found('unknown', 'unknown', [`nginx says: ${message}`, 'the line names no peer']);
  return nowMs - lastMs > 60_000 ? ended(finding) : finding;
}

function stopped({ stoppedWorkers }: Facts['nginx']): Finding {
  const which = `${plural(stoppedWorkers.length, 'worker')} of nginx ${stoppedWorkers.length === 1 ? 'is' : 'are'} stopped (state T): pid ${stoppedWorkers.join(', ')}`;
  return found('hangs', 'certain', [which, 'a stopped worker answers none of its clients'], ['the peers']);
}

function judgeNginx({ nginx, nowMs }: Facts): readonly Judged[] {
  const findings = current(nginx.failures).flatMap(([kind, failures]) => {
    const limits = limitRules(kind, failures, nginx, null, nowMs);
    if (limits.length > 0) return limits;
    return [kind === 'read_timeout' && failures.message === '' ? stopped(nginx) : nameless(failures, nowMs)];
  });
  return findings.length === 0 ? [] : [judged({ is: 'nginx' }, 'nginx', '', nginx.failures, findings, nowMs)];
}

function total({ failures }: Judged): number {
  return sumOf([...failures.values()], ({ count }) => count);
}

const consequences: ReadonlySet<string> = new Set(['ejected', 'worker_connections', 'no_files']);

/** What follows from something else stands behind it: a group without peers, connections that wait for a dead host. */
function isConsequence({ findings }: Judged): boolean {
  return findings.every(({ code }) => consequences.has(code));
}

/** @param hurt by upstream: how many clients pay for it */
export function judge(facts: Facts, time: TimeText, hurt: (upstream: string) => number = () => 0): readonly Judged[] {
  const all = [
    ...judgeNginx(facts),
    ...facts.peers.map((peer) => judgePeer(peer, facts, time)),
    ...facts.names.map((name) => judgeName(name, facts)),
    ...facts.groups.map((group) => judgeGroup(group, facts)),
  ];
  const order = (a: Judged, b: Judged): number =>
    Number(a.isOver) - Number(b.isOver) ||
    Number(isConsequence(a)) - Number(isConsequence(b)) ||
    hurt(b.upstream) - hurt(a.upstream) ||
    total(b) - total(a);
  return [...all].sort(order);
}
