/** What a TCP peer has to do with containers of this host. */

import type { ContainerFacts, ListenerFact } from '../facts/facts.ts';
import type { DiagnosePorts } from '../facts/ports.ts';
import {
  factOf,
  homeOf,
  isAny,
  isClaimed,
  listenersOf,
  type PeerAddress,
  peerAddress,
  type TcpContext,
  type TcpLook,
} from '../facts/tcp.ts';
import type { BehindFacts } from '../impact/traffic.ts';
import { bridgeOf, directNetworks, publishedTo } from './containers.ts';
import { type Namespace, type Namespaces, readablePid } from './namespaces.ts';

function behindOf(address: PeerAddress, home: Namespace, context: TcpContext): BehindFacts | null {
  const { look, namespaces, ports } = context;
  const [listener] = listenersOf({ address }, home, look);
  const pid = listener === undefined ? null : factOf(listener, home, look).owner.pid;
  const to = pid === null ? null : publishedTo(ports.proc.text(`${pid}/cmdline`) ?? '');
  const inside = to === null ? null : peerAddress(`${to.host}:${to.port}`);
  if (to === null || inside === null) return null;
  const there = homeOf(inside, namespaces, look);
  if (there === null || there === 'elsewhere') return { ...to, container: null, listens: null };
  return { ...to, container: there.name.container, listens: listenersOf({ address: inside }, there, look).length > 0 };
}

/** Whether nginx is on one of the networks that this namespace is on; true where it has no routes that say so. */
function sharesNetworkWith(each: Namespace, { namespaces, look, ports }: TcpContext): boolean {
  const pid = readablePid(namespaces.nginx, ports);
  const networks = directNetworks((pid === null ? null : ports.proc.text(`${pid}/net/route`)) ?? '');
  if (networks.length === 0) return true;
  const words = [...(look.tableOf(each)?.addresses ?? [])].filter((key) => !key.includes('.')).map(Number);
  return words.some((word) => networks.some((holds) => holds(word)));
}

/** Others on the same port, in namespaces of containers, that no line of the configuration means. */
function containersOn(address: PeerAddress, context: TcpContext): Pick<ContainerFacts, 'containers' | 'apart'> {
  const { namespaces, look } = context;
  const containers: ListenerFact[] = [];
  const apart: ListenerFact[] = [];
  for (const each of address.isLoopback ? [] : namespaces.others) {
    const table = look.tableOf(each);
    if (table === null || each.name.container === null) continue;
    const onPort = table.listeners.filter(({ port, words }) => port === address.port && isAny(words));
    const found = onPort.filter((one) => !isClaimed(one, context)).map((one) => factOf(one, each, look));
    if (found.length > 0) (sharesNetworkWith(each, context) ? containers : apart).push(...found);
  }
  return { containers, apart };
}

/** The bridges are the host's: nginx in a container has but its own end of one. */
function bridgeAround(address: PeerAddress, { nginx }: Namespaces, ports: DiagnosePorts): string | null {
  const places = new Set([readablePid(nginx, ports) ?? 'self', 1, 'self']);
  for (const place of places) {
    const bridge = bridgeOf(address, ports.proc.text(`${place}/net/route`) ?? '');
    if (bridge !== null) return bridge;
  }
  return null;
}

/** @param home where the address was before the probe */
export function containerFacts(address: PeerAddress, home: TcpLook['home'], context: TcpContext): ContainerFacts {
  const { namespaces, ports } = context;
  const isAway = home === 'elsewhere';
  return {
    bridge: isAway ? bridgeAround(address, namespaces, ports) : null,
    behind: home === null || isAway ? null : behindOf(address, home, context),
    ...containersOn(address, context),
  };
}
