import { createPace } from '../../aggregate/pace.ts';
import type { Remembered } from '../../diagnose/facts/facts.ts';
import type { NginxSeen } from '../../diagnose/facts/gather.ts';
import { createPeerMemory, type SeenListener } from '../../diagnose/facts/memory.ts';
import { type Namespaces, surveyNamespaces } from '../../diagnose/facts/namespaces.ts';
import type { DiagnosePorts } from '../../diagnose/facts/ports.ts';
import { createLook, listenerOf, lookBefore, peerAddress } from '../../diagnose/facts/tcp.ts';
import type { Conditions } from '../../netdata/log.ts';
import { oomKills } from '../../parse/proc/counters.ts';
import { parseNetUnix } from '../../parse/proc/net.ts';
import { attempt } from '../../system/fs.ts';
import type { StateFile } from '../../system/state-file.ts';

/** What listened for the configured peers of an nginx, looked at as often as it is cheap. */
export interface PeerWatch {
  /** Looks if it is due, or at once. */
  look(seen: Pick<NginxSeen, 'masterPid' | 'configuration'>, nowUs: number, at: 'when due' | 'once'): void;
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
  const memory = createPeerMemory();
  let writtenUs = Number.NEGATIVE_INFINITY;
  let isRestored = false;

  function write(nowUs: number): void {
    const target = file();
    if (target === null) return;
    writtenUs = nowUs;
    const done = attempt(() => target.replace(memory.text()));
    conditions.set(`listeners ${target.path}`, done.ok ? null : `${target.path} cannot be written: ${done.code}`);
  }

  /** What a process before has seen: a restart of the plugin forgets nobody. */
  function restore(): void {
    const target = file();
    if (isRestored || target === null) return;
    isRestored = true;
    const written = attempt(() => target.read());
    if (written.ok) memory.restore(written.value, ports.wallMs());
  }

  function lookNow(namespaces: Namespaces, peers: readonly string[]): boolean {
    const look = createLook([], ports);
    const found = new Map<string, SeenListener | null>();
    for (const peer of peers) {
      const address = peerAddress(peer);
      if (address === null) continue;
      const before = lookBefore(address, namespaces, look);
      if (before.home !== null && before.home !== 'elsewhere') found.set(peer, listenerOf(before, before.home, look));
    }
    for (const [peer, seen] of unixListeners(peers, namespaces, ports)) found.set(peer, seen);
    const now = { ms: ports.wallMs(), oomKills: oomKills(ports.proc.text('vmstat') ?? '') };
    const owners = [namespaces.nginx, ...namespaces.others];
    return memory.look(found, now, (uid, inode) => {
      const home = owners.find((each) => look.tableOf(each)?.listeners.some((one) => one.inode === inode) === true);
      return look.ownersOf(home ?? namespaces.nginx).ownerOf(uid, inode);
    });
  }

  return {
    look({ masterPid, configuration }, nowUs, at) {
      if (masterPid === null || configuration === null || (at === 'when due' && !pace.isDue(nowUs))) return;
      const startedUs = clock.monotonicUs();
      restore();
      const peers = configuration.upstreams.flatMap(({ servers }) => servers.flatMap((server) => server.peers));
      const changed = lookNow(surveyNamespaces(masterPid, ports), [...new Set(peers)]);
      if (changed || nowUs - writtenUs >= writeEveryUs) write(nowUs);
      pace.spent(nowUs, clock.monotonicUs() - startedUs);
    },
    remembered: memory.remembered,
  };
}

function unixListeners(
  peers: readonly string[],
  { nginx }: Namespaces,
  { proc }: DiagnosePorts,
): readonly (readonly [string, SeenListener | null])[] {
  const paths = peers.flatMap((peer) => (peer.startsWith('unix:') ? [peer.slice('unix:'.length)] : []));
  if (paths.length === 0) return [];
  const uses = parseNetUnix(proc.text(`${nginx.name.pid}/net/unix`) ?? '', new Set(paths));
  return paths.map((path) => [`unix:${path}`, uses.get(path)?.listening === true ? { uid: null, inode: null } : null]);
}
