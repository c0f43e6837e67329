/** Which places write to the same logs. */
import { bounds, limited, type Problems } from '../bounds.ts';
import type { Directive, LogSet, Place } from '../types.ts';

/** The logs of directives, each with the number it has in the list; null is the default. */
export function createLogList<L extends { readonly proxied: boolean }>() {
  const numbers = new Map<Directive | null, number>();
  const logs: L[] = [];
  return {
    logs,
    /** The number of the directive's log; `read` is asked the first time. */
    put(directive: Directive | null, proxied: boolean, read: () => L): number {
      const known = numbers.get(directive);
      const number = known ?? logs.length;
      numbers.set(directive, number);
      const log = logs[number] ?? read();
      if (known === undefined || (proxied && !log.proxied)) logs[number] = { ...log, proxied: log.proxied || proxied };
      return number;
    },
  };
}

/** Distinct sets of logs, with the places that write to them taken together. */
export function createLogSets() {
  const sets = new Map<string, LogSet>();
  return {
    add(logs: readonly number[], proxied: boolean): void {
      const key = logs.join(' ');
      if (logs.length > 0) sets.set(key, { logs, proxied: proxied || sets.get(key)?.proxied === true });
    },
    all: (): readonly LogSet[] => [...sets.values()],
  };
}

/**
 * As many logs as are followed, those of upstreams first. A place whose logs are all beyond the bound has no set.
 */
export function withinBounds<L extends Place & { readonly proxied: boolean }>(
  all: readonly L[],
  sets: readonly LogSet[],
  what: string,
  problems: Problems,
): { readonly logs: readonly L[]; readonly sets: readonly LogSet[] } {
  if (all.length <= bounds.logs) return { logs: all, sets };
  const ordered = [...all].sort((a, b) => Number(b.proxied) - Number(a.proxied));
  const kept = new Set(limited(ordered, bounds.logs, what, problems));
  const numbers = new Map<number, number>();
  all.forEach((log, at) => {
    if (kept.has(log)) numbers.set(at, numbers.size);
  });
  const left = sets.map((set) => ({ ...set, logs: set.logs.flatMap((at) => numbers.get(at) ?? []) }));
  return { logs: all.filter((log) => kept.has(log)), sets: left.filter(({ logs }) => logs.length > 0) };
}
