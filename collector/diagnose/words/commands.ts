/** Commands to type, each for the place where it gives the right answer: the namespaces of nginx, of a peer, another host. Pure. */

import { shellWord } from '../../base/syntax/shell-word.ts';
import type { NamespaceName, Owner } from '../facts/facts.ts';
import type { NginxFacts } from '../facts/nginx-facts.ts';
import type { UnitFact } from '../impact/traffic.ts';

/** In this network namespace; as it is when that is ours. */
export function inside(home: NamespaceName | null, command: string): string {
  return home === null || home.is === 'host' ? command : `nsenter -t ${home.pid} -n ${command}`;
}

/** From where nginx connects. */
export function asNginx({ sharesNetwork, masterPid }: NginxFacts, command: string): string {
  return sharesNetwork || masterPid === null ? command : `nsenter -t ${masterPid} -n ${command}`;
}

/**
 * With the files as nginx sees them. Programs in a container's files are never run with the rights of the host's root
 * (nsenter -m would): the engine runs them inside. A /tmp of a service's own is read by this host's programs.
 *
 * @param command what to type, of words for paths; inside a container it must be one that small images have, too
 */
export function withFiles(
  { masterPid, entry }: NginxFacts,
  isShared: boolean,
  command: (at: (path: string) => string) => string,
): string {
  if (isShared || masterPid === null) return command(shellWord);
  return entry === ''
    ? command((path) => shellWord(`/proc/${masterPid}/root${path}`))
    : `${entry} ${command(shellWord)}`;
}

/** As nginx resolves a name: by its own resolv.conf and hosts, from its own network. */
export function asResolver(nginx: NginxFacts, name: string): string {
  const { sharesResolver, masterPid, entry } = nginx;
  const command = `getent ahosts ${shellWord(name)}`;
  if (sharesResolver || masterPid === null) return asNginx(nginx, command);
  if (entry !== '') return `${entry} ${command}`;
  const root = `/proc/${masterPid}/root/etc`;
  return `cat ${root}/hosts ${root}/resolv.conf    # nginx has its own: these decide what a name leads to`;
}

export function onHost(host: string, command: string): string {
  return `ssh ${shellWord(host)} "${command}"`;
}

const rules = 'nft list ruleset';
/** For a host whose tools are not known. */
export const remoteRules = 'nft list ruleset || iptables-save';

/** Whose rules may stand between nginx and its peer: this host's first, which also filter what goes to containers. */
export function firewalls(nginx: NginxFacts, home: NamespaceName | null): readonly string[] {
  const ofNginx = asNginx(nginx, rules);
  const ofPeer = inside(home, rules);
  return [
    `${rules}    # this host's; or: iptables-save, for IPv6 ip6tables-save`,
    ...(ofPeer === rules ? [] : [`${ofPeer}    # where ${ofPeer === ofNginx ? 'nginx' : 'the peer'} is`]),
    ...(ofNginx === rules || ofNginx === ofPeer ? [] : [`${ofNginx}    # where nginx is`]),
  ];
}

/** Listeners on a unix socket, under the line that names the columns. */
export function unixSockets(home: NamespaceName | null, path: string): string {
  return inside(home, `ss -lxp | grep -F -e Recv-Q -e ${shellWord(path)}`);
}

function systemctl(verb: string, { unit, unitUser }: Owner): string {
  const name = shellWord(unit ?? '');
  return unitUser === null ? `systemctl ${verb} ${name}` : `systemctl --user -M ${unitUser}@ ${verb} ${name}`;
}

interface Care {
  readonly state: string;
  /** null where there is nothing to start: these are not there, either. */
  readonly start: string | null;
  readonly restart: string | null;
  readonly log: string | null;
}

const again = 'create it the way it was created, for example docker compose up -d';

/** Of a pod: Kubernetes starts its containers. */
function careOfPod(id: string): Care {
  const pods = 'kubectl get pods -A -o wide    # Kubernetes starts it again; where it does not: kubectl describe pod';
  return { state: `crictl ps -a --id ${id}`, start: pods, restart: pods, log: `crictl logs --tail 50 ${id}` };
}

/** Commands that name a container fail when it is removed: where that is not known, they are given what is there. */
function careOfContainer({ container, containerName, runtime, isRemoved }: Owner): Care {
  const id = shellWord(containerName ?? container ?? '');
  if (runtime === 'crictl') return careOfPod(id);
  const program = runtime ?? 'docker';
  const whose = runtime === 'podman' ? '    # as the user who runs it' : '';
  // A filter by name takes parts of names, too.
  const filter = shellWord(containerName === null ? `id=${container}` : `name=^${containerName}$`);
  if (isRemoved === true) {
    const state = `${program} ps -a --format '{{.Names}} {{.Status}} {{.Networks}}'    # its container was removed: is there one in its place?`;
    return { state, start: null, restart: null, log: null };
  }
  const state = `${program} ps -a --filter ${filter}`;
  if (isRemoved === false) {
    return {
      state,
      start: `${program} start ${id}${whose === '' ? '    # ' : `${whose}; `}runs already: ${program} restart ${id}`,
      restart: `${program} restart ${id}`,
      log: `${program} logs --tail 50 ${id}`,
    };
  }
  const found = `${program} ps -aq --filter ${filter} | xargs -r ${program}`;
  return {
    state: `${state}    # none: it was removed; ${again}`,
    start: `${found} start${whose}`,
    restart: `${found} restart`,
    log: `${found} logs --tail 50`,
  };
}

function careOf(owner: Owner | null): Care | null {
  if (owner === null) return null;
  if (owner.container !== null) return careOfContainer(owner);
  if (owner.unit === null) return null;
  const unit = shellWord(owner.unit);
  const journal = owner.unitUser === null ? `-u ${unit}` : `_UID=${owner.unitUser} _SYSTEMD_USER_UNIT=${unit}`;
  return {
    state: systemctl('status', owner),
    start: `${systemctl('start', owner)}    # active already: ${systemctl('restart', owner)}`,
    restart: systemctl('restart', owner),
    log: `journalctl ${journal} -n 50`,
  };
}

const known = (commands: readonly (string | null)[]): readonly string[] => commands.flatMap((each) => each ?? []);

/** How its application is and what it says; `otherwise` where who runs it is not known. */
export function lookAfter(owner: Owner | null, otherwise: string): readonly string[] {
  const care = careOf(owner);
  return care === null ? [otherwise] : known([care.state, care.log]);
}

/** The same of one that does not run, with what starts it. */
export function startAgain(owner: Owner | null, otherwise: string | null = null): readonly string[] {
  const care = careOf(owner);
  if (care === null) return otherwise === null ? [] : [otherwise];
  return known([care.state, care.start, care.log]);
}

/** What starts it anew; empty where who runs it is not known. */
export function restart(owner: Owner | null, why: string): readonly string[] {
  return known([careOf(owner)?.restart ?? null]).map((each) => (each.includes('#') ? each : `${each}    # ${why}`));
}

/** What the kernel killed because memory ran out. */
export const killed = "dmesg -T | grep -i 'killed process'    # which one, and how large it was";

/** What the process does that holds the socket: hanging in the kernel, stopped, or busy. */
export function processState(owner: Owner | null): readonly string[] {
  return owner === null || owner.pid === null ? [] : [`ps -o pid,stat,wchan:24,etime,pcpu,args -p ${owner.pid}`];
}

/** A masked unit cannot be started; one with a socket unit is started by it. */
export function unmask(fact: UnitFact | null): readonly string[] {
  if (fact === null) return [];
  return [
    ...(fact.isMasked ? [`systemctl unmask ${shellWord(fact.unit)}`] : []),
    ...(fact.socket === null ? [] : [`systemctl start ${shellWord(fact.socket)}`]),
  ];
}
