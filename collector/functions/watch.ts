/** What the last minute was like for every upstream and peer of all jobs: fed once a tick, asked when somebody calls. */

import type {
  AttemptKind,
  ErrorMaker,
  FailureKind,
  Outcome,
  PeerKind,
  PeerSnapshot,
  Percentiles,
  UpstreamSnapshot,
} from '../model.ts';
import type { JobNow, Verdict } from './facts.ts';
import type { UpstreamMinute } from './minute.ts';
import { createMinute, type Minute } from './minute.ts';
import { createOwnFailures, type OwnFailures } from './own-failures.ts';

/** Intervals go by the monotonic clock, which does not jump; what is shown is the time of day. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface PeerMinute {
  readonly job: string;
  readonly snapshot: PeerSnapshot;
  readonly upstream: UpstreamMinute | null;
  readonly failures: Minute<PeerKind> | Minute<FailureKind>;
  readonly attempts: Minute<AttemptKind>;
  /** Of the last second with samples within the minute. */
  readonly connectTime: Percentiles | null;
  readonly responseTime: Percentiles | null;
  /** Milliseconds since 1970: the first failure that no quiet minute has followed yet; null: none. */
  readonly failingSinceMs: number | null;
  readonly verdict: Verdict | null;
}

export interface JobMinute {
  readonly job: string;
  readonly upstreams: readonly UpstreamMinute[];
  /** Failures that no upstream accounts for. */
  readonly own: UpstreamMinute;
  readonly peers: readonly PeerMinute[];
  readonly verdicts: readonly Verdict[];
}

export interface Watch {
  observe(jobs: readonly JobNow[], now: Now): void;
  /** Whether the last tick brought a failure. */
  hasFailures(): boolean;
  jobs(): readonly JobMinute[];
}

interface Timed {
  readonly second: number;
  readonly value: Percentiles;
}

interface PeerEntry {
  snapshot: PeerSnapshot;
  readonly failures: Minute<PeerKind>;
  readonly attempts: Minute<AttemptKind>;
  connect: Timed | null;
  response: Timed | null;
  failingSinceMs: number | null;
}

interface JobEntry {
  readonly now: JobNow;
  readonly own: OwnFailures;
  upstreams: readonly UpstreamMinute[];
  peers: readonly PeerEntry[];
}

const minuteSeconds = 60;

export function createWatch(): Watch {
  let jobs = new Map<string, JobEntry>();
  let atSecond = 0;
  let hasFailures = false;

  const recent = (timed: Timed | null): Percentiles | null =>
    timed !== null && atSecond - timed.second < minuteSeconds ? timed.value : null;

  function observePeer(entry: PeerEntry, snapshot: PeerSnapshot, wallMs: number): void {
    entry.snapshot = snapshot;
    entry.failures.add(atSecond, snapshot.failures);
    entry.attempts.add(atSecond, snapshot.attempts);
    if (snapshot.connectTime) entry.connect = { second: atSecond, value: snapshot.connectTime };
    if (snapshot.responseTime) entry.response = { second: atSecond, value: snapshot.responseTime };
    entry.failingSinceMs = entry.failures.sum() === 0 ? null : (entry.failingSinceMs ?? wallMs);
  }

  function observeUpstream(entry: UpstreamMinute, snapshot: UpstreamSnapshot): void {
    entry.failures.add(atSecond, snapshot.failures);
    entry.outcomes.add(atSecond, snapshot.outcomes);
    entry.serverErrors.add(atSecond, snapshot.serverErrors);
    hasFailures ||= entry.failures.latest().size > 0;
  }

  function minuteOf({ now: { snapshot, verdicts }, own, upstreams, peers }: JobEntry): JobMinute {
    const byName = new Map(upstreams.map((each) => [each.upstream, each]));
    const verdictOf = verdictFinder(verdicts);
    return {
      job: snapshot.job,
      verdicts,
      upstreams,
      own: own.minute,
      peers: peers.map((entry) => ({
        job: snapshot.job,
        snapshot: entry.snapshot,
        failures: entry.failures,
        attempts: entry.attempts,
        failingSinceMs: entry.failingSinceMs,
        upstream: byName.get(entry.snapshot.upstream) ?? null,
        connectTime: recent(entry.connect),
        responseTime: recent(entry.response),
        verdict: verdictOf(entry),
      })),
    };
  }

  return {
    observe(all, { wallMs, monotonicMs }) {
      atSecond = Math.floor(monotonicMs / 1000);
      hasFailures = false;
      const next = new Map<string, JobEntry>();
      for (const now of all) {
        const { job, upstreams, peers } = now.snapshot;
        const before = jobs.get(job);
        const entry = {
          now,
          own: before?.own ?? createOwnFailures(),
          upstreams: matched(before?.upstreams ?? [], upstreams, isUpstream, newUpstream),
          peers: matched(before?.peers ?? [], peers, isPeer, newPeer),
        };
        // After a start the first totals hold what was logged while nobody looked: not the last minute.
        if (before === undefined) begin(entry);
        for (const [i, each] of entry.upstreams.entries()) observeUpstream(each, upstreams[i] as UpstreamSnapshot);
        for (const [i, each] of entry.peers.entries()) observePeer(each, peers[i] as PeerSnapshot, wallMs);
        entry.own.observe(atSecond, now.snapshot.connectFailures, entry.upstreams);
        hasFailures ||= entry.own.minute.failures.latest().size > 0;
        next.set(job, entry);
      }
      // What is no longer in a snapshot is gone: memory is bounded as the snapshots are.
      jobs = next;
    },
    hasFailures: () => hasFailures,
    jobs: () => Array.from(jobs.values(), minuteOf),
  };
}

function begin({ now: { snapshot }, own, upstreams, peers }: JobEntry): void {
  own.begin(snapshot.connectFailures);
  for (const [i, { failures, outcomes, serverErrors }] of upstreams.entries()) {
    failures.begin(snapshot.upstreams[i]?.failures);
    outcomes.begin(snapshot.upstreams[i]?.outcomes);
    serverErrors.begin(snapshot.upstreams[i]?.serverErrors);
  }
  for (const { snapshot: first, failures, attempts } of peers) {
    failures.begin(first.failures);
    attempts.begin(first.attempts);
  }
}

const isUpstream = (entry: UpstreamMinute, { upstream }: UpstreamSnapshot): boolean => entry.upstream === upstream;
const isPeer = ({ snapshot }: PeerEntry, { upstream, peer }: PeerSnapshot): boolean =>
  snapshot.peer === peer && snapshot.upstream === upstream;

const newUpstream = ({ upstream }: UpstreamSnapshot): UpstreamMinute => ({
  upstream,
  failures: createMinute<FailureKind>(),
  outcomes: createMinute<Outcome>(),
  serverErrors: createMinute<ErrorMaker>(),
});

const newPeer = (snapshot: PeerSnapshot): PeerEntry => ({
  snapshot,
  failures: createMinute<PeerKind>(),
  attempts: createMinute<AttemptKind>(),
  connect: null,
  response: null,
  failingSinceMs: null,
});

/** The entry of each snapshot, in their order. They rarely change: nearly always all stand where they stood. */
function matched<E, S>(
  entries: readonly E[],
  snapshots: readonly S[],
  isOf: (entry: E, snapshot: S) => boolean,
  create: (snapshot: S) => E,
): readonly E[] {
  const isSame = entries.length === snapshots.length && entries.every((each, i) => isOf(each, snapshots[i] as S));
  if (isSame) return entries;
  return snapshots.map((snapshot) => entries.find((each) => isOf(each, snapshot)) ?? create(snapshot));
}

/** Its own, else that of its group, which is the trouble of each peer, else a limit of nginx that it ran into. */
function verdictFinder(verdicts: readonly Verdict[]): (entry: PeerEntry) => Verdict | null {
  const known = new Map(verdicts.map((each) => [`${each.is} ${each.name}`, each]));
  const nginx = known.get('nginx nginx');
  if (known.size === 0) return () => null;
  return ({ snapshot: { peer, upstream }, failures }) =>
    known.get(`peer ${peer}`) ??
    known.get(`group ${upstream}`) ??
    (nginx !== undefined && failures.sums().has(nginx.cause as PeerKind) ? nginx : null);
}
