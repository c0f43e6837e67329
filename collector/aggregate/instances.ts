import type { Origin } from '../model.ts';

/** One upstream or peer that is being counted. `counters` is whatever its level counts. */
export interface Entry<C> {
  readonly upstream: string;
  readonly peer: string;
  origin: Origin;
  lastSeenUs: number;
  /** When it left nginx's configuration; null when it never did. */
  leftUs: number | null;
  readonly counters: C;
}

export interface Instances<C> {
  /** The entry of this instance: configured, known, new while there is room under the cap, else the shared `other`. */
  at(upstream: string, peer: string, nowUs: number): Entry<C>;
  /** Replaces the configured ones. Those that are configured no longer leave `all()`, unless a line names them once more. */
  configure(instances: readonly { readonly upstream: string; readonly peer: string }[], nowUs: number): void;
  /** Forgets instances that only a log brought and that were silent for an hour, or left the configuration a minute ago. */
  expire(nowUs: number): void;
  all(): Iterable<Entry<C>>;
  /** Events that went to `other` for want of room, running total. */
  overCap(): number;
}

const silenceUs = 3_600_000_000;
/** Lines of old workers may still name what has left: it goes on counting where it was. */
const leavingUs = 60_000_000;

/** It has left the configuration, and no line has named it since. */
const isLeaving = ({ leftUs, lastSeenUs }: Pick<Entry<unknown>, 'leftUs' | 'lastSeenUs'>): boolean =>
  leftUs !== null && lastSeenUs <= leftUs;

/**
 * The bound on everything that is counted per instance: nothing an attacker sends can make more than `cap` of them
 * (design: cardinality). Configured instances always have their place.
 *
 * @param cap how many instances that only logs brought may exist at once, together with the configured ones
 * @param create makes the counters of a new instance
 */
export function createInstances<C>(cap: number, create: () => C): Instances<C> {
  const entries = new Map<string, Entry<C>>();
  let other: Entry<C> | null = null;
  let overCap = 0;

  const add = (key: string, upstream: string, peer: string, origin: Origin, nowUs: number): Entry<C> => {
    const entry = {
      upstream: ownCopy(upstream),
      peer: ownCopy(peer),
      origin,
      lastSeenUs: nowUs,
      leftUs: null,
      counters: create(),
    };
    entries.set(ownCopy(key), entry);
    return entry;
  };

  return {
    at(upstream, peer, nowUs) {
      const key = `${upstream}\0${peer}`;
      const known = entries.get(key);
      if (known) {
        known.lastSeenUs = nowUs;
        return known;
      }
      if (entries.size < cap) return add(key, upstream, peer, 'log', nowUs);
      overCap++;
      other ??= {
        upstream: 'other',
        peer: 'other',
        origin: 'other',
        lastSeenUs: nowUs,
        leftUs: null,
        counters: create(),
      };
      return other;
    },

    configure(instances, nowUs) {
      const before = [...entries.values()].filter(({ origin }) => origin === 'configured');
      for (const entry of before) entry.origin = 'log';
      for (const { upstream, peer } of instances) {
        const key = `${upstream}\0${peer}`;
        const entry = entries.get(key) ?? add(key, upstream, peer, 'configured', nowUs);
        entry.origin = 'configured';
        entry.leftUs = null;
      }
      for (const entry of before) if (entry.origin === 'log') entry.leftUs = nowUs;
    },

    expire(nowUs) {
      for (const [key, { origin, lastSeenUs, leftUs }] of entries) {
        if (origin !== 'log') continue;
        const left = leftUs !== null && nowUs - leftUs >= leavingUs;
        if (left || nowUs - lastSeenUs >= silenceUs) entries.delete(key);
      }
    },

    *all() {
      for (const entry of entries.values()) if (!isLeaving(entry)) yield entry;
      if (other) yield other;
    },

    overCap: () => overCap,
  };
}

/** A substring kept as a key pins the whole chunk it was cut from (measured: design section 10). */
function ownCopy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
