/** Client results of the last minute, by upstream, from access logs. Pure. */

import { fateOf, isPeerName } from '../../aggregate/access/attempts.ts';
import { madeWithin, sumOf, total } from '../../base/collections.ts';
import { createAnswerTally } from '../../diagnose/impact/answers.ts';
import { createStallTally, type StallTally } from '../../diagnose/impact/stalls.ts';
import type { AnswerFacts } from '../../diagnose/impact/traffic.ts';
import type { AccessFields, AccessRecord, UpstreamOf } from '../../model.ts';

/** Requests of one upstream, or of the entire server, in the last minute. */
export interface ClientCounts {
  readonly requests: number;
  /** By status, those of 500 and above. */
  readonly errors: ReadonlyMap<number, number>;
  /** Saved by a retry at another peer. */
  readonly hidden: number;
  /** No peer answered, and nginx gave something else below 500. */
  readonly substituted: number;
  /** What of it went wrong, in time; null where nothing did. */
  readonly trouble: Trouble | null;
}

/** The part of the minute in which requests went wrong: a share of the entire minute hides an outage that has just begun. */
export interface Trouble {
  readonly firstMs: number;
  readonly lastMs: number;
  /** All requests from its first second on. */
  readonly requests: number;
}

export interface Impact {
  /** Of every request that the logs have. */
  readonly server: ClientCounts;
  /** By upstream; empty where no log_format shows. */
  readonly upstreams: ReadonlyMap<string, ClientCounts>;
  /** Some log has upstream variables. */
  readonly tellsUpstreams: boolean;
  /** Access logs that were read. */
  readonly read: readonly string[];
}

export interface ImpactTally {
  record(record: AccessRecord, fields: AccessFields, isLegacy: boolean, ms: number): void;
  answers(peer: string): AnswerFacts | null;
  /** Peers that answered with 5xx in the last minute. */
  erring(): readonly string[];
  /** Peers that answered: among them those that only nginx's own resolver knows. */
  answered(): readonly string[];
  /** Clients of the last minute that left while nginx waited for its connection, since it was last connected. */
  left(peer: string): number;
  /** Who has not answered for how long. */
  readonly stalls: StallTally;
  result(read: readonly string[]): Impact;
}

interface Counting {
  requests: number;
  readonly errors: Map<number, number>;
  hidden: number;
  substituted: number;
  /** By second. */
  readonly seconds: Map<number, number>;
  firstMs: number;
  lastMs: number;
}

const windowMs = 60_000;
const mostUpstreams = 500;
const mostPeers = 1000;
const newCounts = (): Counting => ({
  requests: 0,
  errors: new Map(),
  hidden: 0,
  substituted: 0,
  seconds: new Map(),
  firstMs: Number.POSITIVE_INFINITY,
  lastMs: Number.NEGATIVE_INFINITY,
});

const secondOf = (ms: number): number => Math.floor(ms / 1000);

function wentWrong(counts: Counting, ms: number): void {
  counts.firstMs = Math.min(counts.firstMs, ms);
  counts.lastMs = Math.max(counts.lastMs, ms);
}

function count(counts: Counting, status: number, ms: number): void {
  counts.requests++;
  const second = secondOf(ms);
  counts.seconds.set(second, (counts.seconds.get(second) ?? 0) + 1);
  if (status < 500) return;
  counts.errors.set(status, (counts.errors.get(status) ?? 0) + 1);
  wentWrong(counts, ms);
}

function countsOfMinute({ requests, errors, hidden, substituted, seconds, firstMs, lastMs }: Counting): ClientCounts {
  const since = [...seconds].filter(([second]) => second >= secondOf(firstMs));
  const trouble = lastMs < firstMs ? null : { firstMs, lastMs, requests: sumOf(since, ([, times]) => times) };
  return { requests, errors, hidden, substituted, trouble };
}

/**
 * @param nowMs milliseconds since 1970
 * @param bufferedMs for so long nginx may keep lines back
 */
export function createImpactTally(upstreamOf: UpstreamOf, nowMs: number, bufferedMs = 0): ImpactTally {
  const server = newCounts();
  const upstreams = new Map<string, Counting>();
  const answers = createAnswerTally(mostPeers);
  const stalls = createStallTally(mostPeers, () => bufferedMs);
  const left = new Map<string, number>();
  let tellsUpstreams = false;

  function countsOf(upstream: string): Counting | null {
    return madeWithin(upstreams, upstream, mostUpstreams, newCounts);
  }

  /** One attempt that the peer took, for what its application answered. */
  function noteAnswer(record: AccessRecord, at: number, fields: AccessFields, name: string, ms: number): void {
    const status = record.statuses[at] as number;
    // Without a header of the answer nginx made the status itself, and the error log has why.
    const isOwn = status >= 500 && (!fields.headerTime || (record.headerMs[at] as number) >= 0);
    if (isOwn) answers.record(name, 1, 1, status, ms);
    else if (status >= 0 && status < 500) answers.record(name, 1, 0, null, ms);
    else answers.taken(name, ms);
    const took = record.responseMs[at] as number;
    if (isOwn || (status >= 0 && status < 500)) stalls.answered(name, 1, took, ms);
    else if (record.status === 499 && fields.statuses) stalls.abandoned(name, 1, ms);
  }

  /** What became of the attempts: whether any failed, and whether any peer answered. */
  function attempts(record: AccessRecord, fields: AccessFields, isLegacy: boolean, ms: number) {
    let failed = false;
    let answered = false;
    for (let at = 0; at < record.attempts; at++) {
      const name = record.names.text(record.peers[at] as number);
      const status = record.statuses[at] as number;
      const connected = isPeerName(name) && fateOf(record, at, fields, isLegacy) === 'connected';
      if (connected) {
        noteAnswer(record, at, fields, name, ms);
        left.delete(name);
      } else if (record.status === 499 && fields.connectTime && nowMs - ms <= windowMs && isPeerName(name)) {
        const known = madeWithin(left, name, mostPeers, () => 0);
        if (known !== null) left.set(name, known + 1);
      }
      const isGood = connected && status >= 0 && status < 500;
      failed ||= !isGood;
      answered ||= isGood;
    }
    return { failed, answered };
  }

  function upstreamName(record: AccessRecord): string {
    const last = record.attempts - 1;
    const peer = record.names.text(record.peers[last] as number);
    return upstreamOf(peer, record.upstream < 0 ? null : record.names.text(record.upstream), null);
  }

  return {
    record(record, fields, isLegacy, ms) {
      tellsUpstreams ||= fields.peers;
      const isRecent = nowMs - ms <= windowMs;
      if (isRecent) count(server, record.status, ms);
      if (!fields.peers || record.attempts === 0) return;
      const { failed, answered } = attempts(record, fields, isLegacy, ms);
      const counts = isRecent && record.status !== 499 ? countsOf(upstreamName(record)) : null;
      if (counts === null) return;
      count(counts, record.status, ms);
      if (record.status >= 500 || !failed) return;
      wentWrong(counts, ms);
      if (answered) counts.hidden++;
      else counts.substituted++;
    },
    answers: (peer) => answers.of(peer, nowMs),
    erring: () => answers.erring(nowMs),
    answered: answers.peers,
    left: (peer) => left.get(peer) ?? 0,
    stalls,
    result: (read) => ({
      server: countsOfMinute(server),
      upstreams: new Map(Array.from(upstreams, ([name, counts]) => [name, countsOfMinute(counts)])),
      tellsUpstreams,
      read,
    }),
  };
}

export function errorsOf({ errors }: ClientCounts): number {
  return total(errors.values());
}

/** No more than one client in a hundred, and fewer than three. */
export function isHurt(counts: ClientCounts): boolean {
  const errors = errorsOf(counts);
  return errors >= 3 || errors * 100 > counts.requests;
}
