/** Facts to findings: every failing peer, group and nginx itself, most important first. Pure. */
import type { ConnectKind } from '../../model.ts';
import type { Facts, FailuresByKind, GroupFacts, KindFailures, PeerFacts } from '../facts/facts.ts';
import { type Finding, found } from '../finding.ts';
import type { Case, TcpCase } from './case.ts';
import { limitRules } from './limit.ts';
import { staleAddress } from './name.ts';
import { refused } from './refused.ts';
import { failureText, plural, signs, type TimeText } from './signs.ts';
import { denied, timedOut, unreachable } from './silence.ts';
import { unixRules } from './unix.ts';

export type Subject =
  | { readonly is: 'peer'; readonly peer: PeerFacts }
  | { readonly is: 'group'; readonly group: GroupFacts }
  | { readonly is: 'nginx' };

export interface Judged {
  readonly subject: Subject;
  /** The peer, the upstream's name, or `nginx`. */
  readonly name: string;
  readonly upstream: string;
  readonly failures: FailuresByKind;
  /** Never empty: where nothing explains it, one that says `unknown`. */
  readonly findings: readonly Finding[];
}

/** Kinds that ended long before the last one are another story, and over. */
const togetherMs = 30_000;

function current(failures: FailuresByKind): readonly (readonly [ConnectKind, KindFailures])[] {
  const last = Math.max(...[...failures.values()].map(({ lastMs }) => lastMs));
  return [...failures]
    .filter(([, { lastMs }]) => last - lastMs <= togetherMs)
    .sort(([, a], [, b]) => b.count - a.count);
}

const tcpRules: Partial<Record<ConnectKind, (one: TcpCase) => readonly Finding[]>> = {
  refused,
  timed_out: timedOut,
  unreachable,
  denied,
};

function explain(kind: ConnectKind, one: Case): readonly Finding[] {
  const { peer, facts, failures } = one;
  const limits = limitRules(kind, failures, facts.nginx, peer.tcp);
  if (limits.length > 0) return limits;
  if (peer.unix !== null) return unixRules(kind, one, peer.unix);
  const stale = staleAddress(one);
  if (stale !== null) return [stale];
  const rule = tcpRules[kind];
  return rule === undefined || peer.tcp === null ? [] : rule({ ...one, tcp: peer.tcp });
}

function unknown(peer: PeerFacts, time: TimeText): Finding {
  const seen = current(peer.failures).map(([kind, failures]) => failureText(kind, failures, time));
  return found('unknown', 'unknown', [...seen, peer.tcp === null ? null : signs.probe(peer.tcp.probe)]);
}

const weights = { certain: 0, likely: 1, unknown: 2 } as const;

/** The first of each code; sure ones first, else in the order the rules gave them. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  const first = findings.filter((each, at) => findings.findIndex(({ code }) => code === each.code) === at);
  return [...first].sort((a, b) => weights[a.sureness] - weights[b.sureness]);
}

export function judgePeer(peer: PeerFacts, facts: Facts, time: TimeText): Judged {
  const findings = current(peer.failures).flatMap(([kind, failures]) => explain(kind, { peer, failures, facts, time }));
  return {
    subject: { is: 'peer', peer },
    name: peer.peer,
    upstream: peer.upstream,
    failures: peer.failures,
    findings: findings.length > 0 ? distinct(findings) : [unknown(peer, time)],
  };
}

function judgeGroup(group: GroupFacts): Judged {
  const failures: FailuresByKind = new Map([['no_live', group.failures]]);
  const rules = group.servers.map(
    ({ address, maxFails, failTimeoutSeconds, maxConns, down }) =>
      `${address} ${down ? 'down' : `max_fails=${maxFails} fail_timeout=${failTimeoutSeconds}s${maxConns > 0 ? ` max_conns=${maxConns}` : ''}`}`,
  );
  const finding = found(
    'ejected',
    'certain',
    [rules.length > 0 ? `${plural(rules.length, 'server')}: ${rules.slice(0, 6).join(', ')}` : null],
    ['a connect failure of its own: nginx did not even try a peer'],
  );
  return {
    subject: { is: 'group', group },
    name: group.upstream,
    upstream: group.upstream,
    failures,
    findings: [finding],
  };
}

function unresolved(): Finding {
  return found('unknown', 'unknown', [], ['the peers: without an address none was asked']);
}

function judgeNginx({ nginx }: Facts): readonly Judged[] {
  const findings = current(nginx.failures).flatMap(([kind, failures]) =>
    kind === 'resolve' ? [unresolved()] : limitRules(kind, failures, nginx, null),
  );
  if (findings.length === 0) return [];
  return [
    { subject: { is: 'nginx' }, name: 'nginx', upstream: '', failures: nginx.failures, findings: distinct(findings) },
  ];
}

function total({ failures }: Judged): number {
  return [...failures.values()].reduce((sum, { count }) => sum + count, 0);
}

/** What goes on before what is over, then by how often it happened. */
function isOver({ findings }: Judged): number {
  return Number(findings.every(({ code }) => code === 'restarting'));
}

export function judge(facts: Facts, time: TimeText): readonly Judged[] {
  const all = [
    ...judgeNginx(facts),
    ...facts.peers.map((peer) => judgePeer(peer, facts, time)),
    ...facts.groups.map((group) => judgeGroup(group)),
  ];
  return [...all].sort((a, b) => isOver(a) - isOver(b) || total(b) - total(a));
}
