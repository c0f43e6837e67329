/** Is it the gateway or the application? The 5xx that clients got, by upstream and by who made them. */
import { madeAt } from '../../base/collections.ts';
import type { Counts, ErrorMaker } from '../../model.ts';
import { otherPeer } from './peers.ts';

export interface ReportUpstream {
  /** null: requests that no upstream was asked for. */
  readonly upstream: string | null;
  readonly requests: number;
  /** Requests that ended with a 5xx. */
  readonly serverErrors: Readonly<Counts<ErrorMaker>>;
}

interface UpstreamSoFar {
  requests: number;
  readonly serverErrors: { -readonly [K in ErrorMaker]: number };
}

export interface ReportUpstreams {
  /** @param maker null: it did not end with a 5xx */
  request(upstream: string | null, maker: ErrorMaker | null): void;
  /** Those with most 5xx first; only those that had a request. */
  all(): readonly ReportUpstream[];
}

const mostUpstreams = 1000;

export function createReportUpstreams(limit = mostUpstreams): ReportUpstreams {
  const upstreams = new Map<string | null, UpstreamSoFar>();

  function at(name: string | null): UpstreamSoFar {
    if (upstreams.size >= limit && name !== otherPeer && !upstreams.has(name)) return at(otherPeer);
    return madeAt(upstreams, name, () => ({ requests: 0, serverErrors: { nginx: 0, application: 0, unclear: 0 } }));
  }

  return {
    request(upstream, maker) {
      const found = at(upstream);
      found.requests++;
      if (maker !== null) found.serverErrors[maker]++;
    },
    all: () =>
      [...upstreams]
        .map(([upstream, { requests, serverErrors }]) => ({ upstream, requests, serverErrors }))
        .sort((a, b) => serverErrorsOf(b) - serverErrorsOf(a) || b.requests - a.requests),
  };
}

/** All 5xx of an upstream. */
export const serverErrorsOf = ({ serverErrors: { nginx, application, unclear } }: ReportUpstream): number =>
  nginx + application + unclear;
