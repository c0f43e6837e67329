/**
 * Requests that wait far longer than their peer usually takes, while nothing has failed yet: it answered at a steady
 * pace, then no more, and new connections to it are still made. Pure, bounded.
 */
import { madeWithin, sumOf, total } from '../../base/collections.ts';

export interface StallFacts {
  /** Requests that wait now, and those whose clients have left without an answer. */
  readonly waiting: number;
  /** Those of them whose clients have left. */
  readonly abandoned: number;
  /** For so long nothing was answered. */
  readonly silentMs: number;
  /** What 99 of 100 answers took until then; null where there was none. */
  readonly usualMs: number | null;
}

const hungMs = 10_000;
/** Where it has never answered since the plugin started, its usual pace is not known: long polls may take so long. */
const hungMuteMs = 60_000;

/**
 * Requests of a stall that no log will count: nginx writes no error for clients that leave, and gives up on nobody. 0 while
 * none has left: those who wait get their 504, or an answer.
 */
export function hungRequests(stall: StallFacts | null): number {
  if (stall === null || stall.abandoned === 0) return 0;
  return stall.silentMs < (stall.usualMs === null ? hungMuteMs : hungMs) ? 0 : stall.waiting;
}

/** nginx's connections to a peer. */
export interface OpenConnections {
  readonly now: number;
  /** Those of them that were made since the last answer, as far as that was seen. */
  readonly grown: number;
}

export interface StallTally {
  /** @param tookMs of one answer, or of the slowest of `count`; below 0 where the log does not show */
  answered(peer: string, count: number, tookMs: number, ms: number): void;
  /** Clients left before there was an answer. */
  abandoned(peer: string, count: number, ms: number): void;
  /** The first seconds of that: too soon for a verdict, and not well. */
  isHushed(peer: string, nowMs: number): boolean;
  /** It answered at a pace that its silence does not fit: only then its connections are worth a count. */
  isSilent(peer: string, nowMs: number): boolean;
  of(peer: string, open: OpenConnections, nowMs: number): StallFacts | null;
}

const bucketMs = 30_000;
const mostBuckets = 20;
/** Powers of two of milliseconds: up to a quarter of an hour. */
const mostSteps = 20;
const paceMs = 60_000;
/** A garbage collection, a slow disk: no hang. */
const leastSilentMs = 5000;
/** Too short for a verdict. Logs have full seconds. */
const leastHushedMs = 1500;
const timesUsual = 10;
/** So many answers are missing by the pace of the minute before. */
const leastMissing = 5;
const leastWaiting = 3;
const leastAbandoned = 5;

interface Bucket {
  readonly at: number;
  count: number;
  readonly steps: Uint32Array;
}

interface PeerSoFar {
  buckets: Bucket[];
  firstMs: number;
  lastMs: number;
  abandoned: number;
  firstAbandonedMs: number;
}

const none = Number.NEGATIVE_INFINITY;

function stepOf(tookMs: number): number {
  return Math.min(mostSteps - 1, Math.ceil(Math.log2(Math.max(1, tookMs))));
}

/** The upper bound of the step that 99 of 100 are within. */
function usualOf(buckets: readonly Bucket[]): number | null {
  const sums = new Array<number>(mostSteps).fill(0);
  for (const { steps } of buckets) for (let at = 0; at < mostSteps; at++) sums[at] = (sums[at] ?? 0) + (steps[at] ?? 0);
  const all = total(sums);
  if (all === 0) return null;
  let seen = 0;
  const at = sums.findIndex((each) => {
    seen += each;
    return seen * 100 >= all * 99;
  });
  return 2 ** at;
}

/** Answers that should have come in the silence, by the pace of the minute before it. */
function missingOf({ buckets, firstMs, lastMs }: PeerSoFar, nowMs: number): number {
  const fromMs = Math.max(firstMs, lastMs - paceMs);
  const recent = buckets.filter(({ at }) => (at + 1) * bucketMs > fromMs);
  const count = sumOf(recent, (each) => each.count);
  const spanMs = Math.max(10_000, lastMs - Math.max(firstMs, Math.min(...recent.map(({ at }) => at * bucketMs))));
  return (count / spanMs) * (nowMs - lastMs);
}

function isSilentFor(peer: PeerSoFar, nowMs: number, bufferedMs: number, leastMs = leastSilentMs): boolean {
  if (peer.lastMs === none) return false;
  const patienceMs = bufferedMs + Math.max(leastMs, timesUsual * (usualOf(peer.buckets) ?? 0));
  return nowMs - peer.lastMs >= patienceMs && missingOf(peer, nowMs) >= leastMissing;
}

/**
 * @param mostPeers more are not kept: names in a log must not make memory without end
 * @param bufferedMs for so long nginx may keep lines of its access log in a buffer: their silence shows nothing
 */
export function createStallTally(mostPeers: number, bufferedMs: () => number = () => 0): StallTally {
  const peers = new Map<string, PeerSoFar>();

  const unseen = (): PeerSoFar => ({ buckets: [], firstMs: none, lastMs: none, abandoned: 0, firstAbandonedMs: none });
  const placeOf = (name: string): PeerSoFar | null => madeWithin(peers, name, mostPeers, unseen);

  function bucketOf(peer: PeerSoFar, ms: number): Bucket {
    const at = Math.floor(ms / bucketMs);
    const known = peer.buckets.find((each) => each.at === at);
    if (known !== undefined) return known;
    const made = { at, count: 0, steps: new Uint32Array(mostSteps) };
    peer.buckets = [...peer.buckets, made].slice(-mostBuckets);
    return made;
  }

  return {
    answered(name, count, tookMs, ms) {
      const peer = count > 0 ? placeOf(name) : null;
      if (peer === null) return;
      const bucket = bucketOf(peer, ms);
      bucket.count += count;
      const step = tookMs < 0 ? -1 : stepOf(tookMs);
      if (step >= 0) bucket.steps[step] = (bucket.steps[step] ?? 0) + count;
      if (peer.firstMs === none) peer.firstMs = ms;
      if (ms < peer.lastMs) return;
      peer.lastMs = ms;
      peer.abandoned = 0;
    },
    abandoned(name, count, ms) {
      const peer = count > 0 ? placeOf(name) : null;
      if (peer === null || ms < peer.lastMs) return;
      if (peer.abandoned === 0) peer.firstAbandonedMs = ms;
      peer.abandoned += count;
    },
    isHushed(name, nowMs) {
      const peer = peers.get(name);
      return peer !== undefined && isSilentFor(peer, nowMs, bufferedMs(), leastHushedMs);
    },
    isSilent(name, nowMs) {
      const peer = peers.get(name);
      return peer !== undefined && isSilentFor(peer, nowMs, bufferedMs());
    },
    of(name, { now, grown }, nowMs) {
      const peer = peers.get(name);
      if (peer === undefined) return null;
      const { abandoned, lastMs, firstAbandonedMs } = peer;
      const isWaitedFor = (grown > 0 && now >= leastWaiting) || abandoned >= leastAbandoned;
      // Asked of each peer in each tick: in peace it ends here.
      if (!isWaitedFor) return null;
      // Where nothing was answered as long as the log goes back, only clients that leave show that somebody waits.
      const isMute =
        lastMs === none && abandoned >= leastAbandoned && nowMs - firstAbandonedMs >= leastSilentMs + bufferedMs();
      if (!isMute && !isSilentFor(peer, nowMs, bufferedMs())) return null;
      return {
        waiting: now + abandoned,
        abandoned,
        silentMs: nowMs - (isMute ? firstAbandonedMs : lastMs),
        usualMs: usualOf(peer.buckets),
      };
    },
  };
}
