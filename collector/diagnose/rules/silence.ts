/** No answer in time (110), or nobody there (113, 101): firewalls, dead hosts, full queues. Pure. */

import { mayBePublished } from '../facts/published.ts';
import { type Finding, found } from '../finding.ts';
import { isWithNginx, sinceLast, type TcpCase, visibleHome } from './case.ts';
import { signs } from './signs.ts';

export function timedOut(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  if (tcp.neighbour === false) return [hostDown(one)];
  if (tcp.probe.is === 'connected') return [answersNow(one)];
  if (tcp.probe.is === 'unreachable') return unreachable(one);
  const full = [...tcp.serving, ...tcp.perhapsServing].find(({ queued }) => queued > 0);
  return full === undefined ? [noAnswer(one)] : [queueFull(one)];
}

function queueFull({ tcp }: TcpCase): Finding {
  const [listener] = [...tcp.serving, ...tcp.perhapsServing].filter(({ queued }) => queued > 0);
  const overflows = tcp.overflows ?? 0;
  return found(
    'accept_queue_full',
    overflows > 0 ? 'certain' : 'likely',
    [
      listener === undefined ? null : signs.listens([listener]),
      listener === undefined ? null : signs.queue(listener),
      overflows > 0 ? signs.overflows(overflows) : null,
      signs.probe(tcp.probe),
    ],
    ['the process being down: it listens', overflows > 0 ? 'a firewall: the connections reach the socket' : null],
  );
}

function noAnswer(one: TcpCase): Finding {
  const { tcp } = one;
  const isHere = visibleHome(tcp) !== null;
  const isWith = isWithNginx(one);
  const listens = tcp.serving.length > 0;
  return found(
    'no_answer',
    // From one namespace to another there are routes: without one back, the answer is lost as well.
    isWith && tcp.probe.is === 'silent' && !tcp.serving.some(mayBePublished) ? 'certain' : 'likely',
    [
      listens ? signs.listens(tcp.serving) : isHere ? signs.nothingListens(tcp) : signs.away(tcp),
      isHere
        ? `a connection on this host is answered at once, unless a firewall drops it${isWith ? '' : ' or no route leads back'}`
        : null,
      tcp.neighbour === true ? signs.neighbour(tcp.host, true) : null,
      signs.probe(tcp.probe),
    ],
    [
      listens ? 'a full queue: no connection waits in it' : null,
      isHere || tcp.neighbour === true ? 'the host being down' : null,
      'nothing listening: a host that is up and lets connections through refuses at once',
    ],
  );
}

function answersNow(one: TcpCase): Finding {
  const { tcp } = one;
  const busy = tcp.serving.find(({ queued }) => queued > 0);
  const evidence = [signs.probe(tcp.probe), busy === undefined ? null : signs.queue(busy)];
  if (busy !== undefined)
    return found('accept_queue_full', 'likely', evidence, ['a firewall: a connection goes through']);
  return found(
    'unknown',
    'unknown',
    [`nginx got no answer until ${one.time(one.failures.lastMs)}`, ...evidence],
    ['the process being down', sinceLast(one) > 10_000 ? 'a failure that goes on' : null],
  );
}

function hostDown({ tcp }: TcpCase): Finding {
  return found(
    'host_down',
    'certain',
    [signs.neighbour(tcp.host, false), signs.probe(tcp.probe)],
    ['a firewall on that host: ARP passes below it', 'the process: the host itself is not there'],
  );
}

export function unreachable(one: TcpCase): readonly Finding[] {
  const { tcp, failures } = one;
  if (tcp.neighbour === false) return [hostDown(one)];
  if (tcp.probe.is === 'connected') return [answersNow(one)];
  if (failures.errno === 101 || failures.errno === 22) {
    const what = failures.errno === 101 ? 'the kernel has no route to it' : 'its route is a blackhole';
    return [
      found('no_route', 'certain', [`errno ${failures.errno}: ${what}`, signs.probe(tcp.probe)], ['the process']),
    ];
  }
  const isReachable = visibleHome(tcp) !== null || tcp.neighbour === true;
  if (!isReachable) {
    const evidence = ['a router on the way, or the host itself, says that it cannot be reached', signs.away(tcp)];
    return [found('host_down', 'likely', [...evidence, signs.probe(tcp.probe)], ['the process'])];
  }
  const isServed = tcp.serving.length > 0 && !tcp.serving.some(mayBePublished);
  const from = `errno ${failures.errno ?? 113} from a host that can be reached:`;
  const evidence = [
    tcp.neighbour === true ? signs.neighbour(tcp.host, true) : 'its address is on this very host',
    tcp.serving.length > 0 ? signs.listens(tcp.serving) : null,
    isServed
      ? `${from} only a firewall answers so`
      : `${from} a firewall answers so, or a host that passes connections on (a published port, a load balancer) to one that is gone`,
    signs.probe(tcp.probe),
  ];
  const rulesOut = ['the host being down', isServed ? 'the process: it is not asked' : null];
  return [found('firewall_reject', isServed ? 'certain' : 'likely', evidence, rulesOut)];
}

/** errno 13 over TCP: a policy of this host forbids it, or an IPv6 firewall prohibits it. */
export function denied({ tcp, facts, failures }: TcpCase): readonly Finding[] {
  const { selinux } = facts.nginx;
  const isIpv6 = tcp.host.includes(':');
  const evidence = [
    `errno ${failures.errno ?? 13} (permission denied) for a TCP connection`,
    selinux ? 'SELinux is enforcing on this host' : 'SELinux is not enforcing on this host',
    signs.probe(tcp.probe),
  ];
  if (isIpv6 && tcp.probe.is === 'denied') {
    return [
      found('firewall_reject', 'likely', [...evidence, 'IPv6 firewalls that prohibit answer so'], ['the process']),
    ];
  }
  return [
    found('not_permitted', selinux && tcp.probe.is !== 'denied' ? 'certain' : 'likely', evidence, ['the process']),
  ];
}
