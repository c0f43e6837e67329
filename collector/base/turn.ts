/** All of them, beginning with that at `first` (counted on from the end): so that nobody is always last. */
export function inTurn<T>(all: readonly T[], first: number): readonly T[] {
  const from = all.length === 0 ? 0 : first % all.length;
  return [...all.slice(from), ...all.slice(0, from)];
}
