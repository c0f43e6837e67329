/**
 * The probe: one TCP connect to a peer that fails, closed at once, nothing sent. Only to configured peers, only where
 * nginx shares our network namespace, at most once per 10 s and peer.
 */
import { keepNewest } from '../../base/collections.ts';
import type { Connect, ConnectResult } from '../../system/network/net.ts';
import type { NotProbed, ProbeFact } from './facts.ts';

export type ProbeMode = 'off' | 'on-failure' | 'always';

export interface ProbeTarget {
  readonly peer: string;
  readonly host: string;
  readonly port: number;
  /** Why not, apart from the pace. */
  readonly obstacle: NotProbed | null;
}

export interface Prober {
  probe(target: ProbeTarget): Promise<ProbeFact>;
}

const probeTimeoutMs = 1000;
const paceMs = 10_000;
/** Peers whose last probe is remembered; more are forgotten oldest first, and they are older than the pace. */
const mostRemembered = 1000;

const answers: Readonly<Record<string, ProbeFact['is'] & ('refused' | 'unreachable' | 'denied')>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'denied',
  EPERM: 'denied',
};

function factOf(result: ConnectResult): ProbeFact {
  if (result.is !== 'failed') return { is: result.is };
  const known = answers[result.code];
  return known === undefined ? { is: 'failed', code: result.code } : { is: known };
}

/** @param monotonicMs of a clock that does not jump */
export function createProber(mode: ProbeMode, connect: Connect, monotonicMs: () => number): Prober {
  const last = new Map<string, number>();
  return {
    async probe({ peer, host, port, obstacle }) {
      if (mode === 'off') return { is: 'not_probed', why: 'off' };
      if (obstacle !== null) return { is: 'not_probed', why: obstacle };
      const now = monotonicMs();
      const before = last.get(peer);
      if (before !== undefined && now - before < paceMs) return { is: 'not_probed', why: 'too_soon' };
      last.delete(peer);
      last.set(peer, now);
      keepNewest(last, mostRemembered);
      return factOf(await connect(host, port, probeTimeoutMs));
    },
  };
}
