/** errno 111 over TCP and UDP. Pure. */

import { duration } from '../../../base/text.ts';
import { dated, ended, type Finding, found, ofEnd } from '../../finding.ts';
import { isPublished, mayBePublished } from '../../places/published.ts';
import {
  apartMs,
  connectedSince,
  downFor,
  everWorked,
  failedWhileListening,
  isNewListener,
  isOlderThanListener,
  lasted,
  listenedThroughout,
  quietMs,
  recentMs,
  restartMs,
  sinceLast,
  succeedsMeanwhile,
  type TcpCase,
  visibleHome,
} from '../case.ts';
import { signs } from '../signs.ts';
import { behindFinding, containerGone } from './container.ts';
import { crashLoop } from './crash-loop.ts';
import { byOwnRule } from './own-rule.ts';
import { nobodyServes } from './process.ts';

const notDown = 'process down: it listens on exactly this address and port';

export function refused(one: TcpCase): readonly Finding[] {
  const { tcp, peer } = one;
  const loop = crashLoop(one);
  const gone = peer.isUdp ? null : containerGone(one);
  // Made anew and stopped is no loop; what comes and goes has come back by the next check.
  if (loop !== null && (gone === null || loop.sureness === 'certain')) return [loop];
  if (peer.isUdp) return overUdp(one);
  if (gone !== null) return [gone];
  const isElsewhere = visibleHome(tcp) === null;
  const own = isElsewhere || tcp.serving.length > 0 ? byOwnRule(one, 'reject') : null;
  if (own !== null) return [own];
  if (tcp.probe.is === 'connected') return answersProbe(one);
  if (isElsewhere) return fromElsewhere(one);
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

function over(one: TcpCase) {
  const { count, errno } = one.failures;
  const [was, were] = errno === null || errno === 111 ? ['was refused', 'refusals'] : ['failed', 'failures'];
  if (count === 1) return ofEnd(`it ${was} once, ${duration(sinceLast(one))} ago`);
  return ofEnd(`the ${were} lasted ${duration(downFor(one))} and ended ${duration(sinceLast(one))} ago`);
}

/** It serves now, and did not a while ago. What it was depends on how long that was. */
export function cameBack(one: TcpCase): readonly Finding[] {
  const { peer, tcp, time } = one;
  const others = inTurn(one);
  const rolling =
    others.length > 0 ? ofEnd(`others of the upstream did the same, in turn: ${others.join(', ')}`) : null;
  const evidence = [
    over(one),
    rolling,
    tcp.serving.length > 0 ? signs.listens(tcp.serving) : null,
    connectedSince(one) ? ofEnd('it has taken connections since') : null,
    signs.probe(tcp.probe),
  ];
  const code = downFor(one) <= restartMs ? 'restarting' : 'process_down';
  const before = code === 'process_down' ? [signs.lastListening(peer, time)] : [];
  return [ended(found(code, 'likely', [...evidence, ...before], ['an ongoing outage']))];
}

/** Refused while it listens, and a connection from here gets through: something treats nginx differently. */
function treatedApart(one: TcpCase): Finding {
  const { tcp, facts } = one;
  const user = facts.nginx.user ?? 'its workers’ user';
  return found(
    'firewall_reject',
    'likely',
    [
      'nginx is refused while a connection from here, by another user, succeeds',
      succeedsMeanwhile(one) ? dated('other requests of nginx succeed meanwhile') : null,
      tcp.serving.length > 0 ? signs.listens(tcp.serving) : null,
      signs.rules(tcp),
      `a rule for the user ${user}, for nginx's local address, or a limit on new connections does that`,
    ],
    ['process down: it accepts connections'],
  );
}

/** Between two refusals of a rule nothing has changed: only a connection of nginx shows that it is gone. */
function isRuleGone(one: TcpCase): boolean {
  return sinceLast(one) > quietMs || (sinceLast(one) > apartMs && connectedSince(one));
}

/** A connection from here succeeds. */
function answersProbe(one: TcpCase): readonly Finding[] {
  if (listenedThroughout(one)) return [isRuleGone(one) ? ended(treatedApart(one)) : treatedApart(one)];
  const goesOn = sinceLast(one) <= recentMs && !connectedSince(one);
  // Refused and served in turn, it comes and goes: a rule refuses all the while.
  const isSteady =
    lasted(one) > restartMs && (one.peer.answers?.lastConnectedMs ?? 0) < one.failures.firstMs && !isNewListener(one);
  if (goesOn && (failedWhileListening(one) || isSteady) && !isOlderThanListener(one)) {
    return [treatedApart(one)];
  }
  if (isOlderThanListener(one) || connectedSince(one) || sinceLast(one) > apartMs) return cameBack(one);
  if (failedWhileListening(one)) return [treatedApart(one)];
  const soon = 'it may have just come back: run diagnose again in 10 s';
  return [found('unknown', 'unknown', [over(one), soon, signs.probe(one.tcp.probe)], ['process down'])];
}

/**
 * The port is published: a container's runtime holds it, but the kernel hands connections to the container (DNAT), and
 * it is the container that refuses.
 */
function behindPublished(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  // The runtime takes connections also while nothing serves behind it: only the container's own socket shows that it is back.
  if (tcp.behind?.listens === true && (connectedSince(one) || isOlderThanListener(one))) return cameBack(one);
  return [behindFinding(tcp, tcp.behind)];
}

/** Refused now and then, while most connections get no answer. */
function isAmongTimeouts({ peer, failures }: TcpCase): boolean {
  const silent = peer.failures.get('timed_out');
  return silent !== undefined && silent.firstMs < failures.lastMs;
}

/** A socket listens on this very address, and connections were refused all the same. */
function served(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  if (tcp.serving.every(isPublished)) return behindPublished(one);
  const unseen = tcp.serving.some(mayBePublished) ? signs.mayBePublished : null;
  const evidence = [signs.listens(tcp.serving), unseen, signs.rules(tcp), signs.probe(tcp.probe)];
  if (tcp.probe.is === 'refused' && tcp.steady) {
    const sureness = unseen === null ? 'certain' : 'likely';
    return [
      found('firewall_reject', sureness, evidence, [
        notDown,
        'a full queue: that gives no answer instead of a refusal',
      ]),
    ];
  }
  const refusing = (how: string): Finding => found('firewall_reject', 'likely', [how, ...evidence], [notDown]);
  const apart = 'nginx was refused while this socket was listening';
  if (listenedThroughout(one)) return [isRuleGone(one) ? ended(refusing(apart)) : refusing(apart)];
  if (isOlderThanListener(one) || connectedSince(one)) return cameBack(one);
  if (tcp.probe.is === 'silent' && isAmongTimeouts(one)) {
    return [
      refusing(
        'some connections are refused and others get no answer: a rule with reject sends ICMP messages, which are limited to about one a second',
      ),
    ];
  }
  if (failedWhileListening(one) && sinceLast(one) <= apartMs) return [refusing(apart)];
  if (sinceLast(one) > apartMs) return cameBack(one);
  return [found('unknown', 'unknown', ['it may just be starting: run diagnose again in 10 s', ...evidence], [notDown])];
}

/** Another host, or one that is not known: a refusal proves that the host is up, not who refused. */
function fromElsewhere(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  const evidence = [
    signs.away(tcp),
    dated('a refusal came back: the host is up and reachable'),
    signs.probe(tcp.probe),
  ];
  const notHost = ['host down', 'a firewall that drops'];
  if (connectedSince(one)) return cameBack(one);
  if (tcp.probe.is === 'silent' || (tcp.icmp ?? 0) > 0) {
    const how =
      tcp.probe.is === 'silent'
        ? 'a closed port answers every connection with a reset: silence to one and a refusal to another is a rule'
        : 'the refusal came as an ICMP message, which rules with reject send; a closed port sends a reset';
    return [found('firewall_reject', 'likely', [how, ...evidence], ['the application: it did not send the refusal'])];
  }
  const alike = 'a firewall that rejects with a reset would look the same from here';
  if (everWorked(one)) {
    return [found('process_down', 'likely', [dated('it took connections before'), ...evidence, alike], notHost)];
  }
  const never = 'it was never seen to accept a connection: it may be down, on another port, or on loopback only';
  return [found('unknown', 'unknown', [never, ...evidence, alike], notHost)];
}

/** A datagram came back: no process has the port bound. Nothing is probed over UDP. */
function overUdp(one: TcpCase): readonly Finding[] {
  const { tcp, peer, time } = one;
  const how = 'a datagram came back as "port unreachable" (UDP has no connections)';
  if (visibleHome(tcp) === null) {
    return [found('process_down', 'likely', [how, signs.away(tcp), 'a rule with reject looks the same from here'])];
  }
  if (tcp.serving.length + tcp.perhapsServing.length === 0) {
    const evidence = [how, signs.nothingListens(tcp), signs.lastListening(peer, time), signs.oom(peer)];
    return [found('process_down', everWorked(one) ? 'certain' : 'likely', evidence, ['host down'])];
  }
  if (isOlderThanListener(one) || connectedSince(one) || sinceLast(one) > apartMs) return cameBack(one);
  if (!listenedThroughout(one) && !failedWhileListening(one)) {
    return [
      found('unknown', 'unknown', [how, 'it may have just come back: run diagnose again in 10 s'], ['host down']),
    ];
  }
  return [found('firewall_reject', 'likely', [how, signs.listens(tcp.serving)], [notDown])];
}
