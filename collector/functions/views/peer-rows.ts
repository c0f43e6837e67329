/** The rows of the view `peers`: who is blamed for client results, and what hurts most. */
import type { AttemptKind } from '../../model.ts';
import type { Verdict } from '../facts.ts';
import { clientImpact, type ShownState, shownState } from '../impact.ts';
import { createMinute } from '../minute.ts';
import type { JobMinute, PeerMinute } from '../watch.ts';
import type { RowSeverity } from './table.ts';

export interface PeerRow {
  readonly of: PeerMinute;
  readonly state: ShownState;
  /**
   * Requests of the entire upstream, shown at the peers that fail, or at all where none is seen to; null where the access
   * log cannot show.
   */
  readonly affected: number | null;
  readonly masked: number | null;
  readonly failures: number | null;
  /** null: there is none, or it is about what is over. */
  readonly verdict: Verdict | null;
}

/** Every peer of every job, what hurts most first. */
export function peerRows(jobs: readonly JobMinute[]): readonly PeerRow[] {
  return jobs.flatMap(rowsOfJob).sort(byHarm);
}

function rowsOfJob(job: JobMinute): readonly PeerRow[] {
  const states = [...job.peers, ...peerless(job)].map((of) => ({ of, state: shownState(of) }));
  const blamed = new Set(states.filter(isBlamed).map(({ of }) => of.snapshot.upstream));
  return states.map(({ of, state }) => {
    const impact = of.upstream?.outcomes.isKnown() ? clientImpact(of.upstream.outcomes.sums()) : null;
    const isShown = isBlamed({ state }) || !blamed.has(of.snapshot.upstream);
    return {
      of,
      state,
      affected: impact && (isShown ? impact.affected : 0),
      masked: impact && (isShown ? impact.masked : 0),
      failures: of.snapshot.failures === null ? null : of.failures.sum(),
      verdict: isBlamed({ state }) ? of.verdict : null,
    };
  });
}

/** An upstream without any peer, whose name does not resolve for example, must not be missing while it fails. */
function peerless({ job, upstreams, own, peers, verdicts }: JobMinute): readonly PeerMinute[] {
  const withPeers = new Set(peers.map(({ snapshot }) => snapshot.upstream));
  const nginx = verdicts.find(({ is }) => is === 'nginx') ?? null;
  return [...upstreams, own]
    .filter(({ upstream }) => !withPeers.has(upstream))
    .filter(({ failures, outcomes }) => failures.sum() > 0 || clientImpact(outcomes.sums()).affected > 0)
    .map((minute) => ({
      job,
      snapshot: { upstream: minute.upstream, peer: '(none)', origin: 'configured' },
      upstream: minute,
      failures: minute.failures,
      attempts: createMinute<AttemptKind>(),
      connectTime: null,
      responseTime: null,
      failingSinceMs: null,
      verdict: minute === own ? nginx : (verdicts.find(({ name }) => name === minute.upstream) ?? null),
    }));
}

const isBlamed = ({ state }: { readonly state: ShownState }): boolean => state !== 'up' && state !== 'unknown';

const ranks: Readonly<Record<RowSeverity, number>> = { error: 0, warning: 1, notice: 2, normal: 3 };

function byHarm(a: PeerRow, b: PeerRow): number {
  return (
    (b.affected ?? 0) - (a.affected ?? 0) ||
    ranks[peerSeverity(a)] - ranks[peerSeverity(b)] ||
    (b.failures ?? 0) - (a.failures ?? 0)
  );
}

/** Red: clients are affected. Yellow: they are not. */
export function peerSeverity({ state, affected }: PeerRow): RowSeverity {
  if (isBlamed({ state })) return (affected ?? (state === 'unavailable' ? 1 : 0)) > 0 ? 'error' : 'warning';
  return (affected ?? 0) > 0 || state === 'unknown' ? 'notice' : 'normal';
}
