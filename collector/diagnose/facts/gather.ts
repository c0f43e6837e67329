/** Facts through ports: one bounded look at everything that the rules judge by. Reads only; the probe sends nothing. */
import type { ConnectKind } from '../../model.ts';
import { peerName } from '../../nginx/address.ts';
import type { NginxConfiguration, Upstream, UpstreamServer } from '../../nginx/types.ts';
import { unitOf } from '../../parse/proc/cgroup.ts';
import { parseOpenFilesLimit, parseProcStatus } from '../../parse/proc/pid.ts';
import { attempt } from '../../system/fs.ts';
import type {
  Facts,
  FailuresByKind,
  GroupFacts,
  KindFailures,
  MissingRight,
  NginxFacts,
  PeerFacts,
  Remembered,
  ServerFact,
} from './facts.ts';
import { surveyNamespaces } from './namespaces.ts';
import type { DiagnosePorts } from './ports.ts';
import type { Prober } from './probe.ts';
import { readSocketFile, userNames } from './socket-file.ts';
import { createLook, lookBefore, peerAddress, probeTarget, type TcpContext, tcpFacts } from './tcp.ts';

/** What fails, from the error log. */
export interface Failing {
  readonly peers: readonly { readonly peer: string; readonly upstream: string; readonly failures: FailuresByKind }[];
  readonly groups: readonly { readonly upstream: string; readonly failures: KindFailures }[];
  /** Failures that name no peer. */
  readonly nginx: FailuresByKind;
}

/** The nginx it is about. */
export interface NginxSeen {
  readonly masterPid: number | null;
  readonly workers: readonly number[];
  /** With the addresses that nginx took, as far as they are known. */
  readonly configuration: NginxConfiguration | null;
  readonly conf: string | null;
  /** As NginxFacts.command. */
  readonly command: string;
  readonly loadedMs: number | null;
  /** Whether a path means the same file to nginx as on this host. */
  sharesFile(path: string): boolean;
  /** Where this process finds what nginx calls by a path. */
  place(path: string): string;
  remembered(peer: string): Remembered | null;
}

interface Configured {
  readonly upstream: Upstream;
  readonly server: UpstreamServer;
}

function configuredServers(configuration: NginxConfiguration | null): readonly Configured[] {
  const upstreams = configuration?.upstreams ?? [];
  return upstreams.flatMap((upstream) => upstream.servers.map((server) => ({ upstream, server })));
}

/** Connecting again would tell nothing about these. */
const notAboutNetwork: ReadonlySet<ConnectKind> = new Set(['no_ports', 'no_files', 'worker_connections', 'tls']);

export async function gather(failing: Failing, seen: NginxSeen, prober: Prober, ports: DiagnosePorts): Promise<Facts> {
  const namespaces = surveyNamespaces(seen.masterPid, ports);
  const configured = configuredServers(seen.configuration);
  const names = await resolveNames(failing, configured, ports);
  const serversOf = (peer: string): readonly Configured[] =>
    configured.filter(({ server }) => server.peers.includes(peer));
  const tcpPeers = failing.peers.map(({ peer }) => peer);

  const first = createLook(tcpPeers, ports);
  const probed = await Promise.all(
    failing.peers.map(async ({ peer, failures }) => {
      const address = peerAddress(peer);
      if (address === null) return null;
      const before = lookBefore(address, namespaces, first);
      const needed = [...failures.keys()].some((kind) => !notAboutNetwork.has(kind));
      const isConfigured = serversOf(peer).length > 0;
      const target = probeTarget(peer, before, isConfigured, needed, seen.masterPid !== null, namespaces);
      return { before, probe: await prober.probe(target) };
    }),
  );

  const hasProbed = probed.some((each) => each !== null && each.probe.is !== 'not_probed');
  const look = hasProbed ? createLook(tcpPeers, ports) : first;
  const claimedBesides = (peer: string) =>
    configured
      .flatMap(({ server }) => (server.peers.includes(peer) ? [] : server.peers))
      .flatMap((other) => peerAddress(other) ?? []);
  const masterUid = seen.masterPid === null ? null : statusOf(seen.masterPid, ports).uid;
  const context: Omit<TcpContext, 'claimed'> = { namespaces, look, masterUid, ports };
  const [worker = null] = seen.workers;

  const peers = failing.peers.map(({ peer, upstream, failures }, at): PeerFacts => {
    const mine = probed[at] ?? null;
    const servers = serversOf(peer).map((each) => serverFact(each, names));
    return {
      peer,
      upstream,
      failures,
      servers,
      formerly: servers.length > 0 ? [] : formerServers(peer, configured, names),
      tcp:
        mine === null ? null : tcpFacts(peer, mine.before, mine.probe, { ...context, claimed: claimedBesides(peer) }),
      unix: peer.startsWith('unix:')
        ? readSocketFile(peer.slice('unix:'.length), seen, worker, namespaces, look, ports)
        : null,
      remembered: seen.remembered(peer),
    };
  });
  return {
    nowMs: ports.wallMs(),
    nginx: nginxFacts(failing.nginx, seen, namespaces.shared, ports),
    peers,
    groups: failing.groups.map((group) => groupFacts(group, configured, names)),
    missing: missingRights(peers, look.tableOf(namespaces.nginx) === null, look.ownersOf(namespaces.nginx).blind),
  };
}

type Names = ReadonlyMap<string, readonly string[]>;

/** Only names that may explain something are asked for. */
async function resolveNames(failing: Failing, configured: readonly Configured[], ports: DiagnosePorts): Promise<Names> {
  const known = new Set(configured.flatMap(({ server }) => server.peers));
  const strange = failing.peers.some(({ peer }) => !known.has(peer));
  const wanted = configured.filter(
    ({ server }) => strange || failing.peers.some(({ peer }) => server.peers.includes(peer)),
  );
  const hosts = new Set(wanted.flatMap(({ server }) => server.lookup?.host ?? []));
  const answers = await Promise.all(
    [...hosts].map(async (host) => {
      const answer = await ports.resolve(host);
      return [host, answer.ok ? answer.addresses : []] as const;
    }),
  );
  return new Map(answers);
}

function serverFact({ upstream, server }: Configured, names: Names): ServerFact {
  const { file, line, address, lookup, maxFails, failTimeoutSeconds, maxConns, resolve, down } = server;
  const now = lookup === null ? [] : (names.get(lookup.host) ?? []);
  return {
    file,
    line,
    upstream: upstream.name,
    address,
    name: lookup?.host ?? null,
    now,
    nowPeers: lookup === null ? [] : now.flatMap((each) => peerName(each, lookup.port) ?? []),
    maxFails,
    failTimeoutSeconds,
    maxConns,
    follows: resolve || upstream.origin === 'variable',
    down,
  };
}

/** Lines with a name whose port the peer has, and whose addresses it no longer is. */
function formerServers(peer: string, configured: readonly Configured[], names: Names): readonly ServerFact[] {
  const port = peerAddress(peer)?.port;
  const facts = configured.filter(({ server }) => server.lookup !== null && server.lookup.port === port);
  return facts.map((each) => serverFact(each, names)).filter(({ follows, now }) => !follows && now.length > 0);
}

function groupFacts(group: Failing['groups'][number], configured: readonly Configured[], names: Names): GroupFacts {
  const servers = configured.filter(({ upstream }) => upstream.name === group.upstream);
  return { ...group, servers: servers.map((each) => serverFact(each, names)) };
}

function statusOf(pid: number, { proc }: DiagnosePorts) {
  return parseProcStatus(proc.text(`${pid}/status`) ?? '');
}

function nginxFacts(
  failures: FailuresByKind,
  seen: NginxSeen,
  sharesNetwork: boolean,
  ports: DiagnosePorts,
): NginxFacts {
  const { proc, fs } = ports;
  const { masterPid, workers, configuration, conf, loadedMs } = seen;
  const limits = workers.flatMap((pid) => {
    const limit = parseOpenFilesLimit(proc.text(`${pid}/limits`) ?? '');
    // Before Linux 6.2 the kernel says 0: not known.
    return limit === null ? [] : [{ used: proc.openFiles(pid) || null, limit }];
  });
  const uid = workers[0] === undefined ? null : statusOf(workers[0], ports).uid;
  return {
    masterPid,
    workerPid: workers[0] ?? null,
    sharesNetwork,
    sharesFiles: seen.sharesFile(conf ?? '/'),
    sharesResolver: seen.sharesFile('/etc/resolv.conf'),
    uid: masterPid === null ? null : statusOf(masterPid, ports).uid,
    user: uid === null ? null : userNames(seen, ports).userName(uid),
    workerConnections: configuration?.workerConnections ?? null,
    openFiles: limits.sort((a, b) => (b.used ?? 0) - (a.used ?? 0))[0] ?? null,
    workerRlimitNofile: configuration?.workerRlimitNofile ?? null,
    conf,
    command: seen.command,
    unit: masterPid === null ? null : (unitOf(proc.text(`${masterPid}/cgroup`) ?? '')?.unit ?? null),
    selinux: enforcesPolicy(fs),
    undecided: (configuration?.undecided.length ?? 0) > 0,
    loadedMs,
    failures,
  };
}

function enforcesPolicy(fs: DiagnosePorts['fs']): boolean {
  const read = attempt(() => {
    const fd = fs.open('/sys/fs/selinux/enforce');
    const byte = Buffer.alloc(1);
    fs.read(fd, byte, 1, 0);
    fs.close(fd);
    return byte.toString();
  });
  return read.ok && read.value === '1';
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
