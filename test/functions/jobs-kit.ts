/** Jobs as the Functions see them, without a plugin around them. */
import type { JobNow, Verdict } from '../../collector/functions/facts.ts';
import {
  type AttemptKind,
  attemptKinds,
  type ConnectKind,
  type Counts,
  connectKinds,
  type FailureKind,
  failureKinds,
  type JobSnapshot,
  type Outcome,
  outcomes,
  type PeerKind,
  type PeerSnapshot,
  peerKinds,
  type UpstreamSnapshot,
} from '../../collector/model.ts';

function counts<K extends string>(kinds: readonly K[], some: Partial<Counts<K>>): Counts<K> {
  return { ...(Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<K, number>), ...some };
}

/** Of the entire job. */
export const connectFailures = (some: Partial<Counts<ConnectKind>>): Counts<ConnectKind> => counts(connectKinds, some);

export interface PeerTold {
  readonly upstream: string;
  readonly peer: string;
  readonly failures?: Partial<Counts<PeerKind>> | null;
  readonly attempts?: Partial<Counts<AttemptKind>>;
  readonly more?: Partial<PeerSnapshot>;
}

export function peer({ upstream, peer: name, failures = {}, attempts, more }: PeerTold): PeerSnapshot {
  return {
    upstream,
    peer: name,
    origin: 'configured',
    failures: failures === null ? null : counts(peerKinds, failures),
    ...(attempts === undefined ? {} : { attempts: counts(attemptKinds, attempts) }),
    ...more,
  };
}

export function upstream(
  name: string,
  failures: Partial<Counts<FailureKind>> = {},
  clients?: Partial<Counts<Outcome>>,
): UpstreamSnapshot {
  return {
    upstream: name,
    origin: 'configured',
    failures: counts(failureKinds, failures),
    ...(clients === undefined ? {} : { outcomes: counts(outcomes, clients) }),
  };
}

const nothing = { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 };

export function job(
  upstreams: readonly UpstreamSnapshot[],
  peers: readonly PeerSnapshot[],
  verdicts: readonly Verdict[] = [],
  name = 'local',
  more: Partial<JobSnapshot> = {},
): JobNow {
  return {
    snapshot: {
      job: name,
      lines: nothing,
      behindBytes: 0,
      sources: { ok: 1, failing: 0 },
      load: { cpuUs: 0, residentBytes: 0, lateTicks: 0 },
      upstreams,
      peers,
      ...more,
    },
    verdicts,
  };
}

export function verdict(name: string, more: Partial<Verdict> = {}): Verdict {
  return {
    is: 'peer',
    name,
    cause: 'process_down',
    sureness: 'certain',
    evidence: ['no socket listens on port 8080: user www-data, pid 123 (secret-app), secret.service'],
    rulesOut: ['a firewall'],
    place: '/etc/nginx/secret.conf:12',
    words: () => ({
      what: 'the process behind it is down',
      fix: 'systemctl start secret.service',
      next: ['journalctl -u secret.service'],
    }),
    ...more,
  };
}

/** The same before anything has happened. */
export function atRest(jobs: readonly JobNow[]): readonly JobNow[] {
  return jobs.map(({ snapshot }) => {
    const { connectFailures: failures } = snapshot;
    return job(
      snapshot.upstreams.map(({ upstream: name, outcomes: clients }) => upstream(name, {}, clients ? {} : undefined)),
      snapshot.peers.map((each) => ({
        ...each,
        failures: each.failures ? counts(peerKinds, {}) : null,
        ...(each.attempts ? { attempts: counts(attemptKinds, {}) } : {}),
      })),
      [],
      snapshot.job,
      failures ? { connectFailures: connectFailures({}) } : {},
    );
  });
}

/** Seconds of the monotonic clock, and a time of day that goes with it. */
export const at = (seconds: number) => ({ monotonicMs: seconds * 1000, wallMs: 1_795_874_000_000 + seconds * 1000 });
