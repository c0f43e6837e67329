import { createPace } from '../../aggregate/pace.ts';
import type { JobSettings } from '../../config/settings.ts';
import { type DiscoveryPorts, findNginx, type NginxFound, procFolder } from '../../discover/find/find-nginx.ts';
import { createNginxFollower, type Followed, type NginxFollower } from '../../discover/follow/nginx-follower.ts';
import { type NginxRead, problemsOf, readNginx, readTold, summaryOf } from '../../discover/follow/read-nginx.ts';
import { type Addresses, changedNames, keepKnown, movedNames, resolveNames } from '../../discover/names.ts';
import type { Conditions, Log } from '../../netdata/log.ts';
import { namesToResolve, withAddresses } from '../../nginx/peers.ts';
import type { NginxConfiguration } from '../../nginx/types.ts';
import type { Clock } from '../../system/clock.ts';
import type { Resolve } from '../../system/dns.ts';
import { attempt } from '../../system/fs.ts';
import { isMeant } from '../meant-nginx.ts';

/** One nginx of a job, as it is now. */
export interface WatchedNginx {
  /** Stays the same while the nginx is the same, also over restarts and reloads. */
  readonly key: string;
  readonly followed: Followed;
}

/** The nginx that a job of the settings is about: found, followed through reloads, with the names of its peers resolved. */
export interface NginxWatch {
  /** Looks at what is due and never waits; null when nothing has changed since the call before. */
  poll(): readonly WatchedNginx[] | null;
  /** Every nginx that runs on this host is one of these, as far as can be seen: a change is a reason to be polled, too. */
  seesAll(): boolean;
  close(): void;
}

export interface NginxWatchPorts extends DiscoveryPorts {
  readonly resolve: Resolve;
  readonly clock: Clock;
  readonly log: Log;
  readonly conditions: Conditions;
}

/** nginx resolves names when it loads; a minute is soon enough to notice that one leads elsewhere since. */
const namesEveryUs = 60_000_000;
/** While a name has no address at all, its peers are missing. */
const unresolvedEveryUs = 10_000_000;
/** An nginx that is gone may be restarting, and its logs may still say why. */
const goneUs = 600_000_000;
/** A resolver that does not answer holds up the start no longer than this. */
const longestStartUs = 5_000_000;
/** A stat takes about 5 µs: with a few files every tick, with hundreds every few seconds, 0.1 % of a core at most. */
const lookUsPerFile = 5000;
const longestLookUs = 5_000_000;

interface Watched {
  readonly follower: NginxFollower;
  /** As nginx had them when it loaded its configuration. */
  addresses: Addresses;
  namesAtUs: number;
  /** The addresses are those of an older configuration. */
  hasReloaded: boolean;
  lastSeenUs: number;
  lookAtUs: number;
}

function keyOf({ master, confPath }: NginxFound): string {
  return `${master?.container ?? ''} ${confPath}`;
}

export function watchNginx(settings: JobSettings, ports: NginxWatchPorts): NginxWatch {
  const { fs, clock, conditions, log, hostPrefix, resolve } = ports;
  const searches = createPace({ share: 0.002, longestUs: 10_000_000 });
  /** An nginx that was there is gone: it is likely to come back at once. */
  const urgent = createPace({ share: 0.01, longestUs: 10_000_000 });
  const watched = new Map<string, Watched>();
  const meant = isMeant(settings, hostPrefix);
  let busy = false;
  let changed = false;
  let closed = false;
  let hasSearched = false;
  let seesAll = false;
  let isStarted = false;
  const beganUs = clock.monotonicUs();

  function again(read: NginxRead): NginxRead {
    return settings.nginxConf === null
      ? readNginx(read.found, fs)
      : readTold(settings.nginxConf, [read.found], fs, hostPrefix);
  }

  function subject(key: string): string {
    return `${settings.name} nginx ${key.trim()}`;
  }

  async function nameAgain(key: string, entry: Watched, nowUs: number): Promise<void> {
    const { configuration } = entry.follower.current().read;
    entry.namesAtUs = nowUs;
    const fresh = await resolveNames(namesToResolve(configuration), resolve);
    if (closed || entry.follower.current().read.configuration !== configuration) return;
    const used = entry.hasReloaded ? fresh : keepKnown(entry.addresses, fresh);
    conditions.set(`${subject(key)} names`, movedNames(used, fresh));
    changed ||= changedNames(entry.addresses, used).length > 0 || entry.addresses.size !== used.size;
    entry.addresses = used;
    entry.hasReloaded = false;
  }

  /** nginx has loaded a configuration: it has asked for its names just now, and so do we. */
  function loaded(key: string, entry: Watched): void {
    const { read } = entry.follower.current();
    log.info(summaryOf(read), { job: settings.name });
    conditions.set(subject(key), problemsOf(read));
    entry.hasReloaded = true;
    changed = true;
    renewName(key, entry, clock.monotonicUs());
  }

  function meet(key: string, read: NginxRead, nowUs: number): void {
    const known = watched.get(key);
    if (known !== undefined) {
      known.follower.replace(read, nowUs / 1000);
      loaded(key, known);
      return;
    }
    const follower = createNginxFollower(read, again, { fs, hostPrefix, wallMs: clock.wallMs });
    const entry = { follower, addresses: new Map(), namesAtUs: 0, hasReloaded: true, lastSeenUs: nowUs, lookAtUs: 0 };
    watched.set(key, entry);
    loaded(key, entry);
  }

  function forgetGone(nowUs: number): void {
    for (const [key, { lastSeenUs }] of watched) {
      if (nowUs - lastSeenUs < goneUs) continue;
      watched.delete(key);
      conditions.drop(subject(key));
      conditions.drop(`${subject(key)} names`);
      changed = true;
    }
  }

  /** Whether this nginx is another process than the one that is known under the key, or none is. */
  function isNew(key: string, found: NginxFound | undefined, nowUs: number): boolean {
    const entry = watched.get(key);
    if (entry === undefined) return true;
    const before = entry.follower.current().read.found.master;
    entry.lastSeenUs = nowUs;
    return before?.pid !== found?.master?.pid;
  }

  function meetTold(told: string, running: readonly NginxFound[], nowUs: number): void {
    const main = watched.get(told)?.follower.current().read.found.confPath ?? told;
    const found = running.find(({ confPath }) => confPath === main);
    if (isNew(told, found, nowUs)) meet(told, readTold(told, running, fs, hostPrefix), nowUs);
  }

  async function search(nowUs: number): Promise<void> {
    busy = true;
    const startedUs = clock.monotonicUs();
    try {
      const masters = new Set<number>();
      const running = await findNginx(ports, (pid) => masters.add(pid));
      if (closed) return;
      if (settings.nginxConf !== null) meetTold(settings.nginxConf, running, nowUs);
      else {
        for (const found of running.filter((each) => isNew(keyOf(each), each, nowUs))) {
          const read = readNginx(found, fs);
          if (meant(read)) meet(keyOf(found), read, nowUs);
        }
        forgetGone(nowUs);
      }
      for (const { follower } of watched.values()) masters.delete(follower.current().read.found.master?.pid ?? 0);
      changed ||= seesAll !== (masters.size === 0);
      seesAll = masters.size === 0;
    } finally {
      for (const pace of [searches, urgent]) pace.spent(nowUs, clock.monotonicUs() - startedUs);
      changed ||= !hasSearched;
      hasSearched = true;
      busy = false;
    }
  }

  function look(nowUs: number): void {
    for (const [key, entry] of watched) {
      if (nowUs < entry.lookAtUs) continue;
      const before = entry.follower.current().read;
      entry.lookAtUs = nowUs + Math.min(longestLookUs, before.watched.length * lookUsPerFile);
      if (!entry.follower.poll(nowUs / 1000)) continue;
      changed = true;
      if (entry.follower.current().read !== before) loaded(key, entry);
    }
  }

  function isOneGone(): boolean {
    return [...watched.values()].some(({ follower }) => {
      const { master } = follower.current().read.found;
      return master !== null && !attempt(() => fs.stat(`${procFolder(hostPrefix)}/${master.pid}`)).ok;
    });
  }

  function renewNames(nowUs: number): void {
    for (const [key, entry] of watched) {
      const isMissing = [...entry.addresses.values()].some((addresses) => addresses.length === 0);
      if (nowUs - entry.namesAtUs < (isMissing ? unresolvedEveryUs : namesEveryUs)) continue;
      renewName(key, entry, nowUs);
    }
  }

  function renewName(key: string, entry: Watched, nowUs: number): void {
    nameAgain(key, entry, nowUs).catch((error: unknown) => log.error(`names: ${error}`, { job: settings.name }));
  }

  /** Before nginx is found and its names are known, lines would be counted at the wrong upstreams. */
  function isReady(nowUs: number): boolean {
    if (isStarted || !hasSearched) return isStarted;
    const isNaming = [...watched.values()].some(({ hasReloaded }) => hasReloaded);
    isStarted = !isNaming || nowUs - beganUs >= longestStartUs;
    return isStarted;
  }

  function current(): readonly WatchedNginx[] {
    return Array.from(watched, ([key, { follower, addresses }]) => {
      const { read, pending, previous, newLogs } = follower.current();
      const named = (each: NginxConfiguration) => withAddresses(each, addresses);
      const followed = {
        read: { ...read, configuration: named(read.configuration) },
        pending: pending === null ? null : named(pending),
        previous: previous.map(named),
        newLogs,
      };
      return { key, followed };
    });
  }

  return {
    poll() {
      const nowUs = clock.monotonicUs();
      if (!busy && (searches.isDue(nowUs) || (urgent.isDue(nowUs) && isOneGone()))) {
        search(nowUs).catch((error: unknown) => log.error(`looking for nginx: ${error}`, { job: settings.name }));
      }
      look(nowUs);
      renewNames(nowUs);
      if (!isReady(nowUs) || !changed) return null;
      changed = false;
      return current();
    },
    seesAll: () => seesAll,
    close() {
      closed = true;
      for (const key of watched.keys()) {
        conditions.drop(subject(key));
        conditions.drop(`${subject(key)} names`);
      }
    },
  };
}
