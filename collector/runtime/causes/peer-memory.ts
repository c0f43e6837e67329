import { createPace } from '../../aggregate/pace.ts';
import type { Remembered } from '../../diagnose/facts/facts.ts';
import { createLook, type Look } from '../../diagnose/facts/look.ts';
import { createPeerMemory, type SeenListener } from '../../diagnose/facts/memory.ts';
import type { DiagnosedNginx, DiagnosePorts } from '../../diagnose/facts/ports.ts';
import { listenersOf, lookBefore, peerAddress } from '../../diagnose/facts/tcp.ts';
import { type Namespaces, surveyNamespaces } from '../../diagnose/places/namespaces.ts';
import type { Conditions } from '../../netdata/log.ts';
import { mayBeOf } from '../../nginx/peers.ts';
import { oomKills } from '../../parse/proc/counters.ts';
import { unixUses } from '../../parse/proc/net.ts';
import { attempt } from '../../system/fs.ts';
import type { StateFile } from '../../system/state-file.ts';
import { keepState } from '../kept-state.ts';

/** What listened for the configured peers of an nginx, checked as often as it is cheap. */
export interface PeerWatch {
  /** Looks if it is due, soon after the last time (something fails), or at once. */
  look(
    seen: Pick<DiagnosedNginx, 'masterPid' | 'configuration'>,
    nowUs: number,
    at: 'when due' | 'soon' | 'once',
  ): void;
  /** Peers of its logs: those are checked as well that a name may stand for which only nginx can resolve. */
  seenInLogs(peers: readonly string[]): void;
  /** nginx has a connection to it. */
  connected(peer: string): void;
  remembered(peer: string): Remembered | null;
}

/** Written at once when something ceased to listen, else seldom: `diagnose` asks for the moment before. */
const writeEveryUs = 60_000_000;

/** @param file where it is written down for `diagnose`; null: nowhere */
export function createPeerWatch(
  ports: DiagnosePorts,
  clock: { readonly monotonicUs: () => number },
  file: () => StateFile | null,
  conditions: Conditions,
): PeerWatch {
  const pace = createPace({ share: 0.001, longestUs: 30_000_000 });
  const often = createPace({ share: 0.01, longestUs: 5_000_000 });
  const memory = createPeerMemory();
  let writtenUs = Number.NEGATIVE_INFINITY;
  let isRestored = false;
  let logged: ReadonlySet<string> = new Set();
  let isAnyNew = false;

  function write(nowUs: number): void {
    const target = file();
    if (target === null) return;
    writtenUs = nowUs;
    keepState(target, memory.text(), conditions, `listeners ${target.path}`);
  }

  /** What a process before has seen: a restart of the plugin forgets nobody. */
  function restore(): void {
    const target = file();
    if (isRestored || target === null) return;
    isRestored = true;
    const written = attempt(() => target.read());
    if (written.ok) memory.restore(written.value, ports.wallMs());
  }

  /** null: nothing listens. Undefined: that cannot be seen. */
  function listenerFor(peer: string, namespaces: Namespaces, look: Look): SeenListener | null | undefined {
    const address = peerAddress(peer);
    const before = address === null ? null : lookBefore(address, namespaces, look);
    if (address === null || before === null || before.home === null) return undefined;
    if (before.home === 'elsewhere') {
      // The network of a container goes with it; of other hosts nothing is known.
      return memory.remembered(peer)?.listeningMs != null ? null : undefined;
    }
    const [first, ...rest] = listenersOf(before, before.home, look);
    if (first === undefined) return null;
    const all = look.tableOf(before.home)?.listeners ?? [];
    const others = all.filter(({ uid, port }) => uid === first.uid && port !== address.port);
    return { ...first, beside: rest.map(({ inode }) => inode), besides: others.map(({ port }) => port) };
  }

  function lookNow(namespaces: Namespaces, peers: readonly string[]): boolean {
    const look = createLook([], ports);
    const found = new Map<string, SeenListener | null>();
    for (const peer of peers) {
      const seen = listenerFor(peer, namespaces, look);
      if (seen !== undefined) found.set(peer, seen);
    }
    for (const [peer, seen] of unixListeners(peers, namespaces, ports)) found.set(peer, seen);
    const now = { ms: ports.wallMs(), oomKills: oomKills(ports.proc.text('vmstat') ?? '') };
    const tables = [namespaces.nginx, ...namespaces.others].flatMap((each) => look.tableOf(each)?.listeners ?? []);
    const portOf = new Map(tables.map(({ inode, port }) => [inode, port]));
    const owners = [namespaces.nginx, ...namespaces.others];
    return memory.look(found, now, (uid, inode) => {
      const home = owners.find((each) => look.tableOf(each)?.listeners.some((one) => one.inode === inode) === true);
      return look.ownersOf(home ?? namespaces.nginx).ownerOf(uid, inode, { port: portOf.get(inode) ?? 0 });
    });
  }

  function isDue(nowUs: number, at: Parameters<PeerWatch['look']>[2]): boolean {
    // Who has just been seen for the first time may be gone before the next leisurely check.
    return at === 'once' || (at === 'soon' || isAnyNew ? often : pace).isDue(nowUs);
  }

  return {
    look({ masterPid, configuration }, nowUs, at) {
      if (masterPid === null || configuration === null || !isDue(nowUs, at)) return;
      const startedUs = clock.monotonicUs();
      isAnyNew = false;
      restore();
      const all = configuration.upstreams.flatMap(({ servers }) => servers);
      const unnamed = [...logged].filter((peer) => all.some((server) => mayBeOf(server, peer)));
      const peers = [...all.flatMap((server) => server.peers), ...unnamed];
      const changed = lookNow(surveyNamespaces(masterPid, ports), [...new Set(peers)]);
      if (changed || nowUs - writtenUs >= writeEveryUs) write(nowUs);
      for (const each of [pace, often]) each.spent(nowUs, clock.monotonicUs() - startedUs);
    },
    seenInLogs(peers) {
      isAnyNew ||= peers.some((peer) => !logged.has(peer));
      logged = new Set(peers);
    },
    connected: (peer) => memory.connected(peer, ports.wallMs()),
    remembered: memory.remembered,
  };
}

function unixListeners(
  peers: readonly string[],
  { nginx }: Namespaces,
  { proc }: DiagnosePorts,
): readonly (readonly [string, SeenListener | null])[] {
  const uses = unixUses(peers, () => proc.text(`${nginx.name.pid}/net/unix`) ?? '');
  return peers
    .filter((peer) => peer.startsWith('unix:'))
    .map((peer) => {
      const use = uses.get(peer);
      return [peer, use?.listening === true ? { uid: null, inode: use.inode } : null];
    });
}
