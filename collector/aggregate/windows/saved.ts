import type { Entry } from '../instances.ts';
import type { createSeconds } from '../time/seconds.ts';

/** Windows as the next process of the plugin finds them: seconds of the wall clock, for its monotonic one is another. */
export type SavedWindows = readonly (readonly [
  upstream: string,
  peer: string,
  events: readonly (readonly [wallSecond: number, event: string, count: number])[],
])[];

type Seconds<K extends string> = ReturnType<typeof createSeconds<K>>;
type Windowed<K extends string> = Entry<{ readonly window: { readonly seconds: Seconds<K> } }>;

/** Of what went well nothing is kept: it is much, and no alert is raised by it. */
const unsaved: ReadonlySet<string> = new Set(['requests', 'connected']);
/** Bounds what is written each tick. */
const mostSaved = 5_000;

export function saveWindows<K extends string>(
  entries: readonly Windowed<K>[],
  second: number,
  wallSecond: number,
): SavedWindows {
  let left = mostSaved;
  const saved: SavedWindows[number][] = [];
  for (const { upstream, peer, counters } of entries) {
    const { seconds } = counters.window;
    if (seconds.isEmpty(second)) continue;
    const dumped = seconds.dump(second, unsaved);
    const events = dumped.slice(0, left).map(([age, kind, count]) => [wallSecond - age, kind, count] as const);
    left -= events.length;
    if (events.length > 0) saved.push([upstream, peer, events]);
  }
  return saved;
}

/** Puts them back; what is no saved windows is left out. */
export function restoreWindows<K extends string>(
  saved: unknown,
  kinds: readonly K[],
  secondsOf: (upstream: string, peer: string) => Seconds<K>,
  second: number,
  wallSecond: number,
): void {
  if (!Array.isArray(saved)) return;
  const known: ReadonlySet<string> = new Set(kinds);
  for (const each of saved) {
    if (!Array.isArray(each) || typeof each[0] !== 'string' || typeof each[1] !== 'string' || !Array.isArray(each[2]))
      continue;
    const seconds = secondsOf(each[0], each[1]);
    for (const event of each[2]) {
      if (!Array.isArray(event)) continue;
      const [at, kind, count] = event as unknown[];
      if (typeof at !== 'number' || typeof count !== 'number' || !known.has(String(kind)) || at > wallSecond) continue;
      seconds.add(kind as K, second - (wallSecond - at), count);
    }
  }
}
