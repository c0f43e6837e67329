import type { AlertValues, PeerSnapshot } from '../../model.ts';
import { createLatch, type Latch } from '../time/latch.ts';
import { createSeconds } from '../time/seconds.ts';
import { type CauseLabel, createCauseLabel, createSlowPeer, type SlowPeer } from './labels.ts';
import { createSilence, type Silence } from './silence.ts';

/** What is remembered of a peer from tick to tick. */
export interface PeerVitals {
  readonly silence: Silence;
  readonly cause: CauseLabel;
  readonly slow: SlowPeer;
  readonly inferred: Latch;
  readonly seconds: ReturnType<typeof createSeconds<'unanswered' | 'hung'>>;
  unavailableSince: number | null;
  /** Seconds at which nginx took it back, oldest first. */
  returns: number[];
  returned: number | null;
}

export const newPeerVitals = (): PeerVitals => ({
  silence: createSilence(),
  cause: createCauseLabel(),
  slow: createSlowPeer(),
  inferred: createLatch(),
  seconds: createSeconds(['unanswered', 'hung']),
  unavailableSince: null,
  returns: [],
  returned: null,
});

/** One fail_timeout of 10 s has certainly passed. */
const unavailableSeconds = 30;
const flappingSeconds = 600;

/** What its alerts read. To be called once per tick. */
export function peerAlerts(vitals: PeerVitals, peer: PeerSnapshot, second: number, errorsRise: boolean): AlertValues {
  const { health, alerts } = peer;
  if (health) {
    vitals.unavailableSince = health.state === 'unavailable' ? (vitals.unavailableSince ?? second) : null;
    const { returned } = health.transitions;
    if (vitals.returned !== null && returned > vitals.returned) vitals.returns.push(second);
    vitals.returned = returned;
  }
  forgetReturns(vitals.returns, second);
  const since = vitals.unavailableSince;
  const isRefused = alerts?.['uncovered'] === 1 && (alerts['unaccounted_sustained'] ?? 0) > 0;
  return {
    ...alerts,
    inferred: vitals.inferred(isRefused && errorsRise, isRefused) ? 1 : 0,
    unavailable_30s: since !== null && second - since >= unavailableSeconds ? 1 : 0,
    returns_10m: vitals.returns.length,
  };
}

function forgetReturns(returns: number[], second: number): void {
  while (second - (returns[0] ?? second) >= flappingSeconds) returns.shift();
}

/** Its ejections and its silence outlast its failures. */
export const isHeld = (alerts: AlertValues): boolean =>
  alerts['unavailable_30s'] === 1 || (alerts['returns_10m'] ?? 0) >= 3;

/** As long as its snapshot is the same, its alerts read the same, whatever time it is; for one of which nothing is said. */
export function isPeerAtRest({ silence, seconds, ...of }: PeerVitals, alerts: AlertValues, second: number): boolean {
  return (
    silence.isAtRest() &&
    seconds.isEmpty(second) &&
    of.unavailableSince === null &&
    of.returns.length === 0 &&
    alerts['inferred'] === 0 &&
    (alerts['unaccounted_sustained'] ?? 0) === 0
  );
}
