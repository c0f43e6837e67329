import type { PeerSnapshot } from '../../model.ts';

/** Whether a peer answers nobody who connects: neither yes nor no. */
export interface Silence {
  /** To be called once per tick. */
  isSilent(peer: PeerSnapshot, second: number): boolean;
  /** Nothing has gone unanswered. */
  isAtRest(): boolean;
}

/** So long nginx's SYNs to it must have gone unanswered. */
const unansweredSeconds = 10;
/**
 * Clients that give up and ask again leave such gaps: the next SYN is sent again only after a second. Nginx writes no
 * error about their requests (499).
 */
const gapSeconds = 5;

/** null where the log_format does not show it. */
function connectedOf({ attempts }: PeerSnapshot): number | null {
  return attempts?.connected === undefined ? null : attempts.connected + (attempts.reused ?? 0);
}

/**
 * A SYN that was sent again; where the log would show connections and nginx has none, any SYN that waits, because a
 * client that gives up within a second leaves no other sign.
 */
function isStuck(peer: PeerSnapshot): boolean {
  if (peer.sockets == null) return false;
  const { states, retransmitting = 0 } = peer.sockets;
  return retransmitting > 0 || (connectedOf(peer) !== null && states.syn_sent > 0 && states.established === 0);
}

/**
 * nginx reports a connect timeout only after proxy_connect_timeout (60 s unless set). Until then its sockets show it: a SYN
 * that is sent again and again, while no connection to this peer is made.
 */
export function createSilence(): Silence {
  let run: { readonly since: number; readonly last: number; readonly connected: number | null } | null = null;

  /** Without attempts in the log, an established connection is the only sign of life; short ones are seldom seen. */
  function continues(peer: PeerSnapshot, second: number, now: boolean): boolean {
    if (run === null) return false;
    const connected = connectedOf(peer);
    if (connected !== null) return connected <= (run.connected ?? 0) && second - run.last <= gapSeconds;
    const states = peer.sockets?.states;
    return (
      (states?.established ?? 0) === 0 && (now || ((states?.syn_sent ?? 0) > 0 && second - run.last <= gapSeconds))
    );
  }

  return {
    isSilent(peer, second) {
      const now = isStuck(peer);
      if (!continues(peer, second, now))
        run = now ? { since: second, last: second, connected: connectedOf(peer) } : null;
      else if (now && run !== null) run = { ...run, last: second };
      return peer.timesOut === true || (run !== null && second - run.since >= unansweredSeconds);
    },
    isAtRest: () => run === null,
  };
}
