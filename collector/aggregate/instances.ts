import { pairKey } from '../base/collections.ts';
import { ownCopy } from '../base/own-copy.ts';
import type { Origin } from '../model.ts';

/** One upstream or peer that is being counted. `counters` is whatever its level counts. */
export interface Entry<C> {
  readonly upstream: string;
  readonly peer: string;
  origin: Origin;
  lastSeenUs: number;
  /** When it failed last; null when it never did. */
  failedUs: number | null;
  /** When it left nginx's configuration; null when it never did. */
  leftUs: number | null;
  /** How often it has been asked for: as long as that stands still, nothing is counted there. */
  uses: number;
  readonly counters: C;
}

export interface Instances<C> {
  /**
   * The entry of this instance: configured, known, new while there is room under the cap, else the shared `other`.
   *
   * @param fails it is about a failure: a configured instance without a place gets one
   * @param events so many are counted there; one without it
   */
  at(upstream: string, peer: string, nowUs: number, fails?: boolean, events?: number): Entry<C>;
  /** Replaces the configured ones. Those that are configured no longer leave `all()`, unless a line names them once more. */
  configure(instances: readonly { readonly upstream: string; readonly peer: string }[], nowUs: number): void;
  /** Forgets instances that only a log brought and that were silent for an hour, or left the configuration a minute ago. */
  expire(nowUs: number): void;
  all(): readonly Entry<C>[];
  /** Events that went to `other` because there is no room, running total. */
  overCap(): number;
}

const silenceUs = 3_600_000_000;
/** Lines of old workers may still name what has left: it keeps counting where it was. */
const leavingUs = 60_000_000;

/** It has left the configuration, and no line has named it since. */
const isLeaving = ({ leftUs, lastSeenUs }: Pick<Entry<unknown>, 'leftUs' | 'lastSeenUs'>): boolean =>
  leftUs !== null && lastSeenUs <= leftUs;

/** How many instances may exist at once: of those that only logs name, and of those of nginx's configuration. */
export interface InstanceCaps {
  readonly log: number;
  readonly configured: number;
}

/** What instances share that no longer fit under the cap, of all upstreams or of one. */
export const sharedPeer = 'other';

/**
 * The bound on everything that is counted per instance: nothing an attacker sends, and nothing a configuration holds,
 * can make more of them than `caps` says. A configured instance that fails takes the place of one
 * that does not.
 *
 * @param create makes the counters of a new instance
 * @param isShared whether the peers of an upstream that are not configured are one instance
 */
export function createInstances<C>(
  caps: InstanceCaps,
  create: () => C,
  isShared: (upstream: string) => boolean = () => false,
): Instances<C> {
  const entries = new Map<string, Entry<C>>();
  /** What `all()` gives: the same list as long as it holds the same ones; null when it has to be made again. */
  let listed: readonly Entry<C>[] | null = null;
  /** Configured, and without a place. */
  let waiting = new Set<string>();
  /** Configured entries that did not fail, as far as known; null when it has to be looked up. */
  let quiet: Entry<C>[] | null = null;
  let fromLogs = 0;
  let other: Entry<C> | null = null;
  let overCap = 0;

  const add = (upstream: string, peer: string, origin: Origin, nowUs: number): Entry<C> => {
    const entry: Entry<C> = {
      upstream: ownCopy(upstream),
      peer: ownCopy(peer),
      origin,
      lastSeenUs: nowUs,
      failedUs: null,
      leftUs: null,
      uses: 0,
      counters: create(),
    };
    listed = null;
    entries.set(pairKey(entry.upstream, entry.peer), entry);
    if (origin === 'log') fromLogs++;
    return entry;
  };

  const overflow = (nowUs: number, events: number): Entry<C> => {
    overCap += events;
    if (other === null) listed = null;
    other ??= {
      upstream: sharedPeer,
      peer: sharedPeer,
      origin: 'other',
      lastSeenUs: nowUs,
      failedUs: null,
      leftUs: null,
      uses: 0,
      counters: create(),
    };
    return other;
  };

  const isQuiet = ({ origin, failedUs }: Entry<C>, nowUs: number): boolean =>
    origin === 'configured' && (failedUs === null || nowUs - failedUs >= silenceUs);

  /** The place of one that does not fail; false when all do. */
  const makeRoom = (nowUs: number): boolean => {
    quiet ??= [...entries.values()].filter((entry) => isQuiet(entry, nowUs));
    for (let entry = quiet.pop(); entry !== undefined; entry = quiet.pop()) {
      const key = pairKey(entry.upstream, entry.peer);
      if (!isQuiet(entry, nowUs) || entries.get(key) !== entry) continue;
      entries.delete(key);
      listed = null;
      waiting.add(key);
      return true;
    }
    return false;
  };

  const place = (upstream: string, peer: string, nowUs: number, fails: boolean, events: number): Entry<C> => {
    const key = pairKey(upstream, peer);
    const known = entries.get(key);
    if (known) return known;
    if (waiting.has(key)) {
      if (!fails || !makeRoom(nowUs)) return overflow(nowUs, events);
      waiting.delete(key);
      return add(upstream, peer, 'configured', nowUs);
    }
    if (isShared(upstream) && peer !== sharedPeer) return place(upstream, sharedPeer, nowUs, fails, events);
    return fromLogs < caps.log ? add(upstream, peer, 'log', nowUs) : overflow(nowUs, events);
  };

  const countLogs = (): void => {
    fromLogs = [...entries.values()].filter(({ origin }) => origin === 'log').length;
    quiet = null;
    listed = null;
  };

  return {
    at(upstream, peer, nowUs, fails = false, events = 1) {
      const entry = place(upstream, peer, nowUs, fails, events);
      // What has left the configuration is back.
      if (isLeaving(entry)) listed = null;
      entry.lastSeenUs = nowUs;
      entry.uses++;
      if (fails) entry.failedUs = nowUs;
      return entry;
    },

    configure(instances, nowUs) {
      const before = [...entries.values()].filter(({ origin }) => origin === 'configured');
      for (const entry of before) entry.origin = 'log';
      const wanted = new Map(instances.map((each) => [pairKey(each.upstream, each.peer), each]));
      // Those that have their place keep it.
      const known = [...wanted].filter(([key]) => entries.has(key)).slice(0, caps.configured);
      for (const [key] of known) {
        const entry = entries.get(key);
        if (entry) Object.assign(entry, { origin: 'configured', leftUs: null });
        wanted.delete(key);
      }
      let room = caps.configured - known.length;
      waiting = new Set();
      for (const [key, { upstream, peer }] of wanted) {
        if (room-- > 0) add(upstream, peer, 'configured', nowUs);
        else waiting.add(key);
      }
      for (const entry of before) if (entry.origin === 'log') entry.leftUs = nowUs;
      countLogs();
    },

    expire(nowUs) {
      quiet = null;
      if (fromLogs === 0) return;
      const known = entries.size;
      for (const [key, { origin, lastSeenUs, leftUs }] of entries) {
        if (origin !== 'log') continue;
        const left = leftUs !== null && nowUs - leftUs >= leavingUs;
        if (left || nowUs - lastSeenUs >= silenceUs) entries.delete(key);
      }
      if (entries.size !== known) countLogs();
    },

    all() {
      listed ??= [...[...entries.values()].filter((entry) => !isLeaving(entry)), ...(other === null ? [] : [other])];
      return listed;
    },

    overCap: () => overCap,
  };
}
