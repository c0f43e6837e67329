/**
 * When each local peer's port was last listening, and whose it was: what explains a refusal better than anything that
 * can be seen after it. Pure; the running plugin keeps it, and writes it down for `diagnose`.
 */
import { toRuntime } from '../../parse/proc/cgroup.ts';
import type { Owner, Remembered } from './facts.ts';

interface Entry {
  readonly watchedSinceMs: number;
  readonly listeningMs: number | null;
  readonly owner: Owner | null;
  readonly inode: number | null;
  readonly listens: boolean;
  /** `oom_kill` of the kernel a little before the last look while it listened, and at the first look after. */
  readonly oomBefore: number | null;
  readonly oomAfter: number | null;
}

export interface SeenListener {
  /** null for a unix socket: /proc does not tell. */
  readonly uid: number | null;
  readonly inode: number | null;
}

export interface PeerMemory {
  /**
   * One look: the peers that are on this host, with what listens for them, null for nothing.
   *
   * @param ownerOf asked once for each new socket
   * @returns whether something began or ceased to listen
   */
  look(
    peers: ReadonlyMap<string, SeenListener | null>,
    now: { readonly ms: number; readonly oomKills: number | null },
    ownerOf: (uid: number, inode: number) => Owner,
  ): boolean;
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

/** Who listened longer ago tells nothing about a refusal of today. */
const longestAgoMs = 7 * 86_400_000;
/** Peers that have left the configuration are forgotten when there are more. */
const mostPeers = 2000;

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
  const watchedSinceMs = before?.watchedSinceMs ?? ms;
  if (seen === null) {
    const gone = { watchedSinceMs, listeningMs: null, owner: null, inode: null, listens: false, oomBefore: null };
    if (before === undefined) return { ...gone, oomAfter: null };
    return before.listens ? { ...before, listens: false, oomAfter: oomKills } : before;
  }
  const { uid, inode } = seen;
  const isSame = before?.listens === true && before.inode === inode && inode !== null;
  const owner = isSame ? before.owner : uid === null || inode === null ? null : ownerOf(uid, inode);
  return { watchedSinceMs, listeningMs: ms, owner, inode, listens: true, oomBefore, oomAfter: null };
}

function rememberedOf({ watchedSinceMs, listeningMs, owner, oomBefore, oomAfter }: Entry): Remembered {
  const oomKills = oomBefore === null || oomAfter === null ? null : Math.max(0, oomAfter - oomBefore);
  return { watchedSinceMs, listeningMs, owner, oomKills };
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
      for (const peer of entries.keys()) {
        if (entries.size <= mostPeers) break;
        entries.delete(peer);
      }
      return changed;
    },
    remembered(peer) {
      const entry = entries.get(peer);
      return entry === undefined ? null : rememberedOf(entry);
    },
    restore(text, nowMs) {
      for (const [peer, value] of Object.entries(entriesOf(text)).slice(0, mostPeers)) {
        const before = readEntry(value);
        // That nothing ever listened is only known while somebody looks.
        if (before === null || before.listeningMs === null || entries.has(peer)) continue;
        if (Math.abs(nowMs - before.listeningMs) > longestAgoMs) continue;
        const { oomKills, ...rest } = before;
        const oomBefore = oomKills === null ? null : 0;
        entries.set(peer, { ...rest, inode: null, listens: false, oomBefore, oomAfter: oomKills });
      }
    },
    text: () => JSON.stringify(Object.fromEntries(Array.from(entries, ([peer, entry]) => [peer, rememberedOf(entry)]))),
  };
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length < 300;
const orNull = <T>(value: unknown, is: (value: unknown) => value is T): T | null => (is(value) ? value : null);

function readOwner(value: unknown): Owner | null {
  if (typeof value !== 'object' || value === null) return null;
  const { uid, user, pid, command, unit, unitUser, container, runtime } = value as Record<string, unknown>;
  if (!isCount(uid) || !isText(user)) return null;
  return {
    uid,
    user,
    pid: orNull(pid, isCount),
    command: orNull(command, isText),
    unit: orNull(unit, isText),
    unitUser: orNull(unitUser, isCount),
    container: orNull(container, isText),
    runtime: toRuntime(runtime),
  };
}

function readEntry(value: unknown): Remembered | null {
  if (typeof value !== 'object' || value === null) return null;
  const { watchedSinceMs, listeningMs, owner, oomKills } = value as Record<string, unknown>;
  if (!isCount(watchedSinceMs)) return null;
  return {
    watchedSinceMs,
    listeningMs: orNull(listeningMs, isCount),
    owner: readOwner(owner),
    oomKills: orNull(oomKills, isCount),
  };
}

/** Total: half a file, or none, has none. */
function entriesOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What `text` wrote. Total: what is no such thing is forgotten, for another user writes the file. */
export function recall(text: string): (peer: string) => Remembered | null {
  const entries = entriesOf(text);
  return (peer) => (Object.hasOwn(entries, peer) ? readEntry(entries[peer]) : null);
}
