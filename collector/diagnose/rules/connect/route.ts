/** What this host's own tables and policies say at once, before anything is sent. Pure. */
import { ended, type Finding, found } from '../../finding.ts';
import { isThroughAgain, type TcpCase } from '../case.ts';
import { signs } from '../signs.ts';

/** nginx calls connect() and fails at once only where this host's own tables say no; else the answer came from outside. */
export function isOwnRoute({ failures }: TcpCase): boolean {
  return /^connect\(\) to /.test(failures.message);
}

const ownRoutes: Readonly<Record<number, string>> = {
  22: 'its route is a blackhole',
  101: 'the kernel has no route to it',
  113: 'a route of type unreachable is in the way',
};

/** A connection from here leaves this host, whatever comes of it: it is not the route. */
function getsThere({ tcp: { probe } }: TcpCase): boolean {
  return ['connected', 'refused', 'silent'].includes(probe.is);
}

/** The kernel refuses nginx's connections alone: they come from another address. */
function fromElsewhere({ failures, tcp }: TcpCase): Finding {
  return found(
    'no_local_address',
    'likely',
    [
      `errno ${failures.errno}: the kernel refused the connection at once`,
      signs.probe(tcp.probe),
      'connections of nginx alone are refused: proxy_bind gives them another local address, or a rule routes them apart',
    ],
    ['a fault of the peer: nginx never contacted it', 'a route for all'],
  );
}

export function noRoute(one: TcpCase): Finding {
  if (isOwnRoute(one) && getsThere(one)) return fromElsewhere(one);
  const { failures, tcp } = one;
  if (!isOwnRoute(one)) {
    const evidence = [`errno ${failures.errno}: a router on the way answered that it has no route`, signs.away(tcp)];
    return found(
      'no_route',
      'likely',
      [...evidence, signs.probe(tcp.probe)],
      ['the process', "this host's own routes"],
    );
  }
  const what = ownRoutes[failures.errno ?? 101] ?? 'the kernel refuses at once, by its own routes';
  const evidence = [`errno ${failures.errno}: ${what}`, signs.probe(tcp.probe)];
  // The same errno is given where proxy_bind does not lead there: only a connection from here distinguishes these.
  if (failures.errno === 22 && tcp.probe.is === 'not_probed') {
    const isLater = tcp.probe.why === 'too_soon';
    return isLater ? found('unknown', 'unknown', evidence) : found('no_route', 'likely', evidence, ['the process']);
  }
  return found('no_route', 'certain', evidence, ['the process']);
}

/** errno 13 over TCP: a policy of this host forbids it, or an IPv6 firewall prohibits it. */
export function denied(one: TcpCase): readonly Finding[] {
  const { tcp, facts, failures } = one;
  const { selinux } = facts.nginx;
  const isIpv6 = tcp.host.includes(':');
  // A policy of this host forbids it at once; what comes back later was sent by somebody.
  const isAnswer = isIpv6 && /^connect\(\) failed/.test(failures.message);
  const evidence = [
    `errno ${failures.errno ?? 13} (permission denied) for a TCP connection`,
    selinux ? 'SELinux is enforcing on this host' : 'SELinux is not enforcing on this host',
    signs.probe(tcp.probe),
  ];
  if (isAnswer || (isIpv6 && tcp.probe.is === 'denied' && !isOwnRoute(one))) {
    const rejecting = found(
      'firewall_reject',
      'likely',
      [...evidence, 'IPv6 firewalls that prohibit give this answer'],
      ['the process'],
    );
    return [isThroughAgain(one) ? ended(rejecting) : rejecting];
  }
  return [
    found('not_permitted', selinux && tcp.probe.is !== 'denied' ? 'certain' : 'likely', evidence, ['the process']),
  ];
}
