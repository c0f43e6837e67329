/**
 * One nginx followed through its reloads. A configuration that has changed on disk is read at once but is in force only
 * when nginx has taken it; the one before stays known for a minute, because old workers finish their requests by it.
 */
import type { NginxConfiguration } from '../../nginx/types.ts';
import { attempt } from '../../system/fs.ts';
import { type DiscoveryPorts, procOf } from '../find/find-nginx.ts';
import { childrenText, workersOf } from '../find/processes.ts';
import { placeOf } from '../find/view.ts';
import type { NginxRead } from './read-nginx.ts';
import { nextStep, type Sight, signatureOf } from './watch.ts';

/** Old workers write by the old configuration until their last request is done. */
const previousMs = 60_000;
/** Whoever reloads more often than this in a minute loses lines of the oldest workers. */
const mostPrevious = 8;
/** File systems stamp with the time of the last timer interrupt. */
const clockGrainMs = 20;
/** A process that was forked a moment ago does not yet say that it is a worker. */
const settlingLooks = 3;

export interface Followed {
  readonly read: NginxRead;
  /** Read from changed files that nginx has not taken yet. */
  readonly pending: NginxConfiguration | null;
  /** What was in force until a moment ago, the latest first. */
  readonly previous: readonly NginxConfiguration[];
  /** Logs (as nginx names them) that began with the configuration in force: all they hold is news. */
  readonly newLogs: ReadonlySet<string>;
}

export interface NginxFollower {
  current(): Followed;
  /** Checks files and workers; true when what is current has changed. */
  poll(nowMs: number): boolean;
  /** The same nginx, found again: another process, perhaps another configuration. */
  replace(read: NginxRead, nowMs: number): void;
}

export type NginxFollowerPorts = Pick<DiscoveryPorts, 'fs' | 'hostPrefix'> & {
  /** Milliseconds since 1970, as file systems count. */
  readonly wallMs: () => number;
};

function logPaths(configuration: NginxConfiguration): readonly string[] {
  const logs = [...configuration.errorLogs, ...configuration.accessLogs];
  return [...new Set(logs.flatMap(({ target }) => (target.kind === 'file' ? [target.path] : [])))];
}

/** @param again reads the configuration anew, from the same nginx */
export function createNginxFollower(
  first: NginxRead,
  again: (read: NginxRead) => NginxRead,
  ports: NginxFollowerPorts,
): NginxFollower {
  const { fs, wallMs } = ports;
  const proc = procOf(ports);
  let current: Followed = { read: first, pending: null, previous: [], newLogs: new Set() };
  let inForce = sight(first);
  let pendingSignature = '';
  let retired: readonly { readonly configuration: NginxConfiguration; readonly sinceMs: number }[] = [];
  let children = listChildren();
  let unsettled = 0;
  let lastLookMs = wallMs();
  /** Logs of the pending configuration, and whether they existed before nginx took it. */
  let existed: ReadonlyMap<string, boolean> = new Map();

  function listChildren(): string {
    const { master } = current.read.found;
    return master === null ? '' : (childrenText(proc, master.pid) ?? '');
  }

  /** What is checked every second: as little as shows that nothing happened. */
  function isQuiet(): boolean {
    const now = listChildren();
    unsettled = now === children ? Math.max(0, unsettled - 1) : settlingLooks;
    children = now;
    if (unsettled > 0 || current.pending !== null) return false;
    return signatureOf(fs, current.read.watched) === inForce.signature;
  }

  function sight({ watched, found, dumped }: NginxRead): Sight {
    const seen = dumped || found.master === null ? [] : workersOf(proc, found.master.pid);
    return { signature: signatureOf(fs, watched), workers: seen.length > 0 ? seen : null };
  }

  function place(read: NginxRead, path: string): string {
    return placeOf(fs, read.found.view, path);
  }

  /** By its path, or by where that leads: the files of another container are others. */
  function addedLogs(next: NginxRead): readonly string[] {
    const known = new Set(logPaths(current.read.configuration));
    return logPaths(next.configuration).filter(
      (path) => !known.has(path) || place(next, path) !== place(current.read, path),
    );
  }

  /** nginx opens its new logs before it starts new workers: they may be there already. */
  function becomePending(): void {
    const next = again(current.read);
    existed = new Map(addedLogs(next).map((path) => [path, !isNewborn(next, path)]));
    const newLogs = new Set(addedLogs(next).filter((path) => existed.get(path) === false));
    current = { ...current, pending: next.configuration, newLogs };
  }

  /** Born since the last check, or not yet: nginx opens it for the new configuration. */
  function isNewborn(read: NginxRead, path: string): boolean {
    const stat = attempt(() => fs.stat(place(read, path)));
    return !stat.ok || stat.value.bornMs >= lastLookMs - clockGrainMs;
  }

  /** @param before what the files looked like before `next` was read: they may have changed meanwhile */
  function take(next: NginxRead, before: string, nowMs: number): void {
    const isNew = (path: string): boolean => {
      const before = existed.get(path);
      return before === undefined ? isNewborn(next, path) : !before;
    };
    const newLogs = new Set(addedLogs(next).filter(isNew));
    // What was pending may have been in force for a moment: the files may have changed once more since.
    const left = current.pending === null ? [] : [{ configuration: current.pending, sinceMs: nowMs }];
    retired = [...left, { configuration: current.read.configuration, sinceMs: nowMs }, ...retired].slice(
      0,
      mostPrevious,
    );
    const isTorn = signatureOf(fs, current.read.watched) !== before;
    current = { read: next, pending: null, previous: retired.map(({ configuration }) => configuration), newLogs };
    inForce = isTorn ? { ...sight(next), signature: 'torn' } : sight(next);
    pendingSignature = '';
    existed = new Map();
  }

  function forgetPrevious(nowMs: number): boolean {
    const kept = retired.filter(({ sinceMs }) => nowMs - sinceMs < previousMs);
    if (kept.length === retired.length) return false;
    retired = kept;
    current = { ...current, previous: kept.map(({ configuration }) => configuration) };
    return true;
  }

  /** @param now when the look began: what is born later is news to the next one */
  function step(nowMs: number, now: number): boolean {
    const seen = sight(current.read);
    switch (nextStep(inForce, seen)) {
      case 'same': {
        const reverted = current.pending !== null;
        if (reverted) current = { ...current, pending: null };
        // Workers that were replaced one by one, or by a reload without a change.
        inForce = { ...inForce, workers: seen.workers };
        pendingSignature = '';
        lastLookMs = now;
        return reverted;
      }
      case 'changed':
        if (seen.signature === pendingSignature) return false;
        pendingSignature = seen.signature;
        becomePending();
        lastLookMs = now;
        return true;
      case 'taken':
        take(again(current.read), seen.signature, nowMs);
        lastLookMs = now;
        return true;
    }
  }

  return {
    current: () => current,
    poll(nowMs) {
      const now = wallMs();
      const isSame = isQuiet();
      if (isSame) lastLookMs = now;
      const stepped = !isSame && step(nowMs, now);
      return forgetPrevious(nowMs) || stepped;
    },
    replace(read, nowMs) {
      take(read, signatureOf(fs, current.read.watched), nowMs);
    },
  };
}
