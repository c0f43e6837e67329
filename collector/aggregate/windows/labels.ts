import { total } from '../../base/collections.ts';
import type { PeerSnapshot, UpstreamSnapshot } from '../../model.ts';

/** What the label of a peer says: why it fails, as long as an alert may read it. */
export interface CauseLabel {
  /**
   * To be called once per tick.
   *
   * @param holds an alert on the peer is up for longer than its last failure
   * @param isSilent it answers nobody, which nginx has not logged yet
   */
  record(peer: PeerSnapshot, second: number, holds: boolean, isSilent: boolean): string;
}

/** In peace, and before a verdict is there. Each is its own value: Netdata prints a missing label's name instead. */
export const noCause = 'none';
const unknownCause = 'not known yet';
const silentCause = 'does not answer';

/** An alert holds for a minute after the last failure, and its end names the cause, too. */
const keptSeconds = 120;

/** A verdict that comes after the end does not say what failed: the end of an alert names the cause. */
const isAfterwards = (verdict: string): boolean => verdict.startsWith('restarting');

const sureness = (verdict: string): number =>
  verdict.endsWith('(certain)') ? 2 : verdict.endsWith('(likely)') ? 1 : 0;

export function createCauseLabel(): CauseLabel {
  let failures: number | null = null;
  let shown: PeerSnapshot['failures'] | null = null;
  let lastSecond = Number.NEGATIVE_INFINITY;
  let verdict: string | null = null;
  /** Another verdict, that no failure has followed yet. */
  let newer: string | null = null;

  /** A verdict that is no surer than the one that stands is believed when the failures continue under it. */
  function judge(now: string | undefined, goesOn: boolean): void {
    if (now === undefined || now === verdict) newer = null;
    else if (verdict === null) verdict = now;
    else if (!isAfterwards(now) && (sureness(now) > sureness(verdict) || (goesOn && newer === now))) verdict = now;
    else newer = now;
  }

  return {
    record(peer, second, holds, isSilent) {
      // Counts that did not change are the same object (tally.ts): nothing is added up in peace.
      const isSame = !peer.failures || peer.failures === shown;
      const now = isSame ? failures : total(Object.values(peer.failures));
      shown = peer.failures ?? shown;
      const goesOn = (now ?? 0) > (failures ?? 0) || isSilent;
      if (goesOn || holds) lastSecond = second;
      failures = now;
      // Found by its sockets and by requests that wait, before nginx gives up and writes a line.
      const isFound = peer.causes != null && peer.causes.hangs + peer.causes.no_answer > 0;
      if (second - lastSecond > keptSeconds && !isFound) {
        verdict = null;
        return noCause;
      }
      judge(peer.verdict, goesOn || isFound);
      return verdict ?? (isSilent ? silentCause : unknownCause);
    },
  };
}

/** Netdata cuts a label at 799 bytes, and a page wants to be read. */
const mostNamed = 5;

/** `10.0.0.1:80 process down (certain) / 10.0.0.2:80 no answer (likely)`; a comma would become a dot in Netdata. */
export function failingLabel(causes: readonly (readonly [peer: string, cause: string])[]): string {
  const failing = causes.filter(([, cause]) => cause !== noCause);
  if (failing.length === 0) return noCause;
  const named = failing
    .slice(0, mostNamed)
    .map(([peer, cause]) => `${peer.replace(/[[\]]/g, '').slice(0, 80)} ${cause}`);
  const more = failing.length > mostNamed ? ` / and ${failing.length - mostNamed} more` : '';
  return named.join(' / ') + more;
}

/** Whether a peer is slow to connect to: an alert names it, though nothing of it fails. */
export interface SlowPeer {
  /** To be called once per tick; what is said of it, or `none`. */
  record(peer: PeerSnapshot, second: number): string;
}

/** The alert `connect_time` ends below this, in milliseconds, and says nothing of fewer connections a minute. */
const slowMs = 80;
const fewConnects = 20;

/** What `connect_time` may be raised for. */
export const isSlow = (minute: { readonly connect_p95: number; readonly connect_count: number }): boolean =>
  minute.connect_p95 > slowMs && minute.connect_count >= fewConnects;

export function createSlowPeer(): SlowPeer {
  let lastSecond = Number.NEGATIVE_INFINITY;
  let losesSyns = false;

  return {
    record({ connectTime, sockets }, second) {
      if (second - lastSecond > keptSeconds) losesSyns = false;
      if ((connectTime?.p95 ?? 0) > slowMs) lastSecond = second;
      const isRecent = second - lastSecond <= keptSeconds;
      // What was seen once stays said: a text that changes is a new one to Netdata.
      if (isRecent && (sockets?.retransmitting ?? 0) > 0) losesSyns = true;
      if (!isRecent) return noCause;
      return losesSyns ? 'slow to connect: SYNs are lost (likely)' : 'slow to connect (unknown)';
    },
  };
}

/** What an upstream's alerts say where none of its peers has failed: why nginx has no peer to ask, or who is slow. */
export function labelWithoutFailure(
  { upstream, alerts, peers }: UpstreamSnapshot,
  slow: readonly (readonly [peer: string, what: string])[],
): string {
  const is = (name: string): boolean => (alerts?.[name] ?? 0) > 0;
  if (is('unresolved_sustained')) return `${upstream} name does not resolve (certain)`;
  if (is('no_live_sustained')) {
    const isAllDown = peers != null && peers.configured === 0;
    return isAllDown ? 'no peer: all are marked down (certain)' : 'no peer: all are at max_conns or ejected (likely)';
  }
  return failingLabel(slow);
}

/** The label of an upstream; kept as long as that of a peer, so that the end of an alert names who it was about. */
export interface UpstreamLabel {
  /** To be called once per tick with what the label would be now. */
  record(label: string, second: number): string;
}

export function createUpstreamLabel(): UpstreamLabel {
  let kept = noCause;
  let lastSecond = Number.NEGATIVE_INFINITY;
  return {
    record(label, second) {
      if (label !== noCause) {
        kept = label;
        lastSecond = second;
      }
      return second - lastSecond <= keptSeconds ? kept : noCause;
    },
  };
}
