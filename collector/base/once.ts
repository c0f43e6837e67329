/** Worked out when it is first asked for, and not again. */
export function once<T>(work: () => T): () => T {
  let found: { readonly is: T } | null = null;
  return () => {
    found ??= { is: work() };
    return found.is;
  };
}
