/** Failures by a name that may be a client's: the frequent names are kept, in bounded memory. */
import { total } from '../../base/collections.ts';
import { ownCopy } from '../../base/own-copy.ts';
import { type Counts, type FailureKind, failureKinds } from '../../model.ts';
import { type Tally, tally } from '../failures/tally.ts';
import { otherPeer } from './peers.ts';

export interface NamedFailures {
  /** `other`: rare names, of which there were too many. */
  readonly name: string;
  readonly failures: Partial<Counts<FailureKind>>;
}

export interface FailuresByName {
  record(name: string | null, kind: FailureKind, times?: number): void;
  /** Those with most failures first. */
  all(): readonly NamedFailures[];
}

const mostNames = 1000;
const longestName = 255;

export const sumOfKinds = (counts: Partial<Counts<FailureKind>>): number => total(Object.values(counts));

/** Twice the limit is kept; then the rarer half goes into `other`. */
export function createFailuresByName(limit = mostNames): FailuresByName {
  let names = new Map<string, Tally<FailureKind>>();
  const other = tally(failureKinds);

  const byFailures = () => [...names].sort(([a, x], [b, y]) => sumOfKinds(y) - sumOfKinds(x) || (a < b ? -1 : 1));

  function shorten(): void {
    const sorted = byFailures();
    names = new Map(sorted.slice(0, limit));
    for (const [, counts] of sorted.slice(limit)) for (const kind of failureKinds) other[kind] += counts[kind];
  }

  return {
    record(name, kind, times = 1) {
      if (name === null || name === '') return;
      let counts = names.get(name);
      if (counts === undefined) {
        counts = tally(failureKinds);
        names.set(ownCopy(name.slice(0, longestName)), counts);
      }
      counts[kind] += times;
      if (names.size > 2 * limit) shorten();
    },
    all() {
      if (names.size > limit) shorten();
      const rows = byFailures().map(([name, counts]) => ({ name, failures: occurring(counts) }));
      return sumOfKinds(other) === 0 ? rows : [...rows, { name: otherPeer, failures: occurring(other) }];
    },
  };
}

function occurring(counts: Counts<FailureKind>): Partial<Counts<FailureKind>> {
  return Object.fromEntries(failureKinds.flatMap((kind) => (counts[kind] > 0 ? [[kind, counts[kind]]] : [])));
}
