/** Words for applications that do not run, or are not where nginx asks for them, and for what is not known. */

import { takenOut } from '../rules/case.ts';
import { servedOutOfReach } from '../rules/connect/container.ts';
import { meantPorts } from '../rules/connect/process.ts';
import { endpoint } from '../rules/signs.ts';
import {
  containerOwner,
  isElsewhere,
  isUntold,
  line,
  listenersCommand,
  open,
  ownerOf,
  peerOf,
  publisherOf,
  type Subject,
  servesAgain,
  ss,
  type Wording,
  type Words,
  wasPublished,
} from '../rules/subject.ts';
import {
  asNginx,
  firewalls,
  inside,
  killed,
  lookAfter,
  onHost,
  remoteRules,
  startAgain,
  unixSockets,
  unmask,
} from './commands.ts';
import { containerDown, inContainer, onOtherNetwork, published, publishedElsewhere, unpublished } from './container.ts';
import { ejected } from './group.ts';
import { when } from './when.ts';

type ProcessCause =
  | 'process_down'
  | 'wrong_bind_address'
  | 'wrong_port'
  | 'localhost_family'
  | 'container_localhost'
  | 'restarting'
  | 'ejected'
  | 'unknown';

function downElsewhere(one: Subject): Words {
  const { host, port } = one;
  const look = onHost(host, listenersCommand(one));
  return {
    what: `the host ${host} is up, but nothing accepts on port ${port} there`,
    fix: `Start the application on ${host}.`,
    next: [
      `${look}    # nothing: start it; 127.0.0.1 or [::1]: it listens on loopback only`,
      `${onHost(host, remoteRules)}    # as root there, if it listens on ${host} or all addresses: a rule rejects`,
    ],
  };
}

/** A namespace that may not be looked into, or two containers with one address. */
function downSomewhere(one: Subject): Words {
  const { facts, host, name } = one;
  const isRight = facts.missing.includes('nginx_namespace');
  return {
    what: `nothing accepts connections to ${name}; it is not known whether ${host} is this host, a container or another host`,
    fix: isRight
      ? 'Run diagnose again as root, who can see it. Then start the application there.'
      : `Several containers of this host have the address ${host}: start the application in the one that nginx reaches.`,
    next: [
      `${asNginx(facts.nginx, `ip route get ${host}`)}    # local: nginx's own; a bridge (docker0, br-…): a container; else another host`,
      ...(isRight
        ? []
        : [
            `docker inspect -f '{{.Name}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' $(docker ps -q) | grep -wF ${host}`,
          ]),
    ],
  };
}

/** Where it is not known what service it was. */
const whoIsDown = 'systemctl --failed    # is it among these? Of containers: docker ps -a, podman ps -a';

/**
 * One other program that the address reaches, where the peer was never seen to work: nothing links it to the peer, but the
 * person who reads knows it.
 */
function neighbourText(one: Subject): string {
  const { tcp = null, answers = null } = peerOf(one) ?? {};
  if (answers !== null) return '';
  const [there, another] = tcp === null ? [] : meantPorts(tcp);
  if (one.finding.sureness === 'certain' || there === undefined || another !== undefined) return '';
  return ` If it is what listens on ${endpoint(there.host, there.port)}, write that port ${line(one)} instead.`;
}

function downHere(one: Subject): Words {
  const owner = ownerOf(one);
  const isNameless = owner === null || (owner.unit === null && owner.container === null);
  const isKilled = (peerOf(one)?.remembered?.oomKills ?? 0) > 0;
  return {
    what: `nothing listens on ${one.name}: the application is down or not ready`,
    fix: isKilled
      ? 'Start the application. The kernel killed a process because memory ran out: if it was this one, give it more memory, or let it use less.'
      : `Start the application; its log says why it stopped.${neighbourText(one)}`,
    next: [
      ...unmask(peerOf(one)?.unit ?? null),
      ...startAgain(owner, `${ss(one)}    # nothing: start the application that serves ${one.name}`),
      ...(isNameless && one.home?.is === 'host' ? [whoIsDown] : []),
      ...(isKilled ? [killed] : []),
    ],
  };
}

/** nginx is in a container, and its loopback is its own. */
function outOfContainer(one: Subject): Words {
  return {
    what: `${one.host} is not this host for nginx: nginx is in its own network namespace (container), and nothing ${when(one, 'listens', 'listened')} on ${one.name} in it`,
    fix: `Write ${line(one)} an address that leads out of it: the application's container name or address, or the host's as nginx sees it; the application must listen there, not on loopback. Then reload nginx.`,
    next: [
      `${inside(one.home, 'ip route show default')}    # the address after via is the host, as nginx sees it`,
      open(one),
      one.reload,
    ],
  };
}

function look(one: Subject): readonly string[] {
  const { facts, host, port, judged } = one;
  if (peerOf(one)?.unix != null) return [unixSockets(one.home, host), open(one)];
  if (port === 0) return [open(one)];
  const isServed = judged.failures.has('refused') && (peerOf(one)?.tcp?.serving.length ?? 0) > 0;
  const curl = `curl -sv --connect-timeout 3 http://${endpoint(host, port)}/ -o /dev/null`;
  return [
    `${asNginx(facts.nginx, curl)}    # "Connected": TCP works${isServed ? '; refused, though it listens: a rule rejects' : ''}`,
    ...(isServed ? firewalls(facts.nginx, one.home) : []),
  ];
}

/** The program is there, and listens on a unix socket: where php-fpm does by default. */
function onSocketInstead(one: Subject): Words | null {
  const { tcp = null, scheme = null } = peerOf(one) ?? {};
  const [path] = [...(tcp?.movedTo ?? []), ...(tcp?.unixInstead ?? [])];
  if (path === undefined) return null;
  if (scheme !== 'fastcgi') {
    return {
      what: `nothing ${when(one, 'listens', 'listened')} on port ${one.port}; its program ${when(one, 'listens', 'listened')} on the unix socket ${path}`,
      fix: `Write ${one.server?.written.startsWith('server') === true ? `server unix:${path};` : `proxy_pass http://unix:${path}:;`} ${line(one)} and reload nginx. Or let the program listen on ${endpoint(one.host, one.port)} again.`,
      next: [unixSockets(one.home, path), open(one), one.reload],
    };
  }
  return {
    what: `nothing ${when(one, 'listens', 'listened')} on port ${one.port}; the FastCGI program ${when(one, 'listens', 'listened')} on the unix socket ${path}`,
    fix: `Write fastcgi_pass unix:${path}; ${line(one)} and reload nginx. Or let the program listen on the port (php-fpm: listen = ${endpoint(one.host, one.port)} in its pool) and restart it.`,
    next: [unixSockets(one.home, path), open(one), one.reload],
  };
}

/** The first fall of what comes and goes looks like a restart. */
function isJustBack({ judged, facts }: Subject): boolean {
  return facts.nowMs - judged.lastMs < 60_000;
}

export const processWords: Readonly<Record<ProcessCause, Wording>> = {
  process_down: (one) => {
    const peer = peerOf(one);
    const apart = peer === null || one.finding.isOver ? null : servedOutOfReach(peer);
    if (apart !== null) return onOtherNetwork(one, apart);
    const isOut = one.finding.evidence.includes(takenOut);
    if (one.finding.isOver || servesAgain(one)) {
      return {
        what: isOut
          ? `${one.name} was down, and nginx does not ask it any more`
          : `${one.name} was down, and serves again`,
        fix: `Nothing to do now${isOut ? '' : '; its log says why it stopped'}.`,
        next: lookAfter(ownerOf(one), ss(one)),
      };
    }
    if (containerOwner(one) !== null ? isElsewhere(one) : peerOf(one)?.tcp?.bridge != null) return containerDown(one);
    const publisher = publisherOf(one);
    if (publisher !== null) return published(one, publisher);
    if (wasPublished(one)) return unpublished(one);
    if (isElsewhere(one)) return downElsewhere(one);
    return isUntold(one) ? downSomewhere(one) : downHere(one);
  },
  wrong_bind_address: (one) =>
    publishedElsewhere(one) ?? {
      what: `the application ${when(one, 'listens', 'listened')} on port ${one.port}, but on ${one.listener}, not on ${one.host}`,
      fix: `Let it listen on ${one.host} or on all addresses, and restart it; or change the line ${line(one)} and reload nginx.`,
      next: [ss(one), open(one), one.reload],
    },
  wrong_port: (one) =>
    onSocketInstead(one) ?? {
      what: `nothing ${when(one, 'listens', 'listened')} on port ${one.port}; what ${when(one, 'listens', 'listened')} on ${one.host} ${when(one, 'is', 'was')} ${one.listener}`,
      fix: `If that is the application, write its port ${line(one)} and reload nginx. If not, start the one for port ${one.port}.`,
      next: [inside(one.home, 'ss -ltnp'), open(one), one.reload],
    },
  localhost_family: (one) => ({
    what: `${one.server?.name ?? 'localhost'} is both 127.0.0.1 and ::1, and the application ${when(one, 'listens', 'listened')} on ${one.listener} only`,
    fix: `Write the address it listens on, ${endpoint(one.otherHost, one.port)}, instead of the name ${line(one)}, and reload nginx.`,
    next: [open(one), one.reload],
  }),
  container_localhost: (one) => (one.home?.is === 'host' ? inContainer(one) : outOfContainer(one)),
  restarting: (one) => ({
    what: `${one.name} was down for some seconds and is back: a restart or a deploy`,
    fix: `${isJustBack(one) ? 'Nothing to do if somebody restarted it. If nobody did, its log says why it ended; run diagnose again in a minute.' : 'Nothing to do now.'} To spare clients: start the new process before the old one ends, or take peers out one at a time; max_fails=3 keeps one refusal from ejecting a peer.`,
    next: lookAfter(ownerOf(one), open(one)),
  }),
  ejected,
  unknown: (one) => {
    if (one.judged.subject.is === 'nginx') {
      return {
        what: `connections of nginx ${when(one, 'fail', 'failed')}, and the lines name no peer`,
        fix: 'The line in the error log says what nginx was doing: mail asks its auth_http server, SSL its OCSP responder.',
        next: [`${one.facts.nginx.command} -T 2>/dev/null | grep -nE 'auth_http|ssl_stapling|error_log'`],
      };
    }
    if (isElsewhere(one) && one.judged.failures.has('refused')) {
      const { next } = downElsewhere(one);
      return {
        what: `the host ${one.host} is up and ${when(one, 'refuses', 'refused')} connections to port ${one.port}; why cannot be seen from here`,
        fix: `Check on ${one.host} what listens: nothing, start the application; another port or address, correct it ${line(one)}.`,
        next,
      };
    }
    if (isUntold(one) && one.judged.failures.has('refused')) return downSomewhere(one);
    const asRoot = one.facts.missing.length > 0 ? ', as root, who sees more' : '';
    return {
      what: `${one.name} ${when(one, 'fails', 'failed')}, and the evidence does not show why`,
      fix: `Run diagnose again while it fails${asRoot}.`,
      next: look(one),
    };
  },
};
