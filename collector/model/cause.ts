/** Why a peer fails, and how sure that is. */

/**
 * Why a peer cannot be reached, or nginx itself cannot connect, in the order of the
 * chart. docs/troubleshooting.md has a section for each.
 */
export const peerCauses = [
  'process_down',
  'wrong_bind_address',
  'wrong_port',
  'localhost_family',
  'container_localhost',
  'stale_address',
  'firewall_reject',
  'accept_queue_full',
  'no_answer',
  'host_down',
  'no_route',
  'not_permitted',
  'socket_missing',
  'socket_stale',
  'socket_denied',
  'socket_backlog_full',
  'no_ports',
  'no_files',
  'worker_connections',
  'restarting',
  'ejected',
  'unknown',
  'crash_loop',
  'unresolved',
  'tls',
  'hangs',
  'breaks_after_connect',
  'application_error',
  'no_local_address',
] as const;
export type PeerCause = (typeof peerCauses)[number];

/** `certain`: nothing else gives these facts. `likely`: something else could, and the evidence says what. */
export type Sureness = 'certain' | 'likely' | 'unknown';
