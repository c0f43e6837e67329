import {
  type AccessFields,
  type AccessRecord,
  type Counts,
  type Percentiles,
  type RequestClass,
  requestClasses,
  type UpstreamOf,
} from '../../model.ts';
import type { PeerCounters, UpstreamCounters } from '../failures/failures.ts';
import { createShown } from '../failures/tally.ts';
import type { Instances } from '../instances.ts';
import type { UpstreamWindow } from '../windows/upstream.ts';
import { type Fate, fateOf, hasFailed, isPeerName, requestClassOf } from './attempts.ts';
import {
  countAttempt,
  increment,
  newPeerAccess,
  newUpstreamAccess,
  type PeerAccess,
  recordTimes,
  type UpstreamAccess,
} from './counters.ts';
import { merge, newHistogram, quantiles, record as recordTime, reset } from './histogram.ts';
import { countEarlierPass, countLastPass } from './passes.ts';

export interface AccessLogOptions {
  /** The matcher's record: read at each `line()`. */
  readonly record: AccessRecord;
  readonly fields: AccessFields;
  /** nginx is older than 1.15.7 (see `fateOf`). */
  readonly legacyConnectTime: boolean;
  /** Whose upstreams its peers belong to; null when not known. */
  readonly protocol: 'http' | 'stream' | null;
  /** The time of the line that the record holds, as parse/wall-clock.ts has it; left out where the format has none. */
  readonly wallSecond?: () => number;
}

/** One access log being counted. */
export interface AccessLogCounter {
  /** Counts the line that the record holds. */
  line(): void;
}

export interface AccessCounting {
  addLog(options: AccessLogOptions): AccessLogCounter;
  removeLog(options: AccessLogOptions): void;
  /** To be called before the lines of a tick are read. */
  beginTick(nowUs: number): void;
  /** To be called once per tick, after its lines: what went well is counted by the second of the tick. */
  settle(second: number): void;
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
  readonly window: UpstreamWindow;
  /** Times are recorded at the peer only, and merged into the upstream once per tick: half the work per line. */
  readonly merges: boolean;
}

/** What windows need of those who count. */
export interface WindowPorts {
  /** The second of the monotonic clock in which a line was written; -1 when it is too old for any window. */
  readonly secondOf: (wallSecond: number) => number;
  /** An attempt at this peer never connected. */
  readonly attempted: (peer: string, second: number) => void;
}

/** Of more proxy hosts the arrays are not kept. */
const mostKept = 256;

/** Attempts, outcomes and times, from the records of access logs. */
export function createAccessCounting(
  peers: Instances<PeerCounters>,
  upstreams: Instances<UpstreamCounters>,
  upstreamOf: UpstreamOf,
  { secondOf, attempted }: WindowPorts,
): AccessCounting {
  const requests = new Float64Array(requestClasses.length);
  const requestTime = newHistogram();
  let connectFailed = 0;
  let nowUs = 0;
  /** Places are looked up by name once per tick: instances come and go between ticks. Not a line's work: it is compiled. */
  const forgets = new Map<AccessLogOptions, () => void>();
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
    const counters = upstreams.at(name, name, nowUs).counters;
    counters.access ??= newUpstreamAccess();
    const upstream = counters.access;
    if (peer === null || isGroup) return { peer: null, upstream, window: counters.window, merges: false };
    const { counters: ofPeer, origin } = peers.at(name, peer, nowUs);
    ofPeer.access ??= newPeerAccess();
    // Peers of several upstreams share the one called `other`.
    const merges = origin !== 'other';
    if (merges) unmerged.set(ofPeer.access, upstream);
    return { peer: ofPeer.access, upstream, window: counters.window, merges };
  }

  function addLog(options: AccessLogOptions): AccessLogCounter {
    const { record, fields, legacyConnectTime, protocol, wallSecond } = options;
    /**
     * Places by number of the proxy host and of the peer, each plus one. The arrays outlive their tick: new ones grow
     * through other shapes, and V8 would compile all that counts a line anew.
     */
    const places: (Place | null | undefined)[][] = [];
    let generation = -1;

    function placeAt(proxyHost: number, peer: number): Place | null {
      if (places[proxyHost + 1] === undefined) places[proxyHost + 1] = [];
      const byPeer = places[proxyHost + 1] as (Place | null | undefined)[];
      const known = byPeer[peer + 1];
      if (known !== undefined) return known;
      const text = (id: number) => (id === -1 ? null : record.names.text(id));
      const found = placeOf(text(proxyHost), text(peer), protocol);
      byPeer[peer + 1] = found;
      return found;
    }

    function forgetPlaces(): void {
      const names = record.names.generation();
      if (generation !== names || places.length > mostKept) places.length = 0;
      for (const byPeer of places) byPeer?.fill(undefined);
      generation = names;
    }
    forgets.set(options, forgetPlaces);

    const second = (): number => secondOf(wallSecond === undefined ? -1 : wallSecond());

    function atPeer(peer: PeerAccess, i: number, fate: Fate): void {
      countAttempt(peer, fate, record.connectMs[i] as number, record.statuses[i] as number);
      if (fate === 'never_connected') {
        connectFailed++;
        attempted(record.names.text(record.peers[i] as number), second());
      } else recordTimes(peer, record, i);
    }

    /** Counts attempt `i`; gives where. */
    function attempt(i: number, fate: Fate): Place | null {
      // $proxy_host is that of the last pass; who was asked before an internal redirect only the address shows.
      const found = placeAt(i >= record.lastPass ? record.upstream : -1, record.peers[i] as number);
      if (found === null) return null;
      const { peer, upstream, merges } = found;
      if (peer !== null) atPeer(peer, i, fate);
      if (fate === 'never_connected') return found;
      if (fate === 'connected') upstream.connected++;
      if (!merges) recordTimes(upstream, record, i);
      return found;
    }

    /** Attempts [from, to), all of one pass; `isLast`: what the client got is of it. */
    function pass(from: number, to: number, isLast: boolean): void {
      let place: Place | null = null;
      let failures = 0;
      let fate: Fate = 'unknown';
      for (let i = from; i < to; i++) {
        fate = fateOf(record, i, fields, legacyConnectTime);
        if (hasFailed(record, i, fate)) failures++;
        const found = attempt(i, fate);
        place ??= found;
      }
      if (place === null) return;
      if (isLast) countLastPass(place, record, fields, failures, fate, second);
      else countEarlierPass(place, failures, to - from, second);
    }

    /** Of the passes before the last, which few requests have. */
    function earlierPasses({ redirectedFrom: first, lastPass: last }: AccessRecord): void {
      pass(0, first, false);
      if (last > first) pass(first, last, false);
    }

    return {
      line() {
        const requestClass = record.status < 0 ? -1 : (requestClassOf[record.status] as number);
        if (requestClass >= 0) increment(requests, requestClass);
        if (record.requestTimeMs >= 0) recordTime(requestTime, record.requestTimeMs);
        if (record.attempts === 0) return;
        if (generation !== record.names.generation()) forgetPlaces();
        // A request is counted once per pass, at the upstream that the pass asked first.
        if (record.lastPass > 0) earlierPasses(record);
        pass(record.lastPass, record.attempts, true);
      },
    };
  }

  return {
    addLog,
    removeLog: (options) => forgets.delete(options),
    beginTick(now) {
      nowUs = now;
      for (const forget of forgets.values()) forget();
    },
    settle(second) {
      for (const { counters } of upstreams.all()) {
        const { access, window } = counters;
        if (access === null) continue;
        if (access.requests > 0) window.add('requests', second, access.requests);
        if (access.connected > 0) window.add('connected', second, access.connected);
        access.requests = 0;
        access.connected = 0;
      }
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
      for (const forget of forgets.values()) forget();
    },
  };
}
