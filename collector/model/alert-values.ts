/** Numbers that alerts read. */

/** Numbers that alerts read, by the name they have there (aggregate/windows/). */
export type AlertValues = Readonly<Record<string, number>>;

/**
 * What alerts read, as variables of the chart they are on. `…_sustained`: how many in the last minute, from when they have been
 * seen now and 10 to 20 seconds ago (or further back, where fail_timeout is long) until a minute passes without any; else 0.
 */
export const upstreamAlertValues = [
  'lost_sustained',
  'fallback_sustained',
  'no_live_sustained',
  'unresolved_sustained',
  'masked_sustained',
  'failed_after_sustained',
  'failed_after_share',
  'inferred_after_sustained',
  'client_errors_1m',
  'connects',
  'answers',
  'silent_peers',
  'none_connects',
  'hung_requests',
  'none_answers',
  'connect_p95',
  'connect_count',
  'response_p95',
  'response_count',
  'response_p95_before',
  'live',
  'configured',
] as const;

export const peerAlertValues = [
  'unaccounted_sustained',
  'uncovered',
  'inferred',
  'unavailable_30s',
  'returns_10m',
] as const;

export const jobAlertValues = [
  'worker_connections_1m',
  'no_files_1m',
  'connections_used',
  'descriptors_used',
  'dropped_now',
  'dropped_before',
  'dropped_1m',
  'writing_share',
  'writing_share_before',
  'active',
  'failing_upstreams',
  'workers_missing',
  'nginx_down',
  'sources_failing',
  'lines_1m',
  'unmatched_1m',
] as const;
