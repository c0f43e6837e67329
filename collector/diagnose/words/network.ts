/** Words for what stands between nginx and its peer: firewalls, routes, hosts, a queue. */

import { shellWord } from '../../base/syntax/shell-word.ts';
import type { Refusal } from '../../parse/firewall/ruleset.ts';
import { isWithNginx } from '../rules/case.ts';
import { refusalBy } from '../rules/connect/own-rule.ts';
import { othersSucceed, takesConnections } from '../rules/connect/silence.ts';
import { endpoint } from '../rules/signs.ts';
import {
  containerOwner,
  failuresOf,
  isElsewhere,
  isUntold,
  line,
  ownerOf,
  peerOf,
  type Subject,
  ss,
  type Wording,
  type Words,
} from '../rules/subject.ts';
import {
  asNginx,
  firewalls,
  inside,
  lookAfter,
  onHost,
  processState,
  remoteRules,
  restart,
  startAgain,
} from './commands.ts';
import { when } from './when.ts';

type NetworkCause = 'firewall_reject' | 'accept_queue_full' | 'no_answer' | 'host_down' | 'no_route' | 'not_permitted';

/** That host's rules first, then those here. */
function rules(one: Subject): readonly string[] {
  const { facts, host, home } = one;
  const here = firewalls(facts.nginx, home);
  return isElsewhere(one) ? [`${onHost(host, remoteRules)}    # as root there`, ...here] : here;
}

/** "No route to host" may come from a host that only forwards connections. */
function passedOn(one: Subject): string {
  const isServed = (peerOf(one)?.tcp?.serving.length ?? 0) > 0;
  return isServed || failuresOf(one, 'unreachable') === null
    ? ''
    : ` If a rule forwards the port (dnat: a published port, a load balancer), check that its target is up.`;
}

/** Both ends are on this host, and connections disappear between them. */
function droppedHere(one: Subject): Words {
  const { port, name, home, facts } = one;
  const tcp = peerOf(one)?.tcp ?? null;
  const isWith = tcp === null || isWithNginx({ tcp, facts });
  const what = `connections to ${name} ${when(one, 'disappear: a firewall on this host drops', 'disappeared: a firewall on this host dropped')} them`;
  const fix = `Find the rule that drops port ${port} and allow nginx's address before it.`;
  const full = "dmesg -T | grep 'table full'    # conntrack: raise net.netfilter.nf_conntrack_max";
  return isWith
    ? { what, fix, next: [...firewalls(facts.nginx, home), full] }
    : {
        what: `${what}, or the answers ${when(one, 'find', 'found')} no way back`,
        fix: `${fix} If there is none, the peer needs a route back to nginx's address.`,
        next: [
          ...firewalls(facts.nginx, home),
          `${inside(home, 'ip route')}    # the peer's: one must lead back to nginx`,
          full,
        ],
      };
}

/** A connection from here gets through, and those of nginx do not, or not all. */
function lostOnTheWay(one: Subject, isSome: boolean): Words {
  const { name, host, port, facts } = one;
  const waiting = `ss -Htno state syn-sent dst ${host.includes(':') ? `[${host}]` : host} dport = :${port}`;
  return {
    what: isSome
      ? `some connections of nginx to ${name} ${when(one, 'get no answer, while others succeed', 'got no answer, while others succeeded')}`
      : `connections of nginx to ${name} ${when(one, 'get no answer, while one from here succeeds', 'got no answer, while one from here succeeded')}`,
    fix: "A rule for nginx's user or its local address (proxy_bind), a limit on new connections, or a link that loses packets: find it, here and there.",
    next: [`${asNginx(facts.nginx, waiting)}    # those that wait: from which address, sent how often`, ...rules(one)],
  };
}

/** Whether the answer of the peer reaches nginx again, asked as nginx asks. */
function verification({ facts: { nginx }, host, port }: Subject): string {
  const curl = `curl -sv --connect-timeout 3 http://${endpoint(host, port)}/ -o /dev/null`;
  const user = nginx.user === null || !nginx.sharesFiles ? '' : `runuser -u ${shellWord(nginx.user)} -- `;
  return `${asNginx(nginx, `${user}${curl}`)}    # after the fix: "Connected"`;
}

/** Where the rule is known: one of this host's own. */
function ownRule(one: Subject, does: Refusal['does']): Words | null {
  const { sureness, isOver } = one.finding;
  const rule = sureness === 'certain' && !isOver ? refusalBy(peerOf(one)?.tcp ?? null, does) : null;
  if (rule === null) return null;
  const { chain, text } = rule;
  const [family = 'inet', table = '', name = ''] = chain.split(' ');
  const isNft = !family.endsWith('tables');
  const list = isNft
    ? `nft -a list chain ${[family, table, name].map(shellWord).join(' ')}`
    : `${family} -t ${table} -S`;
  return {
    what: `this host's own firewall ${does}s nginx's connections to ${one.name}`,
    fix: `Delete that rule or change it, or accept nginx's connections before it: ${text} (${chain}).`,
    next: [list, verification(one)],
  };
}

export const networkWords: Readonly<Record<NetworkCause, Wording>> = {
  firewall_reject: (one) => {
    const { host, port, name } = one;
    const own = ownRule(one, 'reject');
    if (own !== null) return own;
    const rule = `Find the rule that rejects port ${port} (reject, tcp-reset, admin-prohibited)`;
    return isElsewhere(one)
      ? {
          what: `a firewall on the host ${host}, or on the way to it, ${when(one, 'rejects', 'rejected')} connections to ${name}`,
          fix: `${rule} on ${host}, and allow nginx's address before it.${passedOn(one)}`,
          next: [...rules(one), onHost(host, `ss -Hltnp 'sport = :${port}'`), verification(one)],
        }
      : {
          what: `a firewall on this host ${when(one, 'rejects', 'rejected')} connections to ${name}`,
          fix: `${rule} and allow nginx's address before it.${passedOn(one)}`,
          next: [...rules(one), ss(one), verification(one)],
        };
  },
  accept_queue_full: (one) => ({
    what: `the application behind ${one.name} ${when(one, 'does not accept connections as fast as they come: its listen queue is', 'did not accept connections as fast as they came: its listen queue was')} full`,
    fix: 'It hangs or is overloaded: check what it does, restart it if it hangs. For bursts raise its listen backlog and net.core.somaxconn.',
    next: [
      `${inside(one.home, `ss -ltnp 'sport = :${one.port}'`)}    # full: Recv-Q is at Send-Q or above`,
      ...processState(ownerOf(one)),
      ...lookAfter(ownerOf(one), inside(one.home, 'sysctl net.core.somaxconn')),
      ...restart(ownerOf(one), 'if it hangs'),
    ],
  }),
  no_answer: (one) => {
    const { host, port, name, facts } = one;
    const own = ownRule(one, 'drop');
    if (own !== null) return own;
    const isSome = one.finding.evidence.includes(othersSucceed);
    // It stays so when it is over, and a connection from here succeeds in any case.
    const isLost = one.finding.rulesOut.includes(takesConnections);
    if (isLost || (!one.finding.isOver && peerOf(one)?.tcp?.probe.is === 'connected')) return lostOnTheWay(one, isSome);
    if (!isElsewhere(one) && !isUntold(one)) return droppedHere(one);
    return {
      what: `${name} ${when(one, 'does not answer at all: a firewall drops the connections, or the host is', 'did not answer at all: a firewall dropped the connections, or the host was')} dead`,
      fix: `${isUntold(one) ? 'Run diagnose again as root, who may see where it is. ' : ''}If ping answers, the host is up: find the rule that drops port ${port}, on ${host}, on the way or here. No answer to ping proves nothing, because a firewall may drop that, too: check the host's console.`,
      next: [
        asNginx(facts.nginx, `ping -c 3 ${host}`),
        `${asNginx(facts.nginx, `ip route get ${host}`)}    # the route from here`,
        `${onHost(host, `ss -Hltn 'sport = :${port}'`)}    # Recv-Q at Send-Q or above: its listen queue is full`,
        ...rules(one),
      ],
    };
  },
  host_down: (one) => ({
    what: `no host ${when(one, 'answers', 'answered')} at ${one.host}: it ${when(one, 'is down, or has', 'was down, or had')} another address`,
    fix: `Bring the host (or the container with that address) up. If it is gone for good, take it out ${line(one)} and reload nginx.`,
    next: [
      // A container takes its address with it when it ends.
      ...startAgain(containerOwner(one)),
      `${asNginx(one.facts.nginx, `ping -c 3 ${one.host}`)}    # an answer: it is back`,
      `${asNginx(one.facts.nginx, `ip neigh show ${one.host}`)}    # FAILED, INCOMPLETE: nobody has the address; nothing: it is behind a router`,
      `${asNginx(one.facts.nginx, `ip route get ${one.host}`)}    # via: the router to ask; "No route to host": a route here forbids it`,
    ],
  }),
  no_route: (one) => {
    const { host, facts } = one;
    const family = host.includes(':') ? '-6 ' : '';
    const errno = failuresOf(one, 'unreachable')?.errno;
    const type = errno === 22 ? 'blackhole' : errno === 113 ? 'unreachable' : null;
    if (type !== null) {
      return {
        what: `a route of type ${type} ${type === 'blackhole' ? when(one, 'swallows', 'swallowed') : when(one, 'rejects', 'rejected')} what ${when(one, 'is', 'was')} sent to ${host}`,
        fix: 'Delete that route with ip route del, or give the address a better one.',
        next: [asNginx(facts.nginx, `ip ${family}route show type ${type}`)],
      };
    }
    return {
      what: `${facts.nginx.sharesNetwork ? 'this host' : "nginx's network namespace"} ${when(one, 'has', 'had')} no route to ${host}`,
      fix: host.includes(':')
        ? `Without IPv6 there, write an IPv4 address ${line(one)} (a name that has both gives nginx both); else fix the route.`
        : 'Fix the route, or the network interface that is down.',
      next: [
        asNginx(facts.nginx, `ip route get ${host}`),
        `${asNginx(facts.nginx, 'ip -br addr')}    # DOWN: that interface is off; ip link set up turns it on`,
      ],
    };
  },
  not_permitted: (one) => {
    const { nginx } = one.facts;
    return {
      what: `this host ${when(one, 'does', 'did')} not permit nginx to connect to ${one.name}`,
      fix: nginx.selinux
        ? 'If the first command shows a denial of nginx, SELinux forbids it: allow it with the second.'
        : 'A route of type prohibit (delete it with ip route del), or a security module such as AppArmor, forbids it.',
      next: nginx.selinux
        ? [
            'ausearch -m avc -ts recent    # a line with nginx: it is SELinux',
            'setsebool -P httpd_can_network_connect 1    # permanent; only if it is',
          ]
        : [
            `${asNginx(nginx, `ip route get ${one.host}`)}    # "Permission denied": a route prohibits it`,
            asNginx(nginx, `ip ${one.host.includes(':') ? '-6 ' : ''}route show type prohibit`),
            'dmesg -T | grep -i denied    # a line with nginx: the security module',
          ],
    };
  },
};
