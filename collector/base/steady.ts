/** A list that is mapped again and again, and of which most stays what it was: docs/decisions/0241-a-quiet-tick.md. */
export interface SteadyMap<A, B> {
  /**
   * One result for each. The result of before where the same object stands at the same place; the list of before where that
   * is so for all.
   *
   * @param stands whether `make` would give the same again, for an object that is the same
   */
  of(
    list: readonly A[],
    make: (one: A, at: number) => B,
    stands: (one: A, made: B, at: number) => boolean,
  ): readonly B[];
}

export function createSteadyMap<A, B>(): SteadyMap<A, B> {
  let before: readonly A[] = [];
  let made: readonly B[] = [];

  return {
    of(list, make, stands) {
      let next: B[] | null = list.length === before.length ? null : [];
      for (let at = 0; at < list.length; at++) {
        const one = list[at] as A;
        if (at < before.length && one === before[at] && stands(one, made[at] as B, at)) {
          next?.push(made[at] as B);
          continue;
        }
        next ??= made.slice(0, at);
        next.push(make(one, at));
      }
      before = list;
      made = next ?? made;
      return made;
    },
  };
}
