/** What peers answered, gathered from access logs: of the last minute, and when they last took a connection. Pure. */
import { madeWithin, sumOf } from '../../base/collections.ts';
import type { StallFacts } from './stalls.ts';
import type { AnswerFacts } from './traffic.ts';

export interface AnswerTally {
  /**
   * @param connected attempts that the peer took
   * @param serverErrors those of them that ended with a status of 500 and above
   * @param ms when; milliseconds since 1970
   */
  record(peer: string, connected: number, serverErrors: number, status: number | null, ms: number): void;
  /** It took a connection, and whatever came of that is not known. */
  taken(peer: string, ms: number): void;
  /** null where nothing was recorded of it. */
  of(peer: string, nowMs: number): AnswerFacts | null;
  /** Peers that answered with 5xx in the last minute. */
  erring(nowMs: number): readonly string[];
  /** All that were recorded. */
  peers(): readonly string[];
}

const bucketMs = 5000;
/** One moment of each so many milliseconds is enough to see what comes and goes. */
const takenStepMs = 2000;
const mostTaken = 150;
const windowMs = 60_000;

interface Bucket {
  readonly at: number;
  connected: number;
  serverErrors: number;
}

interface PeerSoFar {
  buckets: Bucket[];
  readonly statuses: Set<number>;
  lastConnectedMs: number;
  lastTakenMs: number;
  readonly takenMs: number[];
  firstErrorMs: number;
  lastErrorMs: number;
}

function noteTaken(place: PeerSoFar, ms: number): void {
  place.lastTakenMs = Math.max(place.lastTakenMs, ms);
  const { takenMs } = place;
  if (ms - (takenMs.at(-1) ?? Number.NEGATIVE_INFINITY) < takenStepMs) return;
  takenMs.push(ms);
  if (takenMs.length > mostTaken) takenMs.shift();
}

/** With requests that wait; they are all that is known of a peer that has never answered. */
export function withStall(answers: AnswerFacts | null, stalled: StallFacts | null): AnswerFacts | null {
  if (stalled === null) return answers;
  const none = Number.NEGATIVE_INFINITY;
  const silent = { connected: 0, lastConnectedMs: none, serverErrors: 0, firstErrorMs: none, lastErrorMs: none };
  return { ...(answers ?? { ...silent, statuses: [] }), stalled };
}

const unseenPeer = (): PeerSoFar => ({
  buckets: [],
  statuses: new Set(),
  lastConnectedMs: Number.NEGATIVE_INFINITY,
  lastTakenMs: Number.NEGATIVE_INFINITY,
  takenMs: [],
  firstErrorMs: Number.NEGATIVE_INFINITY,
  lastErrorMs: Number.NEGATIVE_INFINITY,
});

/** @param mostPeers more are not kept: names in a log must not make memory without end */
export function createAnswerTally(mostPeers: number): AnswerTally {
  const peers = new Map<string, PeerSoFar>();

  const placeOf = (peer: string): PeerSoFar | null => madeWithin(peers, peer, mostPeers, unseenPeer);

  function bucketOf(place: PeerSoFar, ms: number): Bucket {
    const at = Math.floor(ms / bucketMs);
    const known = place.buckets.find((each) => each.at === at);
    if (known !== undefined) return known;
    const made = { at, connected: 0, serverErrors: 0 };
    const newest = Math.max(at, ...place.buckets.map((each) => each.at));
    place.buckets = [...place.buckets, made].filter((each) => (newest - each.at) * bucketMs <= windowMs);
    return made;
  }

  return {
    record(peer, connected, serverErrors, status, ms) {
      if (connected === 0) return;
      const place = placeOf(peer);
      if (place === null) return;
      noteTaken(place, ms);
      const bucket = bucketOf(place, ms);
      bucket.connected += connected;
      bucket.serverErrors += serverErrors;
      if (connected > serverErrors) place.lastConnectedMs = Math.max(place.lastConnectedMs, ms);
      if (serverErrors === 0) return;
      // An error long after the last one is another story.
      if (ms - place.lastErrorMs > windowMs) {
        place.firstErrorMs = ms;
        place.statuses.clear();
      }
      place.lastErrorMs = Math.max(place.lastErrorMs, ms);
      if (status !== null && place.statuses.size < 8) place.statuses.add(status);
    },
    taken(peer, ms) {
      const place = placeOf(peer);
      if (place !== null) noteTaken(place, ms);
    },
    of(peer, nowMs) {
      const place = peers.get(peer);
      if (place === undefined) return null;
      const recent = place.buckets.filter(({ at }) => nowMs - at * bucketMs <= windowMs + bucketMs);
      return {
        connected: sumOf(recent, ({ connected }) => connected),
        serverErrors: sumOf(recent, ({ serverErrors }) => serverErrors),
        statuses: [...place.statuses].sort((a, b) => a - b),
        lastConnectedMs: place.lastConnectedMs,
        lastTakenMs: place.lastTakenMs,
        takenMs: [...place.takenMs],
        firstErrorMs: place.firstErrorMs,
        lastErrorMs: place.lastErrorMs,
      };
    },
    erring: (nowMs) =>
      Array.from(peers).flatMap(([peer, { lastErrorMs }]) => (nowMs - lastErrorMs <= windowMs ? [peer] : [])),
    peers: () => [...peers.keys()],
  };
}
