/** What the last minute was like for every upstream and peer of all jobs: fed once a tick, asked when somebody calls. */
import type {
  AttemptKind,
  FailureKind,
  Outcome,
  PeerKind,
  PeerSnapshot,
  Percentiles,
  UpstreamSnapshot,
} from '../model.ts';
import type { JobNow, Verdict } from './facts.ts';
import { createMinute, type Minute } from './minute.ts';

export interface UpstreamMinute {
  readonly failures: Minute<FailureKind>;
  readonly outcomes: Minute<Outcome>;
}

export interface PeerMinute {
  readonly job: string;
  readonly snapshot: PeerSnapshot;
  readonly upstream: UpstreamMinute | null;
  readonly failures: Minute<PeerKind>;
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
  readonly upstreams: ReadonlyMap<string, UpstreamMinute>;
  readonly peers: readonly PeerMinute[];
  readonly verdicts: readonly Verdict[];
}

/** Intervals go by the monotonic clock, which does not jump; what is shown is the time of day. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface Watch {
  observe(jobs: readonly JobNow[], now: Now): void;
  jobs(): readonly JobMinute[];
}

interface Timed {
  readonly second: number;
  readonly value: Percentiles;
}

type Kept<T> = { -readonly [K in keyof T]: T[K] };

interface PeerEntry extends Kept<Omit<PeerMinute, 'connectTime' | 'responseTime' | 'upstream' | 'verdict'>> {
  connect: Timed | null;
  response: Timed | null;
}

const minuteSeconds = 60;

export function createWatch(): Watch {
  let peers = new Map<string, PeerEntry>();
  let upstreams = new Map<string, UpstreamMinute>();
  let latest: readonly JobNow[] = [];
  let atSecond = 0;

  const recent = (timed: Timed | null): Percentiles | null =>
    timed !== null && atSecond - timed.second < minuteSeconds ? timed.value : null;

  function observePeer(job: string, snapshot: PeerSnapshot, nowMs: number): PeerEntry {
    const entry = peers.get(peerKey(job, snapshot)) ?? {
      job,
      snapshot,
      failures: createMinute<PeerKind>(),
      attempts: createMinute<AttemptKind>(),
      connect: null,
      response: null,
      failingSinceMs: null,
    };
    entry.snapshot = snapshot;
    entry.failures.add(atSecond, snapshot.failures);
    entry.attempts.add(atSecond, snapshot.attempts);
    if (snapshot.connectTime) entry.connect = { second: atSecond, value: snapshot.connectTime };
    if (snapshot.responseTime) entry.response = { second: atSecond, value: snapshot.responseTime };
    entry.failingSinceMs = entry.failures.sum() === 0 ? null : (entry.failingSinceMs ?? nowMs);
    return entry;
  }

  function observeUpstream(job: string, snapshot: UpstreamSnapshot): UpstreamMinute {
    const entry = upstreams.get(`${job}\0${snapshot.upstream}`) ?? {
      failures: createMinute<FailureKind>(),
      outcomes: createMinute<Outcome>(),
    };
    entry.failures.add(atSecond, snapshot.failures);
    entry.outcomes.add(atSecond, snapshot.outcomes);
    return entry;
  }

  return {
    observe(jobs, { wallMs, monotonicMs }) {
      latest = jobs;
      atSecond = Math.floor(monotonicMs / 1000);
      const nextPeers = new Map<string, PeerEntry>();
      const nextUpstreams = new Map<string, UpstreamMinute>();
      for (const { snapshot } of jobs) {
        for (const each of snapshot.upstreams) {
          nextUpstreams.set(`${snapshot.job}\0${each.upstream}`, observeUpstream(snapshot.job, each));
        }
        for (const each of snapshot.peers) {
          nextPeers.set(peerKey(snapshot.job, each), observePeer(snapshot.job, each, wallMs));
        }
      }
      // What is no longer in a snapshot is gone: memory is bounded as the snapshots are.
      peers = nextPeers;
      upstreams = nextUpstreams;
    },

    jobs: () =>
      latest.map(({ snapshot: { job, upstreams: all, peers: allPeers }, verdicts }) => ({
        job,
        verdicts,
        upstreams: new Map(
          all.flatMap(({ upstream }) => {
            const minute = upstreams.get(`${job}\0${upstream}`);
            return minute === undefined ? [] : [[upstream, minute] as const];
          }),
        ),
        peers: allPeers.flatMap((each) => {
          const entry = peers.get(peerKey(job, each));
          if (entry === undefined) return [];
          const { connect, response, ...rest } = entry;
          return [
            {
              ...rest,
              upstream: upstreams.get(`${job}\0${each.upstream}`) ?? null,
              connectTime: recent(connect),
              responseTime: recent(response),
              verdict: verdictOf(entry, verdicts),
            },
          ];
        }),
      })),
  };
}

const peerKey = (job: string, { upstream, peer }: PeerSnapshot): string => `${job}\0${upstream}\0${peer}`;

/** Its own, else that of its group, which is the trouble of each peer, else a limit of nginx that it ran into. */
function verdictOf({ snapshot, failures }: PeerEntry, verdicts: readonly Verdict[]): Verdict | null {
  const find = (wanted: Verdict['is'], name: string) =>
    verdicts.find((each) => each.is === wanted && each.name === name) ?? null;
  const own = find('peer', snapshot.peer) ?? find('group', snapshot.upstream);
  if (own !== null || failures.sum() === 0) return own;
  const nginx = find('nginx', 'nginx');
  return nginx !== null && failures.sums().has(nginx.cause as PeerKind) ? nginx : null;
}
