/** What nginx itself shows: its status page, its processes, its sockets, and its configuration's peers. */
import type { Counts } from './measure.ts';

/** One answer of nginx's stub_status: gauges now, counters since nginx started. */
export interface StubStatus {
  readonly active: number;
  readonly accepts: number;
  readonly handled: number;
  readonly requests: number;
  readonly reading: number;
  /** Includes the request that asked for the page. */
  readonly writing: number;
  readonly waiting: number;
}

/** What is charted of the TCP states; `fin_wait` is every state in which this end has sent its FIN. */
export const tcpStates = ['established', 'syn_sent', 'time_wait', 'close_wait', 'fin_wait'] as const;
export type TcpState = (typeof tcpStates)[number];

/** What stub_status says. Gauges now; counters are running totals since the plugin started. */
export interface ConnectionsSnapshot {
  readonly active: number;
  readonly reading: number;
  readonly writing: number;
  readonly waiting: number;
  readonly accepted: number;
  readonly handled: number;
  /** Accepted and closed at once, because no worker_connections were left. */
  readonly dropped: number;
  readonly requests: number;
}

/** nginx's processes. `configured` is null while it is not known. */
export interface WorkersSnapshot {
  readonly running: number;
  readonly shuttingDown: number;
  readonly configured: number | null;
  /** Running totals. */
  readonly reloads: number;
  readonly restarts: number;
}

/** The sockets of one peer, from the network namespaces nginx's workers live in. */
export interface PeerSockets {
  readonly states: Counts<TcpState>;
  /** nginx's own sockets in SYN-SENT whose SYN was sent again. */
  readonly retransmitting?: number;
  /** Connections that wait for the peer to accept them, where it listens on this host; else null. */
  readonly queued: number | null;
  /** Local ports that connections to it hold, of those there are; null where that is not known. */
  readonly localPorts: { readonly used: number; readonly of: number } | null;
}

/** A peer as nginx's configuration has it. */
export interface ConfiguredPeer {
  readonly upstream: string;
  readonly peer: string;
  /** Where its lines are counted when they do not show the upstream: `a / b` when both hold the peer. */
  readonly instance: string;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** The shared memory zone's name; without one each worker counts failures for itself. */
  readonly zone: string | null;
  readonly backup: boolean;
  readonly down: boolean;
  /** The only peer of its upstream: nginx ignores max_fails. */
  readonly single: boolean;
  /** FILE:LINE of its `server` line, or of the `*_pass` that names it. */
  readonly place: string;
}

/**
 * Names the upstream of what a log calls a peer: an address, or the name of a group of which none was live.
 *
 * @param proxyHost `$proxy_host`, null where the log does not have it
 * @param protocol whose upstreams it may belong to, null for any
 */
export type UpstreamOf = (
  peer: string,
  proxyHost: string | null,
  protocol: 'http' | 'stream' | 'mail' | null,
) => string;
