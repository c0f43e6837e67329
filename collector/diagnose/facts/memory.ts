/**
 * When each local peer's port was last listening, and whose it was: what explains a refusal better than anything that
 * can be seen after it. Pure; the running plugin keeps it, and writes it down for `diagnose`.
 */
import { keepNewest } from '../../base/collections.ts';
import { isObject, parseObject } from '../../base/json.ts';
import { toRuntime } from '../../parse/proc/cgroup.ts';
import type { Owner, Remembered } from './facts.ts';

interface Entry {
  readonly watchedSinceMs: number;
  readonly listeningMs: number | null;
  readonly owner: Owner | null;
  readonly inode: number | null;
  readonly listens: boolean;
  /** A check of this process found nothing there: what listens after it began since. */
  readonly wasAbsent: boolean;
  readonly sinceMs: number | null;
  readonly endedMs: readonly number[];
  readonly connectedMs: number | null;
  readonly besides: readonly number[] | null;
  /** `oom_kill` of the kernel a little before the last check while it listened, and at the first check after. */
  readonly oomBefore: number | null;
  readonly oomAfter: number | null;
}

export interface SeenListener {
  /** null for a unix socket: /proc does not show it. */
  readonly uid: number | null;
  readonly inode: number | null;
  /** Others that share the port (SO_REUSEPORT): one of many that ends is no end. */
  readonly beside?: readonly number[];
  /** Other ports that the same user listens on. */
  readonly besides?: readonly number[];
}

export interface PeerMemory {
  /**
   * One check: the peers that are on this host, with what listens for them, null for nothing.
   *
   * @param ownerOf asked once for each new socket
   * @returns whether something began or ceased to listen
   */
  look(
    peers: ReadonlyMap<string, SeenListener | null>,
    now: { readonly ms: number; readonly oomKills: number | null },
    ownerOf: (uid: number, inode: number) => Owner,
  ): boolean;
  /** nginx has a connection to it: also of peers on other hosts, which cannot be checked. */
  connected(peer: string, ms: number): void;
  remembered(peer: string): Remembered | null;
  /** Takes over what a process before wrote down with `text`; what this one has seen itself stays. */
  restore(text: string, nowMs: number): void;
  /** JSON, for `recall`. */
  text(): string;
}

/** The kernel counts a kill before the killed process has let go of its sockets: looks in between still see it listen. */
const dyingMs = 10_000;
const mostCounts = 16;

/** What a counter was at a moment in the last while. */
function createHistory() {
  const changes: { readonly ms: number; readonly count: number }[] = [];
  return {
    add(ms: number, count: number): void {
      if (changes.at(-1)?.count === count) return;
      changes.push({ ms, count });
      if (changes.length > mostCounts) changes.shift();
    },
    /** The first known where that is later; null while nothing is known. */
    at: (ms: number): number | null =>
      ([...changes].reverse().find((each) => each.ms <= ms) ?? changes[0])?.count ?? null,
  };
}

/** Who listened longer ago shows nothing about a refusal of today. */
const longestAgoMs = 7 * 86_400_000;
/** Peers that have left the configuration are forgotten when there are more. */
const mostPeers = 2000;
/** Of a process that comes and goes. */
const mostEnds = 8;
const mostBesides = 64;

function next(
  before: Entry | undefined,
  seen: SeenListener | null,
  {
    ms,
    oomKills,
    oomBefore,
  }: { readonly ms: number; readonly oomKills: number | null; readonly oomBefore: number | null },
  ownerOf: (uid: number, inode: number) => Owner,
): Entry {
  if (seen === null) return gone(before, ms, oomKills);
  const endedBefore = before?.endedMs ?? [];
  const { uid } = seen;
  const listened = before?.listens === true;
  const isSame = listened && (before.inode === seen.inode || seen.beside?.includes(before.inode ?? 0) === true);
  const inode = isSame ? before.inode : seen.inode;
  const asked = (): Owner | null => (uid === null || inode === null ? null : ownerOf(uid, inode));
  // What a process before wrote down says nothing of the socket that is there now.
  const isFirst = before === undefined || (before.inode === null && !before.wasAbsent);
  return {
    // A connection of nginx, or another process's note, shows nothing of this socket.
    watchedSinceMs: isFirst ? ms : before.watchedSinceMs,
    listeningMs: ms,
    sinceMs: isSame || isFirst ? (before?.sinceMs ?? null) : ms,
    endedMs: listened && !isSame ? withEnd(endedBefore, ms) : endedBefore,
    connectedMs: before?.connectedMs ?? null,
    besides: seen.besides ?? null,
    owner: isSame && inode !== null ? before.owner : asked(),
    inode,
    listens: true,
    wasAbsent: false,
    oomBefore,
    oomAfter: null,
  };
}

function withEnd(ends: readonly number[], ms: number): readonly number[] {
  return [...ends, ms].slice(-mostEnds);
}

function gone(before: Entry | undefined, ms: number, oomKills: number | null): Entry {
  if (!before?.listens) return { ...(before ?? unseen(ms)), wasAbsent: true };
  return { ...before, listens: false, wasAbsent: true, endedMs: withEnd(before.endedMs, ms), oomAfter: oomKills };
}

function unseen(ms: number): Entry {
  return {
    watchedSinceMs: ms,
    listeningMs: null,
    sinceMs: null,
    endedMs: [],
    connectedMs: null,
    besides: null,
    owner: null,
    inode: null,
    listens: false,
    wasAbsent: false,
    oomBefore: null,
    oomAfter: null,
  };
}

function rememberedOf({ oomBefore, oomAfter, listens, wasAbsent, ...kept }: Entry): Remembered {
  const oomKills = oomBefore === null || oomAfter === null ? null : Math.max(0, oomAfter - oomBefore);
  return { ...kept, oomKills };
}

export function createPeerMemory(): PeerMemory {
  const entries = new Map<string, Entry>();
  const oom = createHistory();
  return {
    look(peers, now, ownerOf) {
      let changed = false;
      if (now.oomKills !== null) oom.add(now.ms, now.oomKills);
      const oomBefore = oom.at(now.ms - dyingMs);
      for (const [peer, seen] of peers) {
        const before = entries.get(peer);
        const entry = next(before, seen, { ...now, oomBefore }, ownerOf);
        changed ||= before?.listens !== entry.listens || before.inode !== entry.inode;
        entries.delete(peer);
        entries.set(peer, entry);
      }
      keepNewest(entries, mostPeers);
      return changed;
    },
    connected(peer, ms) {
      entries.set(peer, { ...(entries.get(peer) ?? unseen(ms)), connectedMs: ms });
    },
    remembered(peer) {
      const entry = entries.get(peer);
      return entry === undefined ? null : rememberedOf(entry);
    },
    restore(text, nowMs) {
      for (const [peer, value] of Object.entries(parseObject(text) ?? {}).slice(0, mostPeers)) {
        const before = readEntry(value);
        // That nothing ever listened is only known while somebody looks.
        if (before === null || entries.has(peer)) continue;
        const lastMs = Math.max(before.listeningMs ?? 0, before.connectedMs ?? 0);
        if (lastMs === 0 || Math.abs(nowMs - lastMs) > longestAgoMs) continue;
        const { oomKills, ...rest } = before;
        const oomBefore = oomKills === null ? null : 0;
        const unchecked = { sinceMs: null, inode: null, listens: false, wasAbsent: false };
        entries.set(peer, { ...rest, ...unchecked, oomBefore, oomAfter: oomKills });
      }
    },
    text: () => JSON.stringify(Object.fromEntries(Array.from(entries, ([peer, entry]) => [peer, rememberedOf(entry)]))),
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length < 300;
const orNull = <T>(value: unknown, is: (value: unknown) => value is T): T | null => (is(value) ? value : null);

function readOwner(value: unknown): Owner | null {
  if (!isObject(value)) return null;
  const { uid, user, pid, isGuess, command, script, unit, unitUser, container, containerName, runtime } = value;
  if (!isCount(uid) || !isText(user)) return null;
  return {
    uid,
    user,
    pid: orNull(pid, isCount),
    isGuess: isGuess === true,
    command: orNull(command, isText),
    script: orNull(script, isText),
    unit: orNull(unit, isText),
    unitUser: orNull(unitUser, isCount),
    container: orNull(container, isText),
    containerName: orNull(containerName, isText),
    runtime: toRuntime(runtime),
  };
}

function readEntry(value: unknown): Remembered | null {
  if (!isObject(value)) return null;
  const { watchedSinceMs, listeningMs, sinceMs, endedMs, connectedMs, besides, owner, inode, oomKills } = value;
  if (!isCount(watchedSinceMs)) return null;
  return {
    watchedSinceMs,
    listeningMs: orNull(listeningMs, isCount),
    sinceMs: orNull(sinceMs, isCount),
    connectedMs: orNull(connectedMs, isCount),
    besides: Array.isArray(besides) ? besides.filter(isCount).slice(0, mostBesides) : null,
    endedMs: Array.isArray(endedMs) ? endedMs.filter(isCount).slice(-mostEnds) : [],
    owner: readOwner(owner),
    inode: orNull(inode, isCount),
    oomKills: orNull(oomKills, isCount),
  };
}

/** What `text` wrote. Total: what is no such thing is forgotten, for another user writes the file. */
export function recall(text: string): (peer: string) => Remembered | null {
  const entries = parseObject(text) ?? {};
  return (peer) => (Object.hasOwn(entries, peer) ? readEntry(entries[peer]) : null);
}
