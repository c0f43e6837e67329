import { madeAt, total } from '../../base/collections.ts';
import { joint } from '../../base/joint.ts';
import { type Counts, type PeerKind, type Percentiles, peerKinds } from '../../model.ts';
import { type Histogram, newHistogram, quantiles } from '../access/histogram.ts';
import { type Tally, tally } from '../failures/tally.ts';

/** What the logs say of one peer. */
export interface ReportPeer {
  readonly peer: string;
  /** Its upstream; several by name joined by ` / `; the peer itself where nothing names one. */
  readonly upstream: string;
  readonly failures: Partial<Counts<PeerKind>>;
  readonly attempts: number;
  /** null without a sample. */
  readonly connectMs: Percentiles | null;
  readonly responseMs: Percentiles | null;
}

/** While it is counted. */
export interface PeerSoFar {
  readonly name: string;
  readonly upstreams: Set<string>;
  readonly failures: Tally<PeerKind>;
  attempts: number;
  times: { readonly connect: Histogram; readonly response: Histogram } | null;
}

export interface ReportPeers {
  at(peer: string): PeerSoFar;
  /** Those with most failures first. */
  all(): readonly ReportPeer[];
}

/** Enough for any configuration; names that clients make up, or a log of addresses by name, end in `other`. */
const mostPeers = 1000;
const mostUpstreams = 8;
export const otherPeer = 'other';

export function createReportPeers(limit = mostPeers): ReportPeers {
  const peers = new Map<string, PeerSoFar>();

  return {
    at(peer) {
      const name = peers.has(peer) || peers.size < limit ? peer : otherPeer;
      const make = () => ({ name, upstreams: new Set<string>(), failures: tally(peerKinds), attempts: 0, times: null });
      return madeAt(peers, name, make);
    },
    all: () =>
      [...peers.values()]
        .map((each) => ({ report: reportOf(each), failures: total(Object.values(each.failures)) }))
        .sort((a, b) => b.failures - a.failures || (a.report.peer < b.report.peer ? -1 : 1))
        .map(({ report }) => report),
  };
}

export function nameUpstream({ upstreams }: PeerSoFar, upstream: string): void {
  if (upstreams.size < mostUpstreams) upstreams.add(upstream);
}

export function timesOf(peer: PeerSoFar): NonNullable<PeerSoFar['times']> {
  peer.times ??= { connect: newHistogram(), response: newHistogram() };
  return peer.times;
}

function reportOf({ name, upstreams, failures, attempts, times }: PeerSoFar): ReportPeer {
  // The error log names no upstream: what the access log says of the same peer counts.
  const named = [...upstreams].filter((upstream) => upstream !== name).sort();
  return {
    peer: name,
    upstream: named.length > 0 ? named.join(joint) : name,
    failures: Object.fromEntries(peerKinds.flatMap((kind) => (failures[kind] > 0 ? [[kind, failures[kind]]] : []))),
    attempts,
    connectMs: times && quantiles(times.connect),
    responseMs: times && quantiles(times.response),
  };
}
