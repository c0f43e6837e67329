/** Incidents of every upstream: when it began to fail, how badly, whom it affected, and why. The last 200 are kept. */
import { addTo, pairKey, total } from '../base/collections.ts';
import { isObject, parseObject } from '../base/json.ts';
import type { Sureness } from '../model.ts';
import type { Verdict } from './facts.ts';
import { clientImpact } from './impact.ts';
import type { UpstreamMinute } from './minute.ts';
import type { JobMinute, Now, PeerMinute } from './watch.ts';

export interface UpstreamIncident {
  readonly job: string;
  readonly upstream: string;
  /** Milliseconds since 1970. */
  readonly beganMs: number;
  readonly lastMs: number;
  /** null: it continues. */
  readonly endedMs: number | null;
  readonly failures: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly peakPerMinute: number;
  readonly peers: readonly string[];
  /** Client requests of this upstream meanwhile: null where the access log cannot show. */
  readonly affected: number | null;
  readonly masked: number | null;
  readonly cause: string | null;
  readonly sureness: Sureness | null;
}

export interface Incidents {
  observe(jobs: readonly JobMinute[], now: Now): void;
  /** Newest first. */
  all(): readonly UpstreamIncident[];
  /** Changes when one begins, ends, or its cause is found: then it is worth writing at once. */
  chapter(): number;
  isOngoing(): boolean;
  text(): string;
  /** Takes over what a process before has written; anything else is no incident. */
  restore(text: string, now: Now): void;
}

const mostIncidents = 200;
const mostPeers = 20;
/** Without a failure for so long it is over. */
const pauseMs = 60_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Open {
  readonly incident: Mutable<UpstreamIncident>;
  /** When the last failure was, by the monotonic clock. */
  lastMs: number;
}

export function createIncidents(): Incidents {
  let incidents: Mutable<UpstreamIncident>[] = [];
  const open = new Map<string, Open>();
  let chapter = 0;

  function begin(job: string, upstream: string, { wallMs }: Now): Mutable<UpstreamIncident> {
    const began = {
      job,
      upstream,
      beganMs: wallMs,
      lastMs: wallMs,
      endedMs: null,
      failures: 0,
      kinds: {},
      peakPerMinute: 0,
      peers: [],
      affected: null,
      masked: null,
      cause: null,
      sureness: null,
    };
    const dropped = incidents[mostIncidents - 1];
    incidents = [began, ...incidents].slice(0, mostIncidents);
    for (const [key, { incident }] of open) if (incident === dropped) open.delete(key);
    chapter++;
    return began;
  }

  function fail(job: string, minute: UpstreamMinute, peers: readonly string[], now: Now): void {
    const key = pairKey(job, minute.upstream);
    const incident = open.get(key)?.incident ?? begin(job, minute.upstream, now);
    open.set(key, { incident, lastMs: now.monotonicMs });
    record(incident, minute, peers, now);
  }

  /** The surest that was ever found: when peers serve again, what ended them must still be readable. */
  function explain(incident: Mutable<UpstreamIncident>, verdicts: readonly Verdict[]): void {
    const known = weightOf(incident.cause, incident.sureness);
    const better = verdicts.find(({ cause, sureness }) => weightOf(cause, sureness) > known);
    if (better === undefined) return;
    incident.cause = better.cause;
    incident.sureness = better.sureness;
    chapter++;
  }

  function observeJob({ job, upstreams, own, peers, verdicts }: JobMinute, now: Now): void {
    const concerned = peers.filter(({ verdict, failures }) => verdict !== null || failures.latest().size > 0);
    const byUpstream = new Map<string, PeerMinute[]>();
    for (const peer of concerned) addTo(byUpstream, peer.snapshot.upstream, peer);
    for (const minute of [...upstreams, own]) {
      const of = byUpstream.get(minute.upstream) ?? [];
      if (minute.failures.latest().size > 0) {
        const failed = of.filter(({ failures }) => failures.latest().size > 0);
        fail(
          job,
          minute,
          failed.map(({ snapshot }) => snapshot.peer),
          now,
        );
      }
      const incident = open.get(pairKey(job, minute.upstream))?.incident;
      if (incident === undefined) continue;
      recordClients(incident, minute);
      explain(incident, [
        ...of.flatMap(({ verdict }) => verdict ?? []),
        ...verdicts.filter(({ is, name, cause }) =>
          is === 'nginx'
            ? minute === own || Object.hasOwn(incident.kinds, cause)
            : is === 'group' && name === minute.upstream,
        ),
      ]);
    }
  }

  return {
    observe(jobs, now) {
      for (const of of jobs) observeJob(of, now);
      for (const [key, { incident, lastMs }] of open) {
        if (now.monotonicMs - lastMs < pauseMs) continue;
        incident.endedMs = incident.lastMs;
        open.delete(key);
        chapter++;
      }
    },
    all: () => incidents,
    chapter: () => chapter,
    isOngoing: () => open.size > 0,
    text: () => JSON.stringify({ version: 1, incidents }),
    restore(text, { wallMs, monotonicMs }) {
      incidents = incidentsOf(text).slice(0, mostIncidents);
      for (const each of incidents) {
        if (each.endedMs !== null) continue;
        const sinceMs = wallMs - each.lastMs;
        if (sinceMs >= 0 && sinceMs < pauseMs) {
          open.set(pairKey(each.job, each.upstream), { incident: each, lastMs: monotonicMs - sinceMs });
        }
        // Whether it continued while nobody looked is not known: it ended with the last failure that was seen.
        else each.endedMs = each.lastMs;
      }
    },
  };
}

function record(incident: Mutable<UpstreamIncident>, minute: UpstreamMinute, peers: readonly string[], now: Now): void {
  const kinds = { ...incident.kinds };
  for (const [kind, count] of minute.failures.latest()) kinds[kind] = (kinds[kind] ?? 0) + count;
  incident.kinds = kinds;
  incident.lastMs = now.wallMs;
  incident.failures += total(minute.failures.latest().values());
  incident.peakPerMinute = Math.max(incident.peakPerMinute, minute.failures.sum());
  if (incident.peers.length >= mostPeers || peers.every((peer) => incident.peers.includes(peer))) return;
  incident.peers = [...new Set([...incident.peers, ...peers])].slice(0, mostPeers);
}

function recordClients(incident: Mutable<UpstreamIncident>, { outcomes }: UpstreamMinute): void {
  if (!outcomes.isKnown()) return;
  const { affected, masked } = clientImpact(outcomes.latest());
  incident.affected = (incident.affected ?? 0) + affected;
  incident.masked = (incident.masked ?? 0) + masked;
}

const weights = { unknown: 1, likely: 3, certain: 4 } as const;
/** That all peers are out of use is certain, but it has a cause: any that is likely says more. */
const consequence = 2;

function weightOf(cause: string | null, sureness: Sureness | null): number {
  if (sureness === null) return 0;
  return cause === 'ejected' ? consequence : weights[sureness];
}

function incidentsOf(text: string): Mutable<UpstreamIncident>[] {
  const { version, incidents } = parseObject(text) ?? {};
  return version === 1 && Array.isArray(incidents) ? incidents.filter(isIncident) : [];
}

function isIncident(value: unknown): value is UpstreamIncident {
  if (!isObject(value)) return false;
  const of = value;
  const isNumber = (key: string) => Number.isFinite(of[key]);
  const isMaybe = (key: string, type: string) => of[key] === null || typeof of[key] === type;
  return (
    typeof of['job'] === 'string' &&
    typeof of['upstream'] === 'string' &&
    ['beganMs', 'lastMs', 'failures', 'peakPerMinute'].every(isNumber) &&
    ['endedMs', 'affected', 'masked'].every((key) => isMaybe(key, 'number')) &&
    isMaybe('cause', 'string') &&
    (of['sureness'] === null || Object.hasOwn(weights, String(of['sureness']))) &&
    Array.isArray(of['peers']) &&
    of['peers'].every((peer) => typeof peer === 'string') &&
    typeof of['kinds'] === 'object' &&
    of['kinds'] !== null &&
    Object.values(of['kinds']).every((count) => Number.isFinite(count))
  );
}
