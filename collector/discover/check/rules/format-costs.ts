/** What a log_format costs by what it lacks, variable by variable. */
import type { Protocol } from '../../../nginx/types.ts';

const httpCosts: Readonly<Record<string, string>> = {
  status: 'client results',
  request_time: 'request times',
  upstream_addr: 'attempts and times per peer, and client results per upstream',
  upstream_status: 'failed attempts, and what peers answered',
  upstream_connect_time: 'connect times, and attempts that never connected',
  upstream_response_time: 'response times',
};
/** A session has one result and no request: its other times are not drawn. */
const streamCosts: Readonly<Record<string, string>> = {
  status: 'session results',
  upstream_addr: 'attempts and times per peer, and results per upstream',
  upstream_connect_time: 'connect times, and attempts that never connected',
};

const costsOf = (protocol: string): Readonly<Record<string, string>> =>
  protocol === 'stream' ? streamCosts : httpCosts;

/** The variables without which something is not drawn; where upstreams share a peer, `$proxy_host` besides. */
export function neededVariables(protocol: Protocol): readonly string[] {
  return Object.keys(costsOf(protocol));
}

/** What is not shown without these. Without the peers' addresses nothing per peer is left. */
export function costOf(missing: readonly string[], protocol: string): string {
  const costs = costsOf(protocol);
  const named = missing.includes('upstream_addr')
    ? missing.filter((name) => !name.startsWith('upstream_') || name === 'upstream_addr')
    : missing;
  return named.map((name) => costs[name] ?? name).join('; ');
}
