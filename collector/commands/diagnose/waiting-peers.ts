/** What waits between nginx and its peers; where something does, it is checked twice. */
import type { DiagnosePorts } from '../../diagnose/facts/ports.ts';
import type { StallFacts, StallTally } from '../../diagnose/impact/stalls.ts';
import type { SocketFacts } from '../../diagnose/impact/traffic.ts';
import { countOpen, isStuck, readWaiting } from '../../diagnose/impact/waiting.ts';
import { surveyNamespaces } from '../../diagnose/places/namespaces.ts';

/** What waited at two checks so far apart is stuck. */
const stuckMs = 1500;

export interface WaitingNow {
  sockets(peer: string): SocketFacts;
  /** Requests that wait far longer than usual; null where none does. */
  stalled(peer: string): StallFacts | null;
  /** Peers that have answered nothing for some seconds, while more and more requests were sent to them. */
  readonly hushed: ReadonlyMap<string, number>;
}

/** One that connects more is chance. */
const leastGrown = 2;
const leastWaiting = 3;

/** @param nowMs when the logs were read */
export async function lookAtSockets(
  peers: readonly string[],
  stalls: StallTally,
  nowMs: number,
  master: number | null,
  ports: DiagnosePorts,
): Promise<WaitingNow> {
  const namespaces = surveyNamespaces(master, ports);
  const first = readWaiting(peers, namespaces, ports, null);
  const silent = peers.filter((peer) => stalls.isHushed(peer, nowMs));
  const before = countOpen(silent, namespaces, ports);
  const waits = peers.some((peer) => isStuck(first.of(peer))) || silent.some((peer) => before(peer) > 0);
  if (!waits) {
    const none = { now: 0, grown: 0 };
    return { sockets: first.of, stalled: (peer) => stalls.of(peer, none, nowMs), hushed: new Map() };
  }
  await new Promise((resolve) => setTimeout(resolve, stuckMs));
  const again = surveyNamespaces(master, ports);
  const second = readWaiting(peers, again, ports, first.keys);
  const after = countOpen(silent, again, ports);
  const hushed = silent.flatMap((peer) => {
    const waiting = after(peer);
    return waiting >= leastWaiting && waiting - before(peer) >= leastGrown ? [[peer, waiting] as const] : [];
  });
  return {
    hushed: new Map(hushed),
    sockets: second.of,
    stalled: (peer) => stalls.of(peer, { now: after(peer), grown: Math.max(0, after(peer) - before(peer)) }, nowMs),
  };
}
