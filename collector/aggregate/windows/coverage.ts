import { createAccounts } from './accounts.ts';

/** What of an upstream's requests the access logs have, by nginx's configuration. */
export interface CoverageFacts {
  /** Every place that passes to these upstreams logs its attempts where the plugin reads them. */
  readonly covered: ReadonlySet<string>;
  /** These are known, and some place that passes to them does not. */
  readonly uncovered: ReadonlySet<string>;
  /** How long a line may wait in nginx's buffer, seconds. */
  readonly flushSeconds: number;
}

/** Decided by the configuration, else learned per upstream, and kept over a restart. */
export interface CoverageBook {
  follow(facts: CoverageFacts): void;
  isCovered(upstream: string): boolean;
  /** Grows when `isCovered` may have another answer than before, for any upstream. */
  version(): number;
  /** Attempts of this upstream have been seen in an access log. */
  seen(upstream: string): void;
  expectAttempt(peer: string, second: number, times?: number): void;
  attempted(peer: string, second: number): void;
  /**
   * Failures that no attempt accounts for, by peer, once the time for it is over. To be called once per tick.
   *
   * @param readable the access logs are read: of what nobody can read, nothing is missed, and nothing is waited for
   */
  settle(second: number, readable: boolean): ReadonlyMap<string, number>;
  /** Failures of this upstream were not in the access log, though they should have been. */
  missed(upstream: string, count: number): void;
  /** What was learned, for the next process. */
  save(): readonly string[];
  restore(learned: readonly string[]): void;
}

/** An attempt is logged when its request ends: so long it may take. */
const graceSeconds = 90;
/** So many failures that no attempt accounts for, and the configuration is no longer believed. */
const mostMissed = 3;

const nothing: CoverageFacts = { covered: new Set(), uncovered: new Set(), flushSeconds: 0 };

export function createCoverage(): CoverageBook {
  const accounts = createAccounts();
  const seenUpstreams = new Set<string>();
  const missed = new Map<string, number>();
  let facts = nothing;
  let isReadable = true;
  let version = 0;

  function believed(now: boolean): void {
    if (now !== isReadable) version++;
    isReadable = now;
  }

  return {
    follow(next) {
      const isSame = [...next.covered].every((name) => facts.covered.has(name));
      // What was learned was about another configuration.
      if (!isSame && facts !== nothing) missed.clear();
      facts = next;
      version++;
    },
    isCovered(upstream) {
      if (!isReadable || (missed.get(upstream) ?? 0) >= mostMissed || facts.uncovered.has(upstream)) return false;
      return facts.covered.has(upstream) || seenUpstreams.has(upstream);
    },
    version: () => version,
    seen(upstream) {
      if (seenUpstreams.has(upstream)) return;
      seenUpstreams.add(upstream);
      version++;
    },
    expectAttempt: accounts.failed,
    attempted: accounts.attempted,
    settle(second, readable) {
      believed(readable);
      const unaccounted = accounts.settle(second, graceSeconds + facts.flushSeconds);
      return readable ? unaccounted : new Map();
    },
    missed(upstream, count) {
      missed.set(upstream, (missed.get(upstream) ?? 0) + count);
      version++;
    },
    save: () => [...missed].filter(([, count]) => count >= mostMissed).map(([upstream]) => upstream),
    restore(learned) {
      for (const upstream of learned) missed.set(upstream, mostMissed);
      version++;
    },
  };
}
