/** No answer in time (110), or nobody there (113, 101): firewalls, dead hosts, full queues. Pure. */

import type { ListenerFact } from '../../facts/facts.ts';
import { dated, ended, type Finding, found } from '../../finding.ts';
import { mayBePublished } from '../../places/published.ts';
import {
  connectedSince,
  isThroughAgain,
  isWithNginx,
  mayServe,
  succeededSince,
  succeedsMeanwhile,
  succeedsNow,
  type TcpCase,
  visibleHome,
} from '../case.ts';
import { placeText, signs } from '../signs.ts';
import { containerGone } from './container.ts';
import { isFromBefore, waitingText, waitsFromBefore } from './from-before.ts';
import { byOwnRule } from './own-rule.ts';
import { cameBack } from './refused.ts';
import { isOwnRoute, noRoute } from './route.ts';

export function timedOut(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  const gone = containerGone(one);
  if (gone !== null) return [gone];
  if (isSilentToArp(one)) return [hostDown(one)];
  const full = mayServe(tcp).find(({ queued }) => queued > 0);
  if (isFromBefore(one)) return cameBack(one);
  if (isThroughAgain(one)) return [ended(noAnswer(one))];
  const older = waitsFromBefore(one);
  if (older !== null) return [older];
  if (full !== undefined) return [queueFull(one, full)];
  const own = byOwnRule(one, 'drop');
  if (own !== null) return [own];
  if (tcp.probe.is === 'unreachable') return unreachable(one);
  // Of many packets that are lost one may be that of the test connection.
  const isPartly = tcp.probe.is === 'connected' || (!isWithNginx(one) && succeedsNow(one));
  return isPartly ? [someLost(one)] : [noAnswer(one)];
}

function queueFull({ tcp }: TcpCase, full: ListenerFact): Finding {
  const overflows = tcp.overflows ?? 0;
  const stopped = full.isStopped ? signs.stopped(null) : null;
  return found(
    'accept_queue_full',
    overflows > 0 || stopped !== null ? 'certain' : 'likely',
    [
      signs.listens([full]),
      signs.queue(full),
      stopped,
      overflows > 0 ? signs.overflows(overflows) : null,
      signs.probe(tcp.probe),
    ],
    ['process down: it listens', overflows > 0 ? 'a firewall: the connections reach the socket' : null],
  );
}

/** What is ruled out where only some connections, or only those of nginx, get no answer. */
export const takesConnections = 'process down: it takes connections';
export const othersSucceed = 'other requests to it succeed meanwhile';

/** Others get through: the peer serves, and some packets, or some connections, are lost. */
function someLost(one: TcpCase): Finding {
  const { tcp } = one;
  const user = one.facts.nginx.user ?? 'of its workers';
  const apart = `nginx's connections get no answer while one from here, by another user, succeeds: a rule for the user ${user} or for nginx's local address, or packets that are lost`;
  return found(
    'no_answer',
    'likely',
    [
      waitingText(one),
      signs.probe(tcp.probe),
      succeedsMeanwhile(one) ? dated(othersSucceed) : tcp.probe.is === 'connected' ? apart : null,
      signs.rules(tcp),
    ],
    [takesConnections, 'host down'],
  );
}

function noAnswer(one: TcpCase): Finding {
  const { tcp, peer } = one;
  const isHere = visibleHome(tcp) !== null;
  const isWith = isWithNginx(one);
  const listens = tcp.serving.length > 0;
  const succeeds = succeededSince(one) || (peer.answers?.connected ?? 0) > 0;
  return found(
    'no_answer',
    // From one namespace to another there are routes: without one back, the answer is lost as well.
    isWith && tcp.probe.is === 'silent' && !tcp.serving.some(mayBePublished) ? 'certain' : 'likely',
    [
      waitingText(one),
      listens ? signs.listens(tcp.serving) : isHere ? signs.nothingListens(tcp) : signs.away(tcp),
      isHere
        ? `a connection on this host is answered at once, unless a firewall drops it${isWith ? '' : ' or no route leads back'}`
        : 'a firewall that drops, a dead host and a full accept queue there look the same from here',
      signs.rules(tcp),
      tcp.neighbour === true ? signs.neighbour(tcp.host, true) : null,
      succeeds ? dated('requests to it succeeded in the last minutes') : null,
      signs.probe(tcp.probe),
    ],
    [
      listens ? 'a full queue: no connection waits in it' : null,
      isHere || tcp.neighbour === true ? 'host down' : null,
      'nothing listening: a host that is up and lets connections through refuses at once',
    ],
  );
}

/** An old entry of the ARP table says nothing of nginx's own addresses. */
function isSilentToArp(one: TcpCase): boolean {
  return one.tcp.neighbour === false && !isWithNginx(one);
}

function hostDown(one: TcpCase): Finding {
  const { tcp } = one;
  const home = visibleHome(tcp);
  const finding =
    home === null
      ? found(
          'host_down',
          'certain',
          [signs.neighbour(tcp.host, false), signs.probe(tcp.probe)],
          ['a rule for TCP on that host: ARP passes below it', 'the process: the host itself is not there'],
        )
      : found(
          'host_down',
          'likely',
          [
            signs.neighbour(tcp.host, false),
            `the address is in ${placeText(home)}, and the link between it and nginx is down`,
            signs.probe(tcp.probe),
          ],
          ['the process: nginx does not reach it', 'a rule for TCP: ARP passes below it'],
        );
  return connectedSince(one) ? ended(finding) : finding;
}

export function unreachable(one: TcpCase): readonly Finding[] {
  const { tcp, failures } = one;
  const gone = containerGone(one);
  if (gone !== null) return [gone];
  if (isSilentToArp(one)) return [hostDown(one)];
  if (isFromBefore(one)) return cameBack(one);
  const own = byOwnRule(one, 'reject');
  if (own !== null) return [own];
  const isReachable = visibleHome(tcp) !== null || tcp.neighbour === true;
  // Between neighbours there is no router: who answers that there is no route is a rule.
  const isFromRouter = failures.errno === 101 && !isReachable;
  if (isFromRouter || isOwnRoute(one)) {
    const finding = noRoute(one);
    return [isThroughAgain(one) ? ended(finding) : finding];
  }
  // No system answers so for TCP: only rules do.
  const isByRule = failures.errno === 92 || failures.errno === 42;
  if (!isReachable && !isByRule) {
    const evidence = ['a router on the way, or the host itself, says that it cannot be reached', signs.away(tcp)];
    const finding = found('host_down', 'likely', [...evidence, signs.probe(tcp.probe)], ['the process']);
    return [isThroughAgain(one) ? ended(finding) : finding];
  }
  return [isThroughAgain(one) ? ended(rejected(one)) : rejected(one)];
}

/** "No route to host" from one that can be reached. */
function rejected(one: TcpCase): Finding {
  const { tcp, failures } = one;
  const isServed = tcp.serving.length > 0 && !tcp.serving.some(mayBePublished);
  const from = `errno ${failures.errno ?? 113} from a host that can be reached:`;
  const evidence = [
    tcp.neighbour === true ? signs.neighbour(tcp.host, true) : null,
    visibleHome(tcp) === null ? null : 'its address is on this host',
    tcp.serving.length > 0 ? signs.listens(tcp.serving) : null,
    isServed
      ? `${from} only a firewall gives this answer`
      : `${from} a firewall gives this answer, or a host that forwards connections (a published port, a load balancer) to one that is gone`,
    signs.rules(tcp),
    signs.probe(tcp.probe),
  ];
  const apart = tcp.probe.is === 'connected' ? 'a connection from here, by another user, succeeds' : null;
  const rulesOut = ['host down', isServed ? 'the process: nginx does not reach it' : null];
  return found('firewall_reject', isServed ? 'certain' : 'likely', [apart, ...evidence], rulesOut);
}
