/** Words for containers of this host: behind a published port, gone, or on another network than nginx; units with their own network. */
import { shellWord } from '../../base/syntax/shell-word.ts';
import type { ListenerFact, Owner } from '../facts/facts.ts';
import { isPublished } from '../places/published.ts';
import { endpoint } from '../rules/signs.ts';
import { containerOwner, line, open, ownerOf, peerOf, type Subject, type Words } from '../rules/subject.ts';
import { inside, killed, startAgain } from './commands.ts';
import { when } from './when.ts';

/** What speaks to the engine whose process holds a published port. */
export function programOf({ command }: Pick<Owner, 'command'>): 'docker' | 'podman' {
  return /^(?:rootless|slirp|pasta|conmon)/.test(command ?? '') ? 'podman' : 'docker';
}

/** A container's runtime has the port, its container refuses. */
export function published(one: Subject, { command }: Owner): Words {
  const { port } = one;
  const isKubernetes = /^(?:kube-proxy|lb-tcp)/.test(command ?? '');
  const program = programOf({ command });
  const isPodman = program === 'podman';
  const known = peerOf(one)?.tcp?.behind?.container ?? null;
  const find = isPodman
    ? `podman ps --format '{{.ID}} {{.Ports}}' | grep -F :${port}- | cut -d ' ' -f 1`
    : `docker ps -q --filter publish=${port}`;
  const which = known ?? `$(${find})`;
  const list = isPodman ? `podman ps | grep -F :${port}` : `docker ps --filter publish=${port}`;
  const pid = `$(${program} inspect -f '{{.State.Pid}}' ${which})`;
  return {
    what: `the container behind the published port ${port} refuses: its application is down or listens on loopback only`,
    fix: 'Start the application in the container; it must listen on 0.0.0.0 there, on the port that is published.',
    next: isKubernetes
      ? [`kubectl get svc -A -o wide | grep -w ${port}`, 'kubectl get pods -A -o wide    # not ready: kubectl logs']
      : [
          `${list}    # its name, and its port behind ->`,
          `${program} logs --tail 50 ${which}`,
          `nsenter -t ${pid} -n ss -Hltnp    # what listens in it`,
        ],
  };
}

/** The runtime of a container has the port for one address of this host: the application has no part in that. */
export function publishedElsewhere(one: Subject): Words | null {
  const there = peerOf(one)?.tcp?.samePort.find(isPublished);
  if (there === undefined) return null;
  return {
    what: `the port ${one.port} of a container is published on ${one.listener}, not on ${one.host}`,
    fix: `Publish it on ${one.host} (-p ${endpoint(one.host, one.port)}:…; compose: ports), or connect nginx's container to a network of that container and write its name ${line(one)}. Then reload nginx.`,
    next: [
      `${programOf(there.owner)} ps --format '{{.Names}} {{.Ports}}' | grep -F :${one.port}-`,
      open(one),
      one.reload,
    ],
  };
}

/** It runs, and its unit gives it a network that has no other end. */
function inPrivateNetwork(one: Subject, unit: string): Words {
  const name = shellWord(unit);
  return {
    what: `${unit} listens on port ${one.port}, but in its own network namespace, where nginx cannot reach it`,
    fix: 'Remove PrivateNetwork= or NetworkNamespacePath= from the unit, or let it listen on a unix socket; then restart it.',
    next: [
      `systemctl show -p PrivateNetwork,NetworkNamespacePath ${name}`,
      `systemctl restart ${name}    # after the change`,
    ],
  };
}

/** nginx is on this host, what listens is in a container. */
export function inContainer(one: Subject): Words {
  const [there = null] = peerOf(one)?.tcp?.otherNamespaces ?? [];
  const container = there?.namespace.container ?? null;
  // It is over, and the listener of then is not there any more.
  const before = one.finding.isOver ? ownerOf(one) : null;
  const unit = there?.owner.unit ?? peerOf(one)?.unit?.unit ?? before?.unit ?? null;
  if (container === null && unit !== null) return inPrivateNetwork(one, unit);
  const runtime = there?.namespace.runtime ?? 'docker';
  const format = "'{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}'";
  const address =
    container === null || runtime === 'crictl'
      ? inside(there?.namespace ?? null, 'ip -br addr')
      : `${runtime} inspect -f ${format} ${shellWord(container)}`;
  return {
    what: `nothing ${when(one, 'listens', 'listened')} on ${one.name} on this host; the listener on that port ${when(one, 'is', 'was')} in another network namespace (container)`,
    fix: `Publish the port on the host (docker run -p ${endpoint(one.host, one.port)}:${one.port}), or write the container's address ${line(one)} and reload nginx.`,
    next: [`${address}    # its address`, open(one), one.reload],
  };
}

/** It runs where nginx has no network in common with it. */
export function onOtherNetwork(one: Subject, { owner }: ListenerFact): Words {
  const name = shellWord(owner.containerName ?? owner.container ?? '');
  const program = engineOf(one, owner);
  const inContainer = /^(?:docker|podman) exec (\S+)/.exec(one.facts.nginx.entry)?.[1];
  const networks = `'{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}'`;
  return {
    what: `the container behind ${one.name} runs, but on another network than nginx`,
    fix: `Connect the container ${name} to a network of nginx (${program} network connect; in compose: networks). Then reload nginx.`,
    next: [
      `${program} inspect -f ${networks} ${inContainer === undefined ? name : `${inContainer} ${name}`}    # ${inContainer === undefined ? 'its networks' : "networks of nginx, then the application's"}`,
      one.reload,
    ],
  };
}

type Engine = 'docker' | 'podman' | 'nerdctl';

/** The bridges that an engine makes are called after it. */
const bridgeNames: readonly (readonly [RegExp, Engine])[] = [
  [/^(?:cni-)?podman/, 'podman'],
  [/^nerdctl/, 'nerdctl'],
  [/^(?:docker|br-)/, 'docker'],
];

/** The program that speaks to the engine of a container that is gone: by its cgroup, its bridge, or nginx's own engine. */
export function engineOf(one: Subject, owner: Owner | null): Engine {
  if (owner?.runtime === 'docker' || owner?.runtime === 'podman') return owner.runtime;
  const bridge = peerOf(one)?.tcp?.bridge ?? '';
  const own = one.facts.nginx.entry.startsWith('podman ') ? 'podman' : 'docker';
  return bridgeNames.find(([name]) => name.test(bridge))?.[1] ?? own;
}

/** Pods of Kubernetes: nobody connects them to a network by hand. */
function podDown(one: Subject): Words {
  // Lua has its peers from the controller, which follows the endpoints of the service.
  const isFollowed = one.at === '';
  return {
    what: `no pod of this node has the address of ${one.name}: it has ended or was recreated with another address`,
    fix: isFollowed
      ? 'Events and endpoints show why the pod ended, and whether its service still has the address.'
      : `Events show why the pod ended. If it has another address now, write the name of its Service ${line(one)}, or reload nginx.`,
    next: [
      `kubectl get pods -A -o wide | grep -wF ${one.host}    # nothing: no pod has the address`,
      ...(isFollowed ? [`kubectl get endpointslices -A | grep -wF ${one.host}    # a service that still has it`] : []),
      'kubectl get events -A --sort-by=.lastTimestamp | tail -n 20    # why pods end',
      ...(isFollowed ? [] : [one.reload]),
    ],
  };
}

/** Of a literal address only the line can be changed. */
function addressChanged(one: Subject): string {
  return one.server !== null && one.server.name === null
    ? `write its new address ${line(one)} and reload nginx`
    : 'reload nginx, if its address changed';
}

/** There is nothing to start, and no log. */
function containerRemoved(one: Subject, engine: Engine): Words {
  return {
    what: `the container behind ${one.name} was removed`,
    fix: `Create it again the way it was created, for example docker compose up -d. Then ${addressChanged(one)}.`,
    next: [
      `${engine} ps -a --format '{{.Names}} {{.Status}} {{.Networks}}'    # is there one in its place?`,
      `${one.reload}    # when it is there again`,
    ],
  };
}

/** A container of this host that is not there. */
export function containerDown(one: Subject): Words {
  const owner = containerOwner(one);
  const bridge = peerOf(one)?.tcp?.bridge ?? null;
  if (owner?.runtime === 'crictl' || (owner === null && /^(?:cni|cbr)\d+$/.test(bridge ?? ''))) return podDown(one);
  const engine = engineOf(one, owner);
  if (owner?.isRemoved === true) return containerRemoved(one, engine);
  const isKilled = (peerOf(one)?.remembered?.oomKills ?? 0) > 0;
  const memory = isKilled
    ? ' The kernel killed a process because memory ran out: if it was its own, raise its memory limit.'
    : '';
  return {
    what: `the container behind ${one.name} is stopped, removed, or on another network than nginx`,
    fix: `Start it, or create it again. If it runs on another network, connect it to the one of nginx (${engine} network connect). Then ${addressChanged(one)}.${memory}`,
    next: [
      ...startAgain(owner),
      ...(isKilled ? [killed] : []),
      ...(owner === null
        ? [
            `${engine} ps -a --format '{{.Names}} {{.Status}} {{.Networks}}'    # stopped, or on another network`,
            ...(bridge === null ? [] : [`ip neigh show dev ${shellWord(bridge)}    # who is on that bridge`]),
          ]
        : []),
      `${one.reload}    # if its address has changed`,
    ],
  };
}

/** Nothing holds the port any more, and the engine held it for a container. */
export function unpublished(one: Subject): Words {
  const { port, name } = one;
  const program = peerOf(one)?.remembered?.owner?.command === 'docker-proxy' ? 'docker' : 'podman';
  return {
    what: `the container that published ${name} is stopped or removed`,
    fix: 'Start it, or create it again; its log says why it stopped.',
    next: [
      `${program} ps -a --format '{{.Names}} {{.Status}} {{.Ports}}'    # which one has stopped, or has another port`,
      `${program} ps -aq | xargs -r ${program} inspect -f '{{.Name}} {{.HostConfig.PortBindings}}' | grep -w ${port}    # whose port it is`,
    ],
  };
}
