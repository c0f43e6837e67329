/** What went to a peer and came back, as logs and sockets show it, and who should serve it. Pure data. */
import type { FailureKind } from '../../model.ts';
import type { StallFacts } from './stalls.ts';

/** Failures in a row, without a pause of some seconds between. */
export interface Burst {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly count: number;
}

/** Failures of one kind at one peer. Times are milliseconds since 1970. */
export interface KindFailures {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** As the last line has it; null when it has none. */
  readonly errno: number | null;
  /** nginx's own words in the last line, with what it was doing: `SSL_do_handshake() failed …`. */
  readonly message: string;
  /** The last few in a row, oldest first; left out where they were never counted so. */
  readonly bursts?: readonly Burst[];
}

export type FailuresByKind = ReadonlyMap<FailureKind, KindFailures>;

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
  /** When it last took a connection, whatever it answered; left out where only answers are known. */
  readonly lastTakenMs?: number;
  /** Moments of the last minutes at which it was seen to take connections, a few seconds apart, oldest first. */
  readonly takenMs?: readonly number[];
  /** Requests that wait far longer than usual; left out where none does. */
  readonly stalled?: StallFacts;
}

/** Where the container of a published port is. */
export interface BehindFacts {
  readonly host: string;
  readonly port: number;
  readonly container: string | null;
  /** null where nobody here has its address. */
  readonly listens: boolean | null;
}

/** nginx's own sockets to a peer, and what lies unread at the other end where that is on this host. */
export interface SocketFacts {
  /** Connects that had to repeat their SYN. */
  readonly retried: number;
  /** The youngest of them has waited for so long at most; undefined where there are none. */
  readonly youngestMs?: number;
  /** Connections on which nginx's bytes are not acknowledged, and sent again. */
  readonly unacknowledged: number;
  /** Bytes on the one of them that has most; undefined where there are none. */
  readonly mostBytes?: number;
  /** Connections whose bytes the peer's process has not read. */
  readonly unread: number;
}

export const noSockets: SocketFacts = { retried: 0, unacknowledged: 0, unread: 0 };

/** A systemd unit that should serve a peer. */
export interface UnitFact {
  /** `app.service`: what to start. */
  readonly unit: string;
  /** Its name leads to /dev/null: systemd refuses to start it. */
  readonly isMasked: boolean;
  /** A socket unit that systemd listens with; null without one. */
  readonly socket: string | null;
  /** The file that names the port. */
  readonly file: string;
}
