import {
  type AccessFields,
  type AccessRecord,
  attemptKinds,
  type Counts,
  type Percentiles,
  type RequestClass,
  requestClasses,
  type UpstreamOf,
} from '../../model.ts';
import type { PeerCounters, UpstreamCounters } from '../failures/failures.ts';
import { createShown, places } from '../failures/tally.ts';
import type { Instances } from '../instances.ts';
import { type Fate, fateOf, isPeerName, outcomeOf, requestClassOf } from './attempts.ts';
import { newPeerAccess, newUpstreamAccess, type PeerAccess, type UpstreamAccess } from './counters.ts';
import { merge, newHistogram, quantiles, record as recordTime, reset } from './histogram.ts';

export interface AccessLogOptions {
  /** The matcher's record: read at each `line()`. */
  readonly record: AccessRecord;
  readonly fields: AccessFields;
  /** nginx is older than 1.15.7 (see `fateOf`). */
  readonly legacyConnectTime: boolean;
  /** Whose upstreams its peers belong to; null when not known. */
  readonly protocol: 'http' | 'stream' | null;
}

/** One access log being counted. */
export interface AccessLogCounter {
  /** Counts the line that the record holds. */
  line(): void;
}

export interface AccessCounting {
  addLog(options: AccessLogOptions): AccessLogCounter;
  /** To be called before the lines of a tick are read. */
  beginTick(nowUs: number): void;
  requests(): Counts<RequestClass>;
  /** Request times since the last call; null when there was none. */
  takeRequestTime(): Percentiles | null;
  /** Attempts that never connected at a peer, running total. */
  connectFailed(): number;
  /** To be called before the times of a tick are taken: brings those of upstreams up to date. */
  mergeTimes(): void;
}

/** Where an attempt is counted. */
interface Place {
  readonly peer: PeerAccess | null;
  readonly upstream: UpstreamAccess;
  /** Times are recorded at the peer only, and merged into the upstream once per tick: half the work per line. */
  readonly merges: boolean;
}

/** Measures 2, 3, 5 and 6: attempts, outcomes and times, from the records of access logs. */
export function createAccessCounting(
  peers: Instances<PeerCounters>,
  upstreams: Instances<UpstreamCounters>,
  upstreamOf: UpstreamOf,
): AccessCounting {
  const requests = new Float64Array(requestClasses.length);
  const requestTime = newHistogram();
  let connectFailed = 0;
  let nowUs = 0;
  /** Places are looked up by name once per tick: instances come and go between ticks. */
  let tick = 0;
  /** Peers whose times of this tick are still to be merged into their upstream's. */
  const unmerged = new Map<PeerAccess, UpstreamAccess>();

  function placeOf(
    proxyHost: string | null,
    peer: string | null,
    protocol: AccessLogOptions['protocol'],
  ): Place | null {
    const isGroup = peer !== null && !isPeerName(peer);
    const asked = peer ?? proxyHost;
    if (asked === null) return null;
    const name = upstreamOf(asked, proxyHost, protocol);
    const upstream = upstreams.at(name, name, nowUs).counters;
    upstream.access ??= newUpstreamAccess();
    if (peer === null || isGroup) return { peer: null, upstream: upstream.access, merges: false };
    const { counters, origin } = peers.at(name, peer, nowUs);
    counters.access ??= newPeerAccess();
    // Peers of several upstreams share the one called `other`.
    const merges = origin !== 'other';
    if (merges) unmerged.set(counters.access, upstream.access);
    return { peer: counters.access, upstream: upstream.access, merges };
  }

  function addLog({ record, fields, legacyConnectTime, protocol }: AccessLogOptions): AccessLogCounter {
    /** Places by number of the proxy host and of the peer, each plus one. */
    let places: (Place | null)[][] = [];
    let placesTick = -1;
    let generation = -1;

    function placeAt(proxyHost: number, peer: number): Place | null {
      if (places[proxyHost + 1] === undefined) places[proxyHost + 1] = [];
      const byPeer = places[proxyHost + 1] as (Place | null)[];
      const known = byPeer[peer + 1];
      if (known !== undefined) return known;
      const text = (id: number) => (id === -1 ? null : record.names.text(id));
      const found = placeOf(text(proxyHost), text(peer), protocol);
      byPeer[peer + 1] = found;
      return found;
    }

    function forgetPlaces(): void {
      const names = record.names.generation();
      if (placesTick === tick && generation === names) return;
      places = [];
      placesTick = tick;
      generation = names;
    }

    /** Counts attempt `i`; gives the upstream it was for. */
    function attempt(i: number, fate: Fate): UpstreamAccess | null {
      // $proxy_host is that of the last pass; who was asked before an internal redirect only the address tells.
      const found = placeAt(i >= record.lastPass ? record.upstream : -1, record.peers[i] as number);
      if (found === null) return null;
      const { peer, upstream, merges } = found;
      if (peer !== null) {
        countAttempt(peer, fate, record.connectMs[i] as number, record.statuses[i] as number);
        if (fate === 'never_connected') connectFailed++;
        else recordTimes(peer, record, i);
      }
      if (fate === 'never_connected') upstream.connectFailed++;
      else if (!merges) recordTimes(upstream, record, i);
      return upstream;
    }

    /** A request is counted once, at the upstream it was sent to first. */
    function attempts(): void {
      forgetPlaces();
      let first: UpstreamAccess | null = null;
      let anyNeverConnected = false;
      for (let i = 0; i < record.attempts; i++) {
        const fate = fateOf(record, i, fields, legacyConnectTime);
        if (fate === 'never_connected') anyNeverConnected = true;
        const upstream = attempt(i, fate);
        first ??= upstream;
      }
      if (first === null) return;
      const outcome = outcomeOf(record, anyNeverConnected);
      if (outcome >= 0) increment(first.outcomes, outcome);
    }

    return {
      line() {
        const requestClass = record.status < 0 ? -1 : (requestClassOf[record.status] as number);
        if (requestClass >= 0) increment(requests, requestClass);
        if (record.requestTimeMs >= 0) recordTime(requestTime, record.requestTimeMs);
        if (record.attempts > 0) attempts();
      },
    };
  }

  return {
    addLog,
    beginTick(now) {
      nowUs = now;
      tick++;
    },
    requests: createShown(requestClasses, (i) => requests[i] as number),
    takeRequestTime() {
      const taken = quantiles(requestTime);
      reset(requestTime);
      return taken;
    },
    connectFailed: () => connectFailed,
    mergeTimes() {
      for (const [peer, upstream] of unmerged) {
        merge(upstream.connect, peer.connect);
        merge(upstream.response, peer.response);
      }
      unmerged.clear();
      tick++;
    },
  };
}

function recordTimes(of: PeerAccess | UpstreamAccess, { connectMs, responseMs }: AccessRecord, i: number): void {
  const connected = connectMs[i] as number;
  const answered = responseMs[i] as number;
  if (connected >= 0) recordTime(of.connect, connected);
  if (answered >= 0) recordTime(of.response, answered);
}

function countAttempt(peer: PeerAccess, fate: Fate, connectMs: number, status: number): void {
  const { attempts } = peer;
  if (fate === 'never_connected') increment(attempts, place.connect_failed);
  else {
    if (fate === 'connected') increment(attempts, connectMs === 0 ? place.reused : place.connected);
    if (isAnswer(fate, status)) peer.answered++;
    if (status === 502) increment(attempts, place.status_502);
    else if (status === 503) increment(attempts, place.status_503);
    else if (status === 504) increment(attempts, place.status_504);
  }
}

const place = places(attemptKinds);

function increment(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] as number) + 1;
}

/** Of a 5xx nobody knows whether nginx passed it on as a failure (proxy_next_upstream http_503); stream has no status. */
function isAnswer(fate: Fate, status: number): boolean {
  return status === -1 ? fate === 'connected' : status >= 100 && status < 500;
}
