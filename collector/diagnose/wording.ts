/** The words for each cause: what it is, what to do about it, and what to type next. */
import type { PeerCause } from '../model.ts';
import { shellWord } from '../parse/shell-word.ts';
import type { Facts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { Judged } from './judge.ts';
import { endpoint } from './signs.ts';
import {
  firewall,
  inside,
  isElsewhere,
  line,
  open,
  owned,
  ownerOf,
  process,
  publisherOf,
  type Subject,
  servesAgain,
  ss,
  subjectOf,
} from './subject.ts';

export interface Words {
  /** One sentence: what is wrong. */
  readonly what: string;
  /** One or two sentences: how to mend it. */
  readonly fix: string;
  /** To be typed, most useful first. */
  readonly next: readonly string[];
}

type Wording = (one: Subject) => Words;

const wordings: Readonly<Record<PeerCause, Wording>> = {
  process_down: (one) => {
    if (servesAgain(one)) {
      const why = owned(ownerOf(one), ss(one));
      return {
        what: `${one.name} was down, and serves again`,
        fix: 'Nothing to do now; its log says why it stopped.',
        next: why,
      };
    }
    if (publisherOf(one) !== null) {
      return {
        what: `the container behind the published port ${one.port} refuses: its application is down, or listens on loopback in it`,
        fix: 'Start the application in the container; it must listen on 0.0.0.0 there, on the port that is published.',
        next: [`docker ps --filter publish=${one.port}`, 'docker logs --tail 50 CONTAINER'],
      };
    }
    if (isElsewhere(one)) {
      const look = `ssh ${one.host} "ss -Hltn 'sport = :${one.port}'"`;
      return {
        what: `the host ${one.host} is up, but nothing accepts on port ${one.port} there`,
        fix: `Start the application on ${one.host}.`,
        next: [
          `${look}    # nothing: start it; 127.0.0.1 or [::1]: it listens on loopback only; else: that host's firewall`,
        ],
      };
    }
    return {
      what: `the process behind ${one.name} does not run, or has not opened its port`,
      fix: 'Start the application; its log says why it stopped.',
      next: owned(ownerOf(one), `${ss(one)}    # nothing: start the application that serves ${one.name}`),
    };
  },
  wrong_bind_address: (one) => ({
    what: `the application listens on port ${one.port}, but on ${one.listener}, not on ${one.host}`,
    fix: `Let it listen on ${one.host} or on all addresses; or change the line ${line(one)}.`,
    next: [ss(one), open(one)],
  }),
  wrong_port: (one) => ({
    what: `nothing listens on port ${one.port}; what listens on ${one.host} is ${one.listener}`,
    fix: `If that is the application, write its port ${line(one)} and reload nginx. If not, start the one for port ${one.port}.`,
    next: [inside(one.home, 'ss -ltnp'), open(one), one.reload],
  }),
  localhost_family: (one) => ({
    what: `${one.server?.name ?? 'localhost'} is both 127.0.0.1 and ::1, and the application listens on ${one.listener} only`,
    fix: `Write the address it listens on, ${endpoint(one.otherHost, one.port)}, instead of the name ${line(one)}, and reload nginx.`,
    next: [open(one), one.reload],
  }),
  container_localhost: (one) =>
    one.home?.is === 'host'
      ? {
          what: `nothing listens on ${one.name} on this host; what has the port is in a network namespace (container) of its own`,
          fix: `Publish the port on the host (docker run -p ${endpoint(one.host, one.port)}:${one.port}), or write the container's address ${line(one)} and reload nginx.`,
          next: ['docker ps', open(one), one.reload],
        }
      : {
          what: `${one.host} is not this host for nginx: it is in a network namespace (container) of its own, and nothing listens on ${one.name} in it`,
          fix: `Write ${line(one)} an address that leads out of it: the application's container name or address, or the host's as nginx sees it; the application must listen there, not on loopback. Then reload nginx.`,
          next: [`${inside(one.home, 'ip route show default')}    # the host, as nginx sees it`, open(one), one.reload],
        },
  stale_address: (one) => ({
    what: `nginx still uses ${one.host}, but the name it came from leads elsewhere now`,
    fix: `If the name leads where it should, let nginx ask again: reload it. To let it follow by itself: a resolver, a zone, and the parameter resolve ${line(one)} (nginx 1.27.3 and newer), or a variable in proxy_pass (older).`,
    next: [`getent ahosts ${shellWord(one.server?.name ?? '')}`, one.reload],
  }),
  firewall_reject: (one) => ({
    what: `a firewall rejects connections to ${one.name}`,
    fix: `Find the rule that rejects port ${one.port} (reject, tcp-reset, admin-prohibited) and allow nginx's address before it.`,
    next: [firewall(one), ss(one)],
  }),
  accept_queue_full: (one) => ({
    what: `the application behind ${one.name} does not accept connections as fast as they come: its listen queue is full`,
    fix: 'It hangs or is overloaded: look what it does, restart it if it hangs. For bursts raise its listen backlog and net.core.somaxconn.',
    next: [
      `${inside(one.home, `ss -ltn 'sport = :${one.port}'`)}    # full: Recv-Q is at Send-Q or above`,
      ...process(ownerOf(one)),
      ...owned(ownerOf(one), ss(one)),
    ],
  }),
  no_answer: (one) => ({
    what: isElsewhere(one)
      ? `${one.name} does not answer at all: a firewall drops the connections, or the host is dead`
      : `connections to ${one.name} disappear: a firewall on this host drops them`,
    fix: isElsewhere(one)
      ? `If ping answers: find the rule that drops port ${one.port}, there, on the way or here. If not: bring the host up (a firewall may drop ping, too).`
      : `Find the rule that drops port ${one.port} and allow nginx's address before it.`,
    next: isElsewhere(one) ? [`ping -c 3 ${one.host}`, `ip route get ${one.host}`, firewall(one)] : [firewall(one)],
  }),
  host_down: (one) => ({
    what: `no host answers at ${one.host}: it is down, or has another address`,
    fix: `Bring the host up. If it is gone for good, take it out ${line(one)} and reload nginx.`,
    next: [`ping -c 3 ${one.host}`, `ip neigh show ${one.host}`],
  }),
  no_route: (one) => ({
    what: `this host has no route to ${one.host}`,
    fix: one.host.includes(':')
      ? `Without IPv6 here, write an IPv4 address ${line(one)} (a name that has both gives nginx both); else mend the route.`
      : 'Mend the route, or the network interface that is down.',
    next: [inside(one.home, `ip route get ${one.host}`), 'ip -br addr'],
  }),
  not_permitted: (one) => ({
    what: `this host does not permit nginx to connect to ${one.name}`,
    fix: one.facts.nginx.selinux
      ? 'If the first command shows a denial of nginx, SELinux forbids it: allow it with the second.'
      : 'A route of type prohibit, or a security module, forbids it.',
    next: one.facts.nginx.selinux
      ? [
          'ausearch -m avc -ts recent    # a line with nginx: SELinux it is',
          'setsebool -P httpd_can_network_connect 1    # permanent; only if it is',
        ]
      : [`ip route get ${one.host}`, 'dmesg | grep -i denied'],
  }),
  socket_missing: (one) => ({
    what: `the socket file ${one.host} does not exist`,
    fix: `Start the application that makes it; or write the right path ${line(one)}.`,
    next: [`ls -l ${shellWord(one.host.replace(/\/[^/]*$/, '/'))}`, ...owned(ownerOf(one), open(one))],
  }),
  socket_stale: (one) => ({
    what: `the socket file ${one.host} is left over: no process listens on it`,
    fix: 'Start the application; it normally replaces the file. Only if it refuses to, and the first command prints nothing, remove the file.',
    next: [`ss -lxp | grep -F ${shellWord(one.host)}`, ...owned(ownerOf(one), open(one))],
  }),
  socket_denied: (one) => ({
    what: `nginx's workers may not use the socket ${one.host}`,
    fix: 'Let the application make its socket for a group that nginx is in, with mode 0660 (php-fpm: listen.owner, listen.group, listen.mode), in folders that can be entered.',
    next: [
      `namei -l ${shellWord(one.host)}`,
      ...(one.facts.nginx.user === null ? [] : [`id ${shellWord(one.facts.nginx.user)}    # nginx's groups`]),
      ...(one.facts.nginx.selinux ? ['ausearch -m avc -ts recent'] : []),
    ],
  }),
  socket_backlog_full: (one) => ({
    what: `the queue of the socket ${one.host} is full: the application does not accept as fast as connections come`,
    fix: 'It hangs or is overloaded: look what it does. For bursts raise its listen backlog (php-fpm: listen.backlog) and net.core.somaxconn.',
    next: [
      `ss -lxp | grep -F ${shellWord(one.host)}    # full: Recv-Q is at Send-Q or above`,
      'sysctl net.core.somaxconn',
    ],
  }),
  no_ports: (one) => ({
    what: `nginx has no free local port for connections to ${one.name}`,
    fix: `Reuse connections: keepalive 32 in the upstream, proxy_http_version 1.1 and proxy_set_header Connection "". More ports: net.ipv4.ip_local_port_range. If proxy_bind is used, its address must be this host's.`,
    next: [
      ...(one.port === 0 ? [] : [`ss -Htan dst '${endpoint(one.host, one.port)}' | awk '{print $1}' | sort | uniq -c`]),
      'sysctl net.ipv4.ip_local_port_range',
    ],
  }),
  no_files: ({ facts: { nginx }, reload }) => ({
    what: 'nginx has no free file descriptor: it can neither accept nor connect',
    fix: `Raise it: worker_rlimit_nofile ${Math.max(65535, (nginx.openFiles?.limit ?? 0) * 4)}; at the top of ${nginx.conf ?? 'nginx.conf'} (at least twice worker_connections${nginx.workerConnections === null ? '' : `, which is ${nginx.workerConnections}`}); then reload nginx.`,
    next: [`grep -n worker_ ${shellWord(nginx.conf ?? '/etc/nginx/nginx.conf')}`, reload],
  }),
  worker_connections: ({ facts: { nginx }, reload }) => ({
    what: `nginx has no free connection: worker_connections${nginx.workerConnections === null ? '' : ` ${nginx.workerConnections}`} are used up`,
    fix: `Raise worker_connections in the events block of ${nginx.conf ?? 'nginx.conf'} (a proxied request takes two) and worker_rlimit_nofile with it; then reload nginx.`,
    next: [`grep -n worker_ ${shellWord(nginx.conf ?? '/etc/nginx/nginx.conf')}`, reload],
  }),
  restarting: (one) => ({
    what: `${one.name} was not there for some seconds and is back: a restart or a deploy`,
    fix: 'Nothing to do now. To spare clients: start the new process before the old one ends, or take peers out one at a time; max_fails=3 keeps one refusal from ejecting a peer.',
    next: owned(ownerOf(one), open(one)),
  }),
  ejected: (one) => ({
    what: `every peer of upstream ${one.name} is out of use: after max_fails failures nginx does not ask a peer for fail_timeout`,
    fix: 'Mend what made the peers fail (below or above: their own verdicts). So that short failures do not take all out: more than one server, max_fails=3 or more, fail_timeout=5s, a health endpoint that answers while the application is busy.',
    next: [open(one), `${one.reload}    # puts all peers back to use at once`],
  }),
  unknown: (one) => ({
    what: `${one.name} fails, and what was seen does not say why`,
    fix: 'Look at the evidence; look again while it fails, as root, who sees more.',
    next:
      one.port > 0
        ? [inside(one.home, `curl -sv --connect-timeout 3 http://${endpoint(one.host, one.port)}/ -o /dev/null`)]
        : [open(one)],
  }),
};

export function word({ code }: Finding, judged: Judged, facts: Facts): Words {
  return wordings[code](subjectOf(judged, facts));
}
