import {
  type AccessFields,
  type CountedLine,
  type Counts,
  type FailureKind,
  failureKinds,
  type Kind,
  type PeerKind,
  peerKinds,
  type UpstreamOf,
} from '../../model.ts';
import { tally } from '../failures/tally.ts';
import { createReportAccessLog, type ReportAccessLog } from './access.ts';
import { createFailuresByName, type NamedFailures } from './by-name.ts';
import { createClientTimes, type Noticed } from './clients.ts';
import { createFailureTimes, type Incident } from './incidents.ts';
import { createReportPeers, nameUpstream, otherPeer, type ReportPeer } from './peers.ts';
import { createReportUpstreams, type ReportUpstream } from './upstreams.ts';
import { createReportWindow, type ReportPeriod } from './window.ts';

export interface ReportIncident extends Incident {
  /** What clients noticed of it; null where no access log shows. */
  readonly noticed: Noticed | null;
}

/** Everything that the logs said. */
export interface Report {
  readonly errors: {
    readonly lines: number;
    readonly unmatched: number;
    /** Kinds that occurred, the frequent ones first. */
    readonly byKind: Partial<Counts<Kind>>;
    /** Second of the first line with a time; null without one. */
    readonly first: number | null;
  };
  readonly access: {
    readonly lines: number;
    readonly unmatched: number;
    readonly byStatus: Readonly<Record<string, number>>;
    /** Requests with attempts: saved by a retry, and failed with 502, 503 or 504. */
    readonly masked: number;
    readonly affected: number;
    /** Some log shows attempts. */
    readonly tellsAttempts: boolean;
  };
  readonly peers: readonly ReportPeer[];
  readonly upstreams: readonly ReportUpstream[];
  /** Upstream failures by the virtual host that was asked: nginx's name for it, and the client's. */
  readonly servers: readonly NamedFailures[];
  readonly hosts: readonly NamedFailures[];
  /** Lines outside the period that was asked for. */
  readonly leftOut: number;
  readonly timeline: readonly ReportIncident[];
  /** Failures by minute since 1970 of the log's clock. */
  readonly perMinute: ReadonlyMap<number, number>;
}

export interface ReportTotals {
  /** @param second of the line's time, -1 when it has none @param times so many alike; one without it */
  errorLine(line: CountedLine, second: number, times?: number): void;
  unmatchedError(): void;
  /** @returns whether the line counts */
  accessLine(second: number): boolean;
  unmatchedAccess(): void;
  addAccessLog(record: Parameters<typeof createReportAccessLog>[0], fields: AccessFields): ReportAccessLog;
  result(): Report;
}

const always: ReportPeriod = { since: null, until: null };

const kinds = [...failureKinds, 'disabled', 'unrelated'] as const;
const failureSet: ReadonlySet<string> = new Set(failureKinds);
const peerSet: ReadonlySet<string> = new Set(peerKinds);
const isFailure = (kind: Kind): kind is FailureKind => failureSet.has(kind);
const namesPeer = (kind: Kind): kind is PeerKind => peerSet.has(kind);

/** Counts any number of logs in any order, with memory that does not grow with their size. */
export function createReportTotals(upstreamOf: UpstreamOf, period = always): ReportTotals {
  const errors = { lines: 0, unmatched: 0, byKind: tally(kinds), first: null as number | null };
  const access = { lines: 0, unmatched: 0, tellsAttempts: false };
  const totals = { statuses: new Float64Array(1000), masked: 0, affected: 0 };
  const peers = createReportPeers();
  const failureTimes = createFailureTimes();
  const upstreams = createReportUpstreams();
  const servers = createFailuresByName();
  const hosts = createFailuresByName();
  const window = createReportWindow(period);
  const clients = createClientTimes();

  /** Counts at its peer; gives the name that it has in the timeline. */
  function countPeer({ kind, upstream, protocol, checked }: CountedLine, times: number): string | null {
    if (upstream === null) return null;
    if (!namesPeer(kind)) return upstream.peer;
    const peer = peers.at(upstream.peer);
    peer.failures[kind] += times;
    if (peer.name !== otherPeer) nameUpstream(peer, upstreamOf(upstream.peer, checked ?? null, protocol));
    return peer.name;
  }

  return {
    errorLine(line, second, times = 1) {
      if (!window.has(second, times)) return;
      errors.lines += times;
      errors.byKind[line.kind] += times;
      if (second >= 0 && (errors.first === null || second < errors.first)) errors.first = second;
      if (!isFailure(line.kind)) return;
      const peer = countPeer(line, times);
      servers.record(line.server, line.kind, times);
      hosts.record(line.host?.toLowerCase() ?? null, line.kind, times);
      if (second >= 0) failureTimes.record(peer, line.kind, second, times);
    },
    unmatchedError() {
      if (!window.has(-1)) return;
      errors.lines++;
      errors.unmatched++;
    },
    accessLine(second) {
      if (!window.has(second)) return false;
      access.lines++;
      return true;
    },
    unmatchedAccess() {
      if (!window.has(-1)) return;
      access.lines++;
      access.unmatched++;
    },
    addAccessLog(record, fields) {
      if (fields.peers) access.tellsAttempts = true;
      return createReportAccessLog(record, fields, totals, { peers, upstreams, clients, upstreamOf });
    },
    result: () => ({
      errors: { ...errors, byKind: occurring(errors.byKind) },
      access: { ...access, byStatus: statusCounts(totals.statuses), masked: totals.masked, affected: totals.affected },
      peers: peers.all(),
      upstreams: upstreams.all(),
      servers: servers.all(),
      hosts: hosts.all(),
      leftOut: window.left(),
      timeline: failureTimes.incidents().map((incident) => ({
        ...incident,
        noticed: clients.between(incident.peer, incident.start, incident.end),
      })),
      perMinute: failureTimes.perMinute(),
    }),
  };
}

function occurring(counts: Counts<Kind>): Partial<Counts<Kind>> {
  const found = kinds.filter((kind) => counts[kind] > 0).sort((a, b) => counts[b] - counts[a]);
  return Object.fromEntries(found.map((kind) => [kind, counts[kind]]));
}

function statusCounts(statuses: Float64Array): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  statuses.forEach((count, status) => {
    if (count > 0) found[String(status).padStart(3, '0')] = count;
  });
  return found;
}
