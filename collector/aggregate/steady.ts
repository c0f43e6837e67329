import type { Entry } from './instances.ts';

/**
 * Snapshots of instances, most of which are as they were a second ago: what rests is not made again
 * (docs/decisions/0241-a-quiet-tick.md).
 */
export interface SteadySnapshots<C, S> {
  /**
   * One for each entry. The same object as before where nothing can have changed; the same list where that is so for all.
   *
   * @param terms what every snapshot depends on besides its entry: another text, and all are made again
   */
  of(entries: readonly Entry<C>[], terms: string, ways: SnapshotWays<C, S>): readonly S[];
}

export interface SnapshotWays<C, S> {
  readonly make: (entry: Entry<C>) => S;
  /** Nothing in its counters moves along with time, until they are used again. */
  readonly isAtRest: (entry: Entry<C>) => boolean;
}

export function createSteadySnapshots<C, S>(): SteadySnapshots<C, S> {
  let known: readonly Entry<C>[] | null = null;
  let termsBefore = '';
  let made: readonly S[] = [];
  /** By place: how often the entry had been used when its snapshot was made. */
  let uses: number[] = [];
  let resting: boolean[] = [];

  return {
    of(entries, terms, { make, isAtRest }) {
      const isSameList = entries === known;
      if (!isSameList) {
        known = entries;
        uses = entries.map(() => -1);
        resting = entries.map(() => false);
      }
      const stands = isSameList && terms === termsBefore;
      termsBefore = terms;
      let next: S[] | null = stands ? null : [];
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry<C>;
        if (stands && resting[i] === true && uses[i] === entry.uses) {
          next?.push(made[i] as S);
          continue;
        }
        next ??= made.slice(0, i);
        next.push(make(entry));
        // What was counted since the snapshot before is of this tick only.
        resting[i] = uses[i] === entry.uses && isAtRest(entry);
        uses[i] = entry.uses;
      }
      made = next ?? made;
      return made;
    },
  };
}
