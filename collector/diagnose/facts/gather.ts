/** Facts through ports: one bounded check of everything that the rules judge by. Reads only; the probe sends nothing. */

import { once } from '../../base/once.ts';
import type { FailureKind } from '../../model.ts';
import { mayBeOf } from '../../nginx/peers.ts';
import type { FailedPeer, Failing } from '../impact/failures.ts';
import type { UnitFact } from '../impact/traffic.ts';
import { readWaiting } from '../impact/waiting.ts';
import { containerName, isRemoved } from '../places/containers.ts';
import { movedSockets } from '../places/moved-sockets.ts';
import { type Namespaces, surveyNamespaces } from '../places/namespaces.ts';
import { containerFacts } from '../places/tcp-containers.ts';
import { unitFiles } from '../places/unit-files.ts';
import { maskedUnit, unitFor } from '../places/units.ts';
import type { Facts, MissingRight, PeerFacts, Remembered } from './facts.ts';
import { createLook } from './look.ts';
import { nginxFacts, uidOf } from './nginx.ts';
import type { DiagnosedNginx, DiagnosePorts } from './ports.ts';
import type { Prober } from './probe.ts';
import { type ProbeWanted, probeEach } from './probe-each.ts';
import { configuredServers, formerServers, groupFacts, nameFacts, resolveServers, serverFact } from './servers.ts';
import { fastcgiSockets, readSocketFile } from './socket-file.ts';
import { lookBefore, peerAddress, probeTarget, type TcpContext, tcpFacts } from './tcp.ts';

/** Connecting again would show nothing about these. */
const notAboutNetwork: ReadonlySet<FailureKind> = new Set([
  'no_ports',
  'no_files',
  'worker_connections',
  'tls',
  'bad_response',
  'other',
]);

function needsProbe({ failures }: FailedPeer): boolean {
  return [...failures.keys()].some((kind) => !notAboutNetwork.has(kind));
}

function lookFirst(failing: Failing, namespaces: Namespaces, ports: DiagnosePorts) {
  const look = createLook(
    failing.peers.map(({ peer }) => peer),
    ports,
  );
  const before = failing.peers.map((each) => {
    const address = peerAddress(each.peer);
    return address === null ? null : lookBefore({ ...address, isUdp: each.isUdp }, namespaces, look);
  });
  return { look, before };
}

/** `ports.wallMs` is the moment that `failing` describes: the checks may take seconds. */
export async function gather(
  failing: Failing,
  seen: DiagnosedNginx,
  prober: Prober,
  ports: DiagnosePorts,
): Promise<Facts> {
  const nowMs = ports.wallMs();
  // Of the same moment as the failures: what is answered while this gathers belongs to the next check.
  const answers = new Map(failing.peers.map(({ peer }) => [peer, seen.answers(peer)]));
  const namespaces = surveyNamespaces(seen.masterPid, ports);
  const configured = configuredServers(seen.configuration);
  const names = await resolveServers(failing, configured, ports);
  const serversOf = (peer: string) => configured.filter(({ server }) => server.peers.includes(peer));
  /** Only nginx can resolve the name: the port shows its line. Nothing is probed for that. */
  const linesOf = (peer: string) => {
    const own = serversOf(peer);
    return own.length > 0 ? own : configured.filter(({ server }) => mayBeOf(server, peer));
  };
  const tcpPeers = failing.peers.map(({ peer }) => peer);

  const first = lookFirst(failing, namespaces, ports);
  const wanted = failing.peers.map((each, at): ProbeWanted | null => {
    const before = first.before[at] ?? null;
    if (before === null) return null;
    const isConfigured = serversOf(each.peer).length > 0;
    const hasMaster = seen.masterPid !== null;
    const target = probeTarget(each.peer, before, isConfigured, needsProbe(each), hasMaster, namespaces);
    return { target, isAlone: before.home === 'elsewhere' && each.failures.has('refused') };
  });
  const answered = await probeEach(wanted, prober, namespaces, ports);
  const probed = first.before.map((before, at) => {
    const mine = answered[at] ?? null;
    return before === null || mine === null ? null : { before, ...mine };
  });

  const hasProbed = probed.some((each) => each !== null && each.probe.is !== 'not_probed');
  const look = hasProbed ? createLook(tcpPeers, ports) : first.look;
  const [worker = null] = seen.workers;
  const context: Omit<TcpContext, 'claimed' | 'unixInstead'> = {
    namespaces,
    look,
    firewall: namespaces.shared ? await ports.firewall() : null,
    workerUid: worker === null ? null : uidOf(worker, ports),
    masterUid: seen.masterPid === null ? null : uidOf(seen.masterPid, ports),
    ports,
  };
  const waiting = readWaiting(tcpPeers, namespaces, ports, null);

  /**
   * What other lines mean. A name's address of the other family is meant by this peer's line as well; several of one family
   * are several servers.
   */
  function claimedBesides(peer: string) {
    const isOtherFamily = (other: string): boolean => other.startsWith('[') !== peer.startsWith('[');
    const own = new Set(serversOf(peer).flatMap(({ server }) => server.peers.filter(isOtherFamily)));
    const others = configured.flatMap(({ server }) => server.peers);
    return others.filter((other) => other !== peer && !own.has(other)).flatMap((other) => peerAddress(other) ?? []);
  }

  const fastcgi = failing.peers.some(({ scheme }) => scheme === 'fastcgi') ? fastcgiSockets(namespaces, ports) : [];

  function tcpOf(peer: string, scheme: string | null, at: number): PeerFacts['tcp'] {
    const mine = probed[at] ?? null;
    if (mine === null) return null;
    const unixInstead = scheme === 'fastcgi' ? fastcgi : [];
    const mineOnly = { ...context, claimed: claimedBesides(peer), unixInstead };
    const { address, home } = mine.before;
    const facts = tcpFacts(peer, mine.before, mine, mineOnly);
    const { owner = null, listeningMs = null } = seen.remembered(peer) ?? {};
    const isGone = home === namespaces.nginx && facts.serving.length === 0 && owner !== null && listeningMs !== null;
    const movedTo = isGone ? movedSockets({ owner, listeningMs }, home, look.ownersOf(home), ports) : [];
    return { ...facts, movedTo, ...containerFacts(address, home, mineOnly) };
  }

  const units = once(() => unitFiles(ports));

  /** Looked for where something on this very host does not run, and no process can be asked. */
  function unitOfPeer(peer: string, { failures, scheme }: Omit<FailedPeer, 'peer'>, at: number): UnitFact | null {
    const isDown = ['refused', 'socket_missing'].some((kind) => failures.has(kind as FailureKind));
    const owner = seen.remembered(peer)?.owner ?? null;
    if (!isDown || owner?.container != null) return null;
    if (owner?.unit != null) return owner.unitUser === null ? maskedUnit(owner.unit, ports) : null;
    const isFastcgi = scheme === 'fastcgi';
    if (peer.startsWith('unix:')) return unitFor({ path: peer.slice('unix:'.length) }, isFastcgi, ports, units());
    const before = probed[at]?.before;
    const isHere = before?.home === namespaces.nginx && namespaces.shared;
    return isHere ? unitFor({ port: before.address.port }, isFastcgi, ports, units()) : null;
  }

  const peers = failing.peers.map(({ peer, ...rest }, at): PeerFacts => {
    const servers = linesOf(peer).map((each) => serverFact(each, names));
    return {
      peer,
      ...rest,
      answers: answers.get(peer) ?? null,
      sockets: waiting.of(peer),
      servers,
      formerly: servers.length > 0 ? [] : formerServers(peer, configured, names),
      tcp: tcpOf(peer, rest.scheme, at),
      unix: peer.startsWith('unix:')
        ? readSocketFile(peer.slice('unix:'.length), seen, worker, namespaces, look, ports)
        : null,
      remembered: withContainer(seen.remembered(peer), ports),
      unit: unitOfPeer(peer, rest, at),
    };
  });
  return {
    nowMs,
    nginx: nginxFacts(failing.nginx, seen, namespaces.shared, ports),
    peers,
    groups: failing.groups.map((group) => groupFacts(group, configured, names)),
    names: failing.names.map((one) => nameFacts(one, configured, names)),
    missing: missingRights(peers, look.tableOf(namespaces.nginx) === null, look.ownersOf(namespaces.nginx).blind),
  };
}

/** Who wrote it down may not have been allowed to read the name, which outlives the id; and it may be removed since. */
function withContainer(remembered: Remembered | null, ports: DiagnosePorts): Remembered | null {
  const owner = remembered?.owner ?? null;
  if (remembered === null || owner === null || owner.container === null) return remembered;
  const { isRemoved: _, ...before } = owner;
  const removed = isRemoved(owner, ports);
  const name = owner.containerName ?? (owner.runtime === 'docker' ? containerName(owner.container, ports) : null);
  return {
    ...remembered,
    owner: { ...before, containerName: name, ...(removed === null ? {} : { isRemoved: removed }) },
  };
}

function missingRights(peers: readonly PeerFacts[], noTable: boolean, blind: boolean): readonly MissingRight[] {
  const missing: MissingRight[] = [];
  if (noTable) missing.push('nginx_namespace');
  const hasListeners = peers.some(
    ({ tcp }) => tcp !== null && [...tcp.serving, ...tcp.samePort, ...tcp.otherPorts].length > 0,
  );
  if (blind && hasListeners) missing.push('socket_owner');
  if (peers.some(({ unix }) => unix?.file === 'unseen')) missing.push('socket_folder');
  return missing;
}
