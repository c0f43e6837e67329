import type { JobSettings } from '../../config/settings.ts';
import { type DiscoveryPorts, type FoundHere, type NginxFound, procFolder } from '../../discover/find/find-nginx.ts';
import { identityOf } from '../../discover/find/identity.ts';
import { createNginxFollower, type Followed, type NginxFollower } from '../../discover/follow/nginx-follower.ts';
import { type NginxRead, problemsOf, readNginx, readTold, summaryOf } from '../../discover/follow/read-nginx.ts';
import { nginxResolver } from '../../discover/names.ts';
import type { Conditions, Log } from '../../netdata/log.ts';
import { withAddresses } from '../../nginx/peers.ts';
import type { NginxConfiguration } from '../../nginx/types.ts';
import type { Clock } from '../../system/clock.ts';
import { attempt } from '../../system/fs.ts';
import type { Resolve } from '../../system/network/dns.ts';
import { isMeant } from '../plan/meant-nginx.ts';
import { createPeerNames, type PeerNames } from './peer-names.ts';
import { createNginxSearch } from './search.ts';
import { freeKey, placesTaken } from './succession.ts';

/** One nginx of a job, as it is now. */
export interface WatchedNginx {
  /** Stays the same while the nginx is the same, also over restarts and reloads. */
  readonly key: string;
  readonly followed: Followed;
}

/** The nginx that a job of the settings is about: found, followed through reloads, with the names of its peers resolved. */
export interface NginxWatch {
  /** Checks what is due and never waits; null when nothing has changed since the call before. */
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

/** An nginx that is gone may be restarting, and its logs may still say why. */
const goneUs = 600_000_000;
/** A resolver that does not answer holds up the start no longer than this. */
const longestStartUs = 5_000_000;
/** A stat takes about 5 µs: with a few files every tick, with hundreds every few seconds, 0.1 % of a core at most. */
const lookUsPerFile = 5000;
const longestLookUs = 5_000_000;

interface Watching {
  readonly follower: NginxFollower;
  /** Of the nginx that it is about now: another one may take its place. */
  identity: string;
  readonly names: PeerNames;
  lastSeenUs: number;
  lookAtUs: number;
}

export function watchNginx(settings: JobSettings, ports: NginxWatchPorts): NginxWatch {
  const { fs, clock, conditions, log, hostPrefix, resolve } = ports;
  const searches = createNginxSearch(ports);
  const watched = new Map<string, Watching>();
  const meant = isMeant(settings, ports);
  let changed = false;
  let closed = false;
  let hasSearched = false;
  let seesAll = false;
  let isStarted = false;
  const beganUs = clock.monotonicUs();

  function again(read: NginxRead): NginxRead {
    return settings.nginxConf === null
      ? readNginx(read.found, fs)
      : readTold(settings.nginxConf, (path) => (path === read.found.confPath ? read.found : null), fs, hostPrefix);
  }

  const subject = (key: string): string => `${settings.name} nginx ${key.trim()}`;

  /** nginx has loaded a configuration. */
  function loaded(key: string, entry: Watching): void {
    const { read } = entry.follower.current();
    log.info(summaryOf(read), { job: settings.name });
    conditions.set(subject(key), problemsOf(read));
    changed = true;
    entry.names.loaded(clock.monotonicUs());
  }

  function meet(key: string, identity: string, read: NginxRead, nowUs: number): void {
    const known = watched.get(key);
    if (known !== undefined) {
      known.identity = identity;
      known.lastSeenUs = nowUs;
      known.follower.replace(read, nowUs / 1000);
      loaded(key, known);
      return;
    }
    const follower = createNginxFollower(read, again, { fs, hostPrefix, wallMs: clock.wallMs });
    const names = createPeerNames({
      resolve: (name) => nginxResolver(follower.current().read.found, resolve, fs)(name),
      configuration: () => (closed ? null : follower.current().read.configuration),
      onChange: () => {
        changed = true;
      },
      onTrouble: (text) => conditions.set(`${subject(key)} names`, text),
      onError: (error) => log.error(`names: ${error}`, { job: settings.name }),
    });
    const entry = { follower, identity, names, lastSeenUs: nowUs, lookAtUs: 0 };
    watched.set(key, entry);
    loaded(key, entry);
  }

  function forgetGone(nowUs: number): void {
    for (const [key, { lastSeenUs }] of watched) {
      if (nowUs - lastSeenUs < goneUs) continue;
      watched.delete(key);
      dropConditions(key);
      changed = true;
    }
  }

  function dropConditions(key: string): void {
    for (const about of ['', ' names']) conditions.drop(subject(key) + about);
  }

  /** Whether this nginx is another process than the one that is known, or none is. */
  function isNew(entry: Watching | undefined, found: NginxFound | null, nowUs: number): boolean {
    if (entry === undefined) return true;
    const before = entry.follower.current().read.found.master;
    entry.lastSeenUs = nowUs;
    return before?.pid !== found?.master?.pid;
  }

  function meetTold(told: string, here: FoundHere, nowUs: number): void {
    const known = watched.get(told);
    const found = here.named(known?.follower.current().read.found.confPath ?? told);
    // The host's own file of that name is another one than the container's.
    if (found?.master == null && known !== undefined && isOutOfReach(known)) return;
    if (isNew(known, found, nowUs)) meet(told, told, readTold(told, here.named, fs, hostPrefix), nowUs);
  }

  /** Those that are known continue; a new one takes the place of the one that is gone which it is most like. */
  function meetAll(running: readonly NginxFound[], nowUs: number): void {
    const byIdentity = new Map(Array.from(watched, ([key, entry]) => [entry.identity, { key, entry }]));
    const strangers: NginxRead[] = [];
    for (const found of running) {
      const known = byIdentity.get(identityOf(found));
      if (!isNew(known?.entry, found, nowUs)) continue;
      const read = readNginx(found, fs);
      if (known !== undefined) meet(known.key, known.entry.identity, read, nowUs);
      // What is installed and does not run is worth a check only where nothing else is known.
      else if (meant(read) && (found.master !== null || watched.size === 0)) strangers.push(read);
    }
    const alive = new Set(running.filter(({ master }) => master !== null).map(identityOf));
    const gone = [...watched].filter(([, { identity }]) => !alive.has(identity));
    const places = placesTaken(strangers, new Map(gone.map(([key, { follower }]) => [key, follower.current().read])));
    for (const read of strangers) {
      const identity = identityOf(read.found);
      meet(places.get(read) ?? freeKey(identity, watched), identity, read, nowUs);
    }
  }

  function search(nowUs: number): void {
    try {
      searches.run(nowUs, (here, masters) => {
        if (settings.nginxConf !== null) meetTold(settings.nginxConf, here, nowUs);
        else {
          meetAll(here.running, nowUs);
          forgetGone(nowUs);
        }
        for (const { follower } of watched.values()) masters.delete(follower.current().read.found.master?.pid ?? 0);
        changed ||= seesAll !== (masters.size === 0);
        seesAll = masters.size === 0;
      });
    } catch (error) {
      log.error(`looking for nginx: ${error}`, { job: settings.name });
    } finally {
      changed ||= !hasSearched;
      hasSearched = true;
    }
  }

  function look(nowUs: number): void {
    for (const [key, entry] of watched) {
      if (nowUs < entry.lookAtUs || isOutOfReach(entry)) continue;
      const before = entry.follower.current().read;
      entry.lookAtUs = nowUs + Math.min(longestLookUs, before.watched.length * lookUsPerFile);
      if (!entry.follower.poll(nowUs / 1000)) continue;
      changed = true;
      if (entry.follower.current().read !== before) loaded(key, entry);
    }
  }

  function isGone({ follower }: Watching): boolean {
    const { master } = follower.current().read.found;
    return master !== null && !attempt(() => fs.stat(`${procFolder(hostPrefix)}/${master.pid}`)).ok;
  }

  /** The files of a container go with it: what they said last is what was in force. */
  function isOutOfReach(entry: Watching): boolean {
    return entry.follower.current().read.found.master?.container != null && isGone(entry);
  }

  /** Before nginx is found and its names are known, lines would be counted at the wrong upstreams. */
  function isReady(nowUs: number): boolean {
    if (isStarted || !hasSearched) return isStarted;
    const isNaming = [...watched.values()].some(({ names }) => names.isBehind());
    isStarted = !isNaming || nowUs - beganUs >= longestStartUs;
    return isStarted;
  }

  function current(): readonly WatchedNginx[] {
    return Array.from(watched, ([key, { follower, names }]) => {
      const { read, pending, previous, newLogs } = follower.current();
      const named = (each: NginxConfiguration) => withAddresses(each, names.addresses());
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
      if (searches.isDue(nowUs, () => [...watched.values()].some(isGone))) search(nowUs);
      look(nowUs);
      for (const { names } of watched.values()) names.renew(nowUs);
      if (!isReady(nowUs) || !changed) return null;
      changed = false;
      return current();
    },
    seesAll: () => seesAll,
    close() {
      closed = true;
      for (const key of watched.keys()) dropConditions(key);
    },
  };
}
