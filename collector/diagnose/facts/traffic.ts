/** What went to a peer and came back, as logs and sockets show it. Pure data. */

/** What the access logs say of the attempts at a peer. Times are milliseconds since 1970. */
export interface AnswerFacts {
  /** Attempts that the peer answered, or at least accepted. */
  readonly connected: number;
  readonly lastConnectedMs: number;
  /** Attempts that ended with a status of 500 and above behind a connection: nginx's own among them. */
  readonly serverErrors: number;
  readonly statuses: readonly number[];
  readonly firstErrorMs: number;
  readonly lastErrorMs: number;
}

/** nginx's own sockets to a peer, and what lies unread at the other end where that is on this host. */
export interface SocketFacts {
  /** Connects that had to repeat their SYN. */
  readonly retried: number;
  /** Connections on which nginx's bytes are not acknowledged, and sent again. */
  readonly unacknowledged: number;
  /** Connections whose bytes the peer's process has not read. */
  readonly unread: number;
}
