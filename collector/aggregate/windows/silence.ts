import type { PeerSnapshot } from '../../model.ts';

/** Whether a peer answers nobody who connects: neither yes nor no. */
export interface Silence {
  /** To be called once per tick. */
  isSilent(peer: PeerSnapshot, second: number): boolean;
}

/** So long nginx's SYNs to it must have gone unanswered at every check. */
const unansweredSeconds = 10;

/**
 * nginx reports a connect timeout only after proxy_connect_timeout (60 s unless set). Until then its sockets show it: a SYN
 * that is sent again and again, while no connection to this peer is made.
 */
export function createSilence(): Silence {
  let since: { readonly second: number; readonly connected: number } | null = null;

  return {
    isSilent({ timesOut, sockets, attempts }, second) {
      const connected = (attempts?.connected ?? 0) + (attempts?.reused ?? 0);
      const isStuck = (sockets?.retransmitting ?? 0) > 0;
      // Without attempts in the log, an established connection is the only sign of life.
      const isAlive =
        since !== null &&
        (attempts === undefined || attempts === null
          ? (sockets?.states.established ?? 0) > 0
          : connected > since.connected);
      if (!isStuck || isAlive) since = null;
      else since ??= { second, connected };
      return timesOut === true || (since !== null && second - since.second >= unansweredSeconds);
    },
  };
}
