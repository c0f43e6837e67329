import { tally as zeros } from '../../aggregate/failures/tally.ts';
import { keepNewest } from '../../base/collections.ts';
import type { Facts } from '../../diagnose/facts/facts.ts';
import type { Failing } from '../../diagnose/impact/failures.ts';
import { keepEnded, type PastVerdict, pastVerdict } from '../../diagnose/rules/ended.ts';
import type { Judged } from '../../diagnose/rules/judge.ts';
import { subjectOf } from '../../diagnose/rules/subject.ts';
import { word } from '../../diagnose/words/wording.ts';
import type { Verdict } from '../../functions/facts.ts';
import { type Counts, type PeerCause, type PeerSnapshot, peerCauses } from '../../model.ts';
import type { Log } from '../../netdata/log.ts';

/** The verdicts that stand, each reported once to the log. */
export interface Verdicts {
  /** Takes over what was judged now. */
  judged(all: readonly Judged[], facts: Facts): void;
  /** Forgets what last failed before; what no longer stands is reported. */
  forgetBefore(ms: number): void;
  standing(): readonly StandingVerdict[];
  /** JSON for `diagnose`: also what has been forgotten here, for a day. */
  text(nowMs: number): string;
  /** Whether `text` has something new since it was last called. */
  hasChanged(): boolean;
}

export interface StandingVerdict extends Omit<Verdict, 'is'> {
  readonly is: Judged['subject']['is'];
  readonly upstream: string;
  readonly causes: readonly PeerCause[];
  /** Of the first failure that it explains; milliseconds since 1970. */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** It ended, as far as can be seen. */
  readonly isOver: boolean;
}

interface Entry {
  readonly judged: Judged;
  readonly standing: StandingVerdict;
}

const keptMs = 86_400_000;
const mostKept = 500;
/** Shorter than the time within which two verdicts are about the same failures. */
const staleMs = 5000;
const weights = { certain: 2, likely: 1, unknown: 0 } as const;

/** It fails in no other way than at the check before. */
function isOfKinds(before: Judged, now: Judged): boolean {
  return [...now.failures.keys()].every((kind) => before.failures.has(kind));
}

/** A check that could not probe again knows no more than the one before. */
function firmer(before: Judged | undefined, now: Judged): Judged {
  const [old] = before?.findings ?? [];
  const [fresh] = now.findings;
  if (before === undefined || old === undefined || fresh === undefined || before.isOver || now.isOver) return now;
  const tcp = now.subject.is === 'peer' ? now.subject.peer.tcp : null;
  const isBlind = tcp?.probe.is === 'not_probed';
  const isSame = old.code === fresh.code && weights[old.sureness] > weights[fresh.sureness];
  // Of another host only a test connection shows more than the lines: without one the verdict of ten seconds ago stands.
  const isTooSoon = isBlind && tcp?.home === 'elsewhere' && weights[old.sureness] > 0 && isOfKinds(before, now);
  if (isSame || isTooSoon || (isBlind && fresh.code === 'unknown')) return { ...now, findings: before.findings };
  return now;
}

function standingOf(judged: Judged, sinceMs: number, facts: Facts): StandingVerdict | null {
  const [finding] = judged.findings;
  if (finding === undefined) return null;
  const { code: cause, sureness, evidence, rulesOut } = finding;
  return {
    is: judged.subject.is,
    name: judged.name,
    upstream: judged.upstream,
    causes: judged.findings.map(({ code }) => code),
    cause,
    sureness,
    evidence,
    rulesOut,
    place: subjectOf(finding, judged, facts).at,
    words: () => word(finding, judged, facts),
    sinceMs,
    lastMs: judged.lastMs,
    isOver: judged.isOver,
  };
}

/** In the words of alerts: `process down (certain)`. */
export function labelOf({ cause, sureness }: StandingVerdict): string {
  return `${cause.replaceAll('_', ' ')} (${sureness})`;
}

/** For the functions: a name that does not resolve is its upstream's trouble. */
export function verdictsOf(standing: readonly StandingVerdict[]): readonly Verdict[] {
  return standing.flatMap((each): readonly Verdict[] => {
    const { is, name, upstream, cause, sureness, evidence, rulesOut, place, words } = each;
    const rest = { cause, sureness, evidence, rulesOut, place, words };
    if (is !== 'name') return [{ is, name, ...rest }];
    return upstream === '' ? [] : [{ is: 'group', name: upstream, ...rest }];
  });
}

/** A group without a live peer is each of its peers' trouble, and nginx's own limits are everybody's. */
export function concerning(
  { peer, upstream }: PeerSnapshot,
  standing: readonly StandingVerdict[],
): readonly StandingVerdict[] {
  if (standing.length === 0) return standing;
  const own = standing.filter((each) => each.is === 'peer' && each.name === peer);
  const group = standing.filter((each) => each.is === 'group' && each.name === upstream);
  const all = standing.filter((each) => each.is === 'nginx' && each.cause !== 'unknown');
  // What is over stands behind what continues: the first is the label.
  return [...own, ...group, ...all].sort((a, b) => Number(a.isOver) - Number(b.isOver));
}

const noCauses = zeros(peerCauses);

function foundCauses(concern: readonly StandingVerdict[]): Counts<PeerCause> {
  if (concern.length === 0) return noCauses;
  const causes = { ...noCauses };
  for (const { causes: found } of concern) for (const code of found) causes[code] = 1;
  return causes;
}

/** A peer with the verdicts that concern it. Peers over the cap have none. */
export function withCauses(
  peer: PeerSnapshot,
  concern: readonly StandingVerdict[],
  hungRequests: number,
): PeerSnapshot {
  if (peer.origin === 'other') return peer;
  const [first] = concern;
  return {
    ...peer,
    causes: foundCauses(concern),
    ...(first === undefined ? {} : { verdict: labelOf(first) }),
    ...(hungRequests === 0 ? {} : { hung: hungRequests }),
  };
}

/** No verdict concerned it, and no request hung at it. */
export function isUnconcerned({ origin, causes, hung = 0 }: PeerSnapshot): boolean {
  return origin === 'other' || (causes === noCauses && hung === 0);
}

export function createVerdicts(job: string, log: Log): Verdicts {
  const entries = new Map<string, Entry>();
  const past = new Map<string, PastVerdict>();
  /** Evidence may change each time, a verdict is reported once. */
  const told = new Map<string, string>();
  let changed = false;
  let writtenMs = Number.NEGATIVE_INFINITY;

  function tell({ name, cause, sureness, evidence, isOver, words }: StandingVerdict): void {
    const text = `${cause} (${sureness})${isOver ? ', ended' : ''}`;
    if (told.get(name) === text) return;
    told.set(name, text);
    changed = true;
    const { what, next } = words();
    const run = next[0] === undefined ? '' : `; run: ${next[0]}`;
    const line = `${name}: ${text}: ${what}; ${evidence.join('; ')}${run}`;
    if (isOver) log.info(line, { job });
    else log.warning(line, { job });
  }

  function keepPast(name: string, judged: Judged): void {
    const one = pastVerdict(judged);
    if (one === null || one.cause === 'unknown') return;
    past.delete(name);
    past.set(name, one);
    keepNewest(past, mostKept);
    // Whoever reads the file later must find that it is about the same failures.
    if (one.lastMs > writtenMs + staleMs) changed = true;
  }

  return {
    judged(all, facts) {
      for (const fresh of all) {
        const before = entries.get(fresh.name);
        const ended = keepEnded(fresh, past.get(fresh.name) ?? null, facts.nowMs);
        const now = firmer(before?.judged, ended);
        // What began before the lines that are still kept began no later than it was first reported.
        const sinceMs = Math.min(now.firstMs, before?.standing.sinceMs ?? now.firstMs);
        const standing = standingOf(now, sinceMs, facts);
        if (standing === null) continue;
        entries.set(fresh.name, { judged: now, standing });
        if (!now.isOver) keepPast(fresh.name, { ...now, firstMs: sinceMs });
        tell(standing);
      }
    },
    forgetBefore(ms) {
      for (const [name, { judged }] of entries) {
        if (judged.lastMs >= ms) continue;
        entries.delete(name);
        changed = true;
        if (told.delete(name)) log.info(`${name}: no longer failing`, { job });
      }
    },
    standing: () => Array.from(entries.values(), ({ standing }) => standing),
    text(nowMs) {
      changed = false;
      writtenMs = nowMs;
      const kept = [...past].filter(([, { lastMs }]) => nowMs - lastMs < keptMs);
      return JSON.stringify(Object.fromEntries(kept));
    },
    hasChanged: () => changed,
  };
}

export function isEmpty({ peers, groups, names, nginx }: Failing): boolean {
  return peers.length + groups.length + names.length + nginx.size === 0;
}

/** Something fails that no verdict stands for, or failed again after it was over. */
export function isNew({ peers, groups, names, nginx }: Failing, standing: readonly StandingVerdict[]): boolean {
  const byName = new Map(standing.map((each) => [each.name, each]));
  const isOpen = (name: string, lastMs: number): boolean => {
    const verdict = byName.get(name);
    return verdict === undefined || (verdict.isOver && lastMs > verdict.lastMs);
  };
  const lastOf = (failures: Failing['nginx']): number =>
    Math.max(Number.NEGATIVE_INFINITY, ...[...failures.values()].map(({ lastMs }) => lastMs));
  return (
    peers.some(({ peer, failures }) => isOpen(peer, lastOf(failures))) ||
    groups.some(({ upstream, failures }) => isOpen(upstream, failures.lastMs)) ||
    names.some(({ name, failures }) => isOpen(name, failures.lastMs)) ||
    (nginx.size > 0 && isOpen('nginx', lastOf(nginx)))
  );
}
