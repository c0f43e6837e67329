/** errno 111 over TCP. Pure. */

import { isPublished, mayBePublished } from '../facts/published.ts';
import { type Finding, found } from '../finding.ts';
import { apartMs, lasted, restartMs, sinceLast, type TcpCase, visibleHome } from './case.ts';
import { nobodyServes } from './process.ts';
import { duration, signs } from './signs.ts';

export function refused(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  if (tcp.probe.is === 'connected') return answersAgain(one);
  if (visibleHome(tcp) === null) return fromElsewhere(one);
  return tcp.serving.length > 0 ? served(one) : nobodyServes(one);
}

/** Rolling: others of the upstream went and came back, too, each at its own time. */
function inTurn(one: TcpCase): readonly string[] {
  const { peer, facts, failures } = one;
  return facts.peers
    .filter((other) => other.peer !== peer.peer && other.upstream === peer.upstream)
    .filter((other) => {
      const theirs = other.failures.get('refused');
      return theirs !== undefined && (theirs.firstMs > failures.lastMs || theirs.lastMs < failures.firstMs);
    })
    .map((other) => other.peer);
}

function over(one: TcpCase): string {
  if (one.failures.count === 1) return `it was refused once, ${duration(sinceLast(one))} ago`;
  return `the refusals lasted ${duration(lasted(one))} and ended ${duration(sinceLast(one))} ago`;
}

/** It serves now. What it was depends on how long it did not. */
export function answersAgain(one: TcpCase): readonly Finding[] {
  const { peer, tcp, time } = one;
  const others = inTurn(one);
  const rolling = others.length > 0 ? `others of the upstream did the same, in turn: ${others.join(', ')}` : null;
  const evidence = [
    over(one),
    rolling,
    tcp.serving.length > 0 ? signs.listens(tcp.serving) : null,
    signs.probe(tcp.probe),
  ];
  const isPersistent = lasted(one) > restartMs && sinceLast(one) <= 3000;
  if (isPersistent) {
    const odd = 'nginx is still refused while a connection from here succeeds: something treats the two differently';
    return [found('unknown', 'unknown', [odd, ...evidence], ['the process being down: it accepts connections'])];
  }
  if (lasted(one) <= restartMs) return [found('restarting', 'likely', evidence, ['an outage that goes on'])];
  return [found('process_down', 'likely', [...evidence, signs.lastListening(peer, time)], ['an outage that goes on'])];
}

/**
 * The port is published: a container's runtime holds it, but the kernel hands connections to the container (DNAT), and
 * it is the container that refuses.
 */
function behindPublished(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  const evidence = [signs.published(tcp.serving), signs.probe(tcp.probe)];
  return [found('process_down', 'likely', evidence, ['the runtime: it holds the port'])];
}

/** A socket listens on this very address, and connections are refused all the same. */
function served(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  if (tcp.serving.every(isPublished)) return behindPublished(one);
  const unseen = tcp.serving.some(mayBePublished) ? signs.mayBePublished : null;
  const evidence = [signs.listens(tcp.serving), unseen, signs.probe(tcp.probe)];
  const notDown = 'the process being down: it listens on this very address and port';
  if (tcp.probe.is === 'refused' && tcp.steady) {
    return [
      found('firewall_reject', unseen === null ? 'certain' : 'likely', evidence, [
        notDown,
        'a full queue: that gives no answer, no refusal',
      ]),
    ];
  }
  if (sinceLast(one) > apartMs) return answersAgain(one);
  const apart = `nginx was refused again ${duration(lasted(one))} after the first time, while a socket listens`;
  if (one.failures.count > 1 && lasted(one) >= apartMs) {
    return [found('firewall_reject', 'likely', [apart, ...evidence], [notDown])];
  }
  return [found('unknown', 'unknown', ['it may just be starting: look again in 10 s', ...evidence], [notDown])];
}

/** Another host, or one that cannot be told: a refusal proves that the host is up, not who refused. */
function fromElsewhere(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  const evidence = [
    signs.away(tcp),
    'a refusal came back: the host is up and reachable',
    'a firewall that rejects with a reset would look the same from here',
    signs.probe(tcp.probe),
  ];
  if (tcp.probe.is === 'not_probed' && sinceLast(one) > apartMs && lasted(one) <= restartMs) {
    return [found('restarting', 'likely', [over(one), ...evidence])];
  }
  return [found('process_down', 'likely', evidence, ['the host being down', 'a firewall that drops'])];
}
