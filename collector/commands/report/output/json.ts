import type { Report } from '../../../aggregate/report/totals.ts';
import type { Percentiles } from '../../../model.ts';
import { isoOfWall } from '../../../parse/wall-clock.ts';

const none = { count: 0, p50: null, p90: null, p95: null, p99: null, max: null } as const;

function timesJson(times: Percentiles | null): unknown {
  if (times === null) return none;
  const { count, p50, p90, p95, p99, max } = times;
  return { count, p50, p90, p95, p99, max };
}

/** What `report --json` prints. Times are of the log's own clock, without a zone. */
export function reportJson({ errors, access, peers, upstreams, servers, hosts, timeline, leftOut }: Report): unknown {
  return {
    errors: { lines: errors.lines, unmatched: errors.unmatched, byKind: errors.byKind },
    access: { lines: access.lines, unmatched: access.unmatched, byStatus: access.byStatus },
    peers: peers.map(({ peer, upstream, failures, attempts, connectMs, responseMs }) => ({
      peer,
      upstream,
      failures,
      attempts,
      connectMs: timesJson(connectMs),
      responseMs: timesJson(responseMs),
    })),
    upstreams: upstreams.map(({ upstream, requests, serverErrors }) => ({ upstream, requests, serverErrors })),
    servers: servers.map(({ name, failures }) => ({ server: name, failures })),
    hosts: hosts.map(({ name, failures }) => ({ host: name, failures })),
    leftOut,
    timeline: timeline.map(({ start, end, peer, kind, count, peakPerMinute, noticed }) => ({
      start: isoOfWall(start),
      end: isoOfWall(end),
      peer,
      kind,
      count,
      peakPerMinute,
      masked: noticed === null ? null : noticed.masked,
    })),
  };
}
