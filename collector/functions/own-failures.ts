import { sumOf } from '../base/collections.ts';
import type { ConnectKind, Counts, ErrorMaker, FailureKind, Outcome } from '../model.ts';
import type { UpstreamMinute } from './minute.ts';
import { createMinute } from './minute.ts';

/** Failures of a job that no upstream accounts for: names that do not resolve, limits that nginx itself ran into. */
export interface OwnFailures {
  /** @param total of the entire job; null or undefined: not known at this tick */
  observe(second: number, total: Counts<ConnectKind> | null | undefined, upstreams: readonly UpstreamMinute[]): void;
  begin(total: Counts<ConnectKind> | null | undefined): void;
  readonly minute: UpstreamMinute;
}

/** An upstream that is really called so shares its incidents, which is harmless. */
const ownName = '(nginx itself)';

export function createOwnFailures(): OwnFailures {
  const all = createMinute<ConnectKind>();
  const minute = {
    upstream: ownName,
    failures: createMinute<FailureKind>(),
    outcomes: createMinute<Outcome>(),
    serverErrors: createMinute<ErrorMaker>(),
  };
  let totals: Partial<Readonly<Record<FailureKind, number>>> = {};

  return {
    minute,
    begin: all.begin,
    observe(second, total, upstreams) {
      all.add(second, total);
      for (const [kind, count] of all.latest()) {
        const theirs = sumOf(upstreams, ({ failures }) => failures.latest().get(kind) ?? 0);
        if (count > theirs) totals = { ...totals, [kind]: (totals[kind] ?? 0) + count - theirs };
      }
      minute.failures.add(second, totals);
    },
  };
}
