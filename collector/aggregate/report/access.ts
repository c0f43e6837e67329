import { type AccessFields, type AccessRecord, outcomes, type UpstreamOf } from '../../model.ts';
import { fateOf, hasFailed, isPeerName, makerOf, outcomeOf } from '../access/attempts.ts';
import { record as recordTime } from '../access/histogram.ts';
import { places } from '../failures/tally.ts';
import type { ClientTimes, Noticed } from './clients.ts';
import { nameUpstream, otherPeer, type PeerSoFar, type ReportPeers, timesOf } from './peers.ts';
import type { ReportUpstreams } from './upstreams.ts';

/** One access log on its way into the report. */
export interface ReportAccessLog {
  /** Counts the line that the record holds, written at `second`; -1 when the log shows no time. */
  line(second: number): void;
  /** The file is over: its record is not read any more. */
  end(): void;
}

export interface ReportAccessTotals {
  /** How often each status was given to a client. */
  readonly statuses: Float64Array;
  masked: number;
  affected: number;
}

interface Place {
  readonly peer: PeerSoFar;
  readonly proxyHosts: Set<number>;
}

const outcome = places(outcomes);

/** Where it is counted. */
export interface ReportParts {
  readonly peers: ReportPeers;
  readonly upstreams: ReportUpstreams;
  readonly clients: ClientTimes;
  readonly upstreamOf: UpstreamOf;
}

/** Attempts, times and what clients noticed, from the records of one log. */
export function createReportAccessLog(
  record: AccessRecord & { readonly names: { text(id: number): string; generation(): number } },
  fields: AccessFields,
  totals: ReportAccessTotals,
  { peers, upstreams, clients, upstreamOf }: ReportParts,
): ReportAccessLog {
  let found: (Place | null)[] = [];
  /** Upstreams by number of the proxy host and of the peer, each plus one. */
  let named: string[][] = [];
  let generation = record.names.generation();
  let first = -1;
  let last = -1;
  /** Peers that failed the request at hand. */
  const failed: string[] = [];

  function placeOf(id: number): Place | null {
    const known = found[id];
    if (known !== undefined) return known;
    const name = record.names.text(id);
    const made = isPeerName(name) ? { peer: peers.at(name), proxyHosts: new Set<number>() } : null;
    found[id] = made;
    return made;
  }

  /** `$proxy_host` is that of the last pass: of those before an internal redirect only the address shows. */
  function nameBy({ peer, proxyHosts }: Place, i: number): void {
    const host = i >= record.lastPass ? record.upstream : -1;
    if (proxyHosts.has(host)) return;
    proxyHosts.add(host);
    if (peer.name === otherPeer) return;
    nameUpstream(peer, upstreamOf(peer.name, host === -1 ? null : record.names.text(host), null));
  }

  /** Counts attempt `i`; whether it failed. */
  function attempt(i: number): boolean {
    const id = record.peers[i] as number;
    const fate = fateOf(record, i, fields, false);
    const isFailure = hasFailed(record, i, fate);
    const place = id === -1 ? null : placeOf(id);
    if (place === null) {
      // No peer of the group was live: the group itself failed the request.
      if (isFailure && id !== -1) failed.push(record.names.text(id));
      return isFailure;
    }
    const { peer } = place;
    nameBy(place, i);
    peer.attempts++;
    if (isFailure) failed.push(peer.name);
    if (fate !== 'never_connected') recordTimes(peer, record.connectMs[i] as number, record.responseMs[i] as number);
    return isFailure;
  }

  function noticed(failures: number, lastFailed: boolean): keyof Noticed | null {
    const place = outcomeOf(record, failures, lastFailed);
    if (place === outcome.masked || place === outcome.fallback) return 'masked';
    // A 500 is the application's own answer, no failure to reach it.
    return record.status >= 502 && record.status <= 504 ? 'affected' : null;
  }

  /** By its last attempt; a group of which no peer was live is named in the peer's place. */
  function atUpstream(): void {
    const last = record.attempts - 1;
    const maker = makerOf(record, fateOf(record, last, fields, false), fields);
    upstreams.request(upstreamAt(record.upstream, record.peers[last] as number), maker);
  }

  function upstreamAt(proxyHost: number, peer: number): string {
    if (named[proxyHost + 1] === undefined) named[proxyHost + 1] = [];
    const byPeer = named[proxyHost + 1] as string[];
    const known = byPeer[peer + 1];
    if (known !== undefined) return known;
    const host = proxyHost === -1 ? null : record.names.text(proxyHost);
    const asked = peer === -1 ? host : record.names.text(peer);
    const name = asked === null ? otherPeer : upstreamOf(asked, host, null);
    byPeer[peer + 1] = name;
    return name;
  }

  function forgetNames(): void {
    if (generation === record.names.generation()) return;
    generation = record.names.generation();
    found = [];
    named = [];
  }

  /** nginx answered without asking an upstream: a limit, a `return`, a file that could not be read. */
  function unasked(): void {
    if (fields.peers && record.status >= 500) upstreams.request(null, 'nginx');
  }

  function request(second: number): void {
    // Also where nothing changes V8 takes 60 ns to set a length.
    if (failed.length > 0) failed.length = 0;
    let failures = 0;
    let lastFailed = false;
    for (let i = 0; i < record.attempts; i++) {
      lastFailed = attempt(i);
      if (lastFailed) failures++;
    }
    atUpstream();
    const what = noticed(failures, lastFailed);
    if (what === null) return;
    totals[what]++;
    if (second < 0) return;
    for (let i = 0; i < failed.length; i++) {
      const peer = failed[i] as string;
      // A request that asked the same peer twice is one request.
      if (failed.indexOf(peer) === i) clients.record(peer, what, second);
    }
  }

  return {
    line(second) {
      const { status } = record;
      if (status >= 0) totals.statuses[status] = (totals.statuses[status] as number) + 1;
      if (second >= 0) {
        if (first === -1 || second < first) first = second;
        if (second > last) last = second;
      }
      if (record.attempts === 0) {
        unasked();
        return;
      }
      forgetNames();
      request(second);
    },
    end() {
      if (first >= 0 && fields.peers && fields.status && (fields.statuses || fields.connectTime)) {
        clients.covered(first, last);
      }
    },
  };
}

function recordTimes(peer: PeerSoFar, connectMs: number, responseMs: number): void {
  if (connectMs >= 0) recordTime(timesOf(peer).connect, connectMs);
  if (responseMs >= 0) recordTime(timesOf(peer).response, responseMs);
}
