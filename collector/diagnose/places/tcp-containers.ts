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
import { bridgeOf, publishedTo } from './containers.ts';
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

/** Others on the same port, in namespaces of containers, that no line of the configuration means. */
function containersOn(address: PeerAddress, context: TcpContext): readonly ListenerFact[] {
  const { namespaces, look } = context;
  return namespaces.others.flatMap((each) => {
    const table = look.tableOf(each);
    if (table === null || each.name.container === null) return [];
    const onPort = table.listeners.filter(({ port, words }) => port === address.port && isAny(words));
    return onPort.filter((one) => !isClaimed(one, context)).map((one) => factOf(one, each, look));
  });
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
    containers: address.isLoopback ? [] : containersOn(address, context),
  };
}
