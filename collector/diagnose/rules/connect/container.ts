/** Containers of this host that are gone, were replaced, or refuse behind a published port. Pure. */
import type { ListenerFact, PeerFacts, TcpFacts } from '../../facts/facts.ts';
import { type Finding, found } from '../../finding.ts';
import type { BehindFacts } from '../../impact/traffic.ts';
import { type TcpCase, visibleHome } from '../case.ts';
import { ownerText, signs } from '../signs.ts';

/** The port is held by the engine; behind it the container refuses, or is not there. */
export function behindFinding(tcp: TcpFacts, behind: BehindFacts | null): Finding {
  const inside =
    behind === null
      ? null
      : `the port leads to ${behind.host}:${behind.port}${behind.container === null ? '' : ` (container ${behind.container})`}`;
  const nothing =
    behind?.listens === false ? 'nothing listens on that port in the container, or only on loopback' : null;
  const sureness = nothing === null ? 'likely' : 'certain';
  const evidence = [signs.published(tcp.serving), inside, nothing, signs.probe(tcp.probe)];
  return found('process_down', sureness, evidence, ['the runtime: it holds the port']);
}

/** By their names: another application that has the same port. */
function isOther({ remembered }: PeerFacts, { owner }: ListenerFact): boolean {
  const before = remembered?.owner?.containerName ?? null;
  return before !== null && owner.containerName !== null && owner.containerName !== before;
}

/** nginx has its address from a name: loaded again, it takes the new one. */
function hasName({ servers, formerly }: PeerFacts): boolean {
  return [...servers, ...formerly].some(({ name }) => name !== null);
}

/** What began so long before the first failure ran beside it: another application with the same port. */
const besideMs = 60_000;

/** Where a container listens on the same port at another address: it was made anew, and nginx has the old one. */
function replaced({ peer, tcp, failures }: TcpCase, why: string): Finding | null {
  const [there, another] = tcp.containers;
  if (there === undefined || another !== undefined || isOther(peer, there) || !hasName(peer)) return null;
  if (there.startedMs !== null && there.startedMs < failures.firstMs - besideMs) return null;
  return found(
    'stale_address',
    'likely',
    [
      why,
      `a container listens on port ${tcp.port} at another address: ${ownerText(there.owner)}`,
      signs.lastOwner(peer),
    ],
    ['application down: it listens in the other container'],
  );
}

/** The very container that served the peer, where nginx cannot connect to it; others may have the same port by chance. */
export function servedApart({ remembered, tcp }: PeerFacts): ListenerFact | null {
  const before = remembered?.owner ?? null;
  if (before?.container == null) return null;
  const isSame = ({ owner }: ListenerFact): boolean =>
    owner.container === before.container ||
    (before.containerName !== null && owner.containerName === before.containerName);
  return tcp?.apart.find(isSame) ?? null;
}

/** The same where nginx cannot reach it: its address is no longer here, or only in networks that nginx is not on. */
export function servedOutOfReach(peer: PeerFacts): ListenerFact | null {
  const there = servedApart(peer);
  if (there === null || peer.tcp === null) return null;
  const { home, serving } = peer.tcp;
  return home === 'elsewhere' || serving.some(({ inode }) => inode === there.inode) ? there : null;
}

/** It runs, and nginx is on none of its networks: to load the name anew would not help. */
function onOtherNetwork({ peer, tcp }: TcpCase, why: string): Finding | null {
  const there = servedOutOfReach(peer);
  if (there === null) return null;
  return found(
    'process_down',
    'certain',
    [
      why,
      `the container that served it listens on port ${tcp.port} in a network that nginx is not on: ${ownerText(there.owner)}`,
    ],
    ['application down: it listens in its container'],
  );
}

/** An address of this host's own containers that no container has, or that another one has now; null for all others. */
export function containerGone(one: TcpCase): Finding | null {
  const { tcp, peer } = one;
  const before = peer.remembered?.owner ?? null;
  if (tcp.home !== 'elsewhere') {
    const apart = onOtherNetwork(
      one,
      `the address ${tcp.host} is the container's, and nginx shares no network with it`,
    );
    if (apart !== null) return apart;
    const now = visibleHome(tcp)?.container ?? null;
    if (before?.container == null || now === null || now === before.container || tcp.serving.length > 0) return null;
    return replaced(one, `another container (${now}) has the address ${tcp.host} now`);
  }
  if (before?.container == null && tcp.bridge === null) return null;
  const nobody = `no container of this host has the address ${tcp.host}${tcp.bridge === null ? '' : `, which is in the network of the bridge ${tcp.bridge}`}`;
  const other = replaced(one, nobody);
  if (other !== null) return other;
  const known = before?.container != null;
  const away = onOtherNetwork(one, nobody);
  if (away !== null) return away;
  return found(
    'process_down',
    known ? 'certain' : 'likely',
    [
      nobody,
      signs.lastOwner(peer),
      signs.oom(peer),
      known ? null : 'its container is stopped or removed, or it is on another network than nginx',
      before?.isRemoved === true ? 'its container was removed: the engine has none with this id' : null,
      signs.probe(tcp.probe),
    ],
    ['another host: the address belongs to a network inside this host'],
  );
}
