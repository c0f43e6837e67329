/** Facts for tests of the rules: everything as it is where nothing is known, but what is said. */

import type {
  Facts,
  ListenerFact,
  NamespaceName,
  Owner,
  PeerFacts,
  Remembered,
  ServerFact,
  TcpFacts,
  UnixFacts,
} from '../../collector/diagnose/facts/facts.ts';
import type { NginxFacts } from '../../collector/diagnose/facts/nginx-facts.ts';
import type { FailuresByKind, KindFailures } from '../../collector/diagnose/impact/traffic.ts';
import type { FailureKind } from '../../collector/model.ts';

export const nowMs = 1_000_000;

export const host: NamespaceName = { id: '1', is: 'host', pid: 1, container: null, runtime: null };
export const ofNginx: NamespaceName = { id: '2', is: 'nginx', pid: 200, container: 'abcdefabcdef', runtime: 'docker' };
export const other: NamespaceName = { id: '3', is: 'other', pid: 300, container: null, runtime: null };

export const owner: Owner = {
  uid: 33,
  user: 'www-data',
  pid: 4711,
  isGuess: false,
  command: 'node',
  script: null,
  unit: 'app.service',
  unitUser: null,
  container: null,
  containerName: null,
  runtime: null,
};

/** What the plugin remembers of a peer: that a socket of `owner` listened until half a minute ago. */
export function rememberedPeer(some: Partial<Remembered> = {}): Remembered {
  return {
    listeningMs: nowMs - 30_000,
    owner,
    oomKills: 0,
    watchedSinceMs: 0,
    sinceMs: null,
    connectedMs: null,
    besides: null,
    endedMs: [],
    inode: null,
    ...some,
  };
}

export function listener(at: string, some: Partial<ListenerFact> = {}): ListenerFact {
  const colon = at.lastIndexOf(':');
  const port = Number(at.slice(colon + 1));
  const bound = at.slice(0, colon).replace(/[[\]]/g, '');
  return {
    host: bound,
    port,
    queued: 0,
    inode: port,
    owner,
    startedMs: null,
    isStopped: false,
    namespace: host,
    ...some,
  };
}

export function failed(some: Partial<KindFailures> = {}): KindFailures {
  return { count: 5, firstMs: nowMs - 20_000, lastMs: nowMs - 1000, errno: 111, message: 'connect() failed', ...some };
}

export function server(address: string, some: Partial<ServerFact> = {}): ServerFact {
  return {
    file: '/etc/nginx/nginx.conf',
    line: 12,
    upstream: 'app',
    address,
    written: `server ${address}`,
    name: null,
    now: [],
    nowPeers: [],
    peers: [],
    maxFails: 1,
    failTimeoutSeconds: 10,
    maxConns: 0,
    follows: false,
    down: false,
    ...some,
  };
}

export function tcp(peer: string, some: Partial<TcpFacts> = {}): TcpFacts {
  const colon = peer.lastIndexOf(':');
  const address = peer.slice(0, colon).replace(/[[\]]/g, '');
  return {
    host: address,
    port: Number(peer.slice(colon + 1)),
    isLoopback: address.startsWith('127.') || address === '::1',
    home: host,
    serving: [],
    perhapsServing: [],
    samePort: [],
    otherPorts: [],
    otherNamespaces: [],
    steady: true,
    overflows: 0,
    neighbour: null,
    probe: { is: 'refused' },
    unixInstead: [],
    refusals: null,
    bridge: null,
    behind: null,
    containers: [],
    apart: [],
    icmp: null,
    localPorts: null,
    ...some,
  };
}

export function unix(some: Partial<UnixFacts> = {}): UnixFacts {
  return {
    path: '/run/app.sock',
    isShared: true,
    file: 'socket',
    mode: 0o660,
    user: 'app',
    group: 'app',
    listening: false,
    queued: 0,
    isStopped: false,
    similar: [],
    home: null,
    owner: null,
    barrier: null,
    ...some,
  };
}

export function peer(name: string, some: Partial<PeerFacts> = {}, kind: FailureKind = 'refused'): PeerFacts {
  const failures: FailuresByKind = new Map([[kind, failed()]]);
  return {
    peer: name,
    upstream: 'app',
    scheme: 'http',
    isUdp: false,
    answers: null,
    sockets: { retried: 0, unacknowledged: 0, unread: 0 },
    failures,
    servers: [server(name)],
    formerly: [],
    tcp: name.startsWith('unix:') ? null : tcp(name),
    unix: null,
    remembered: null,
    unit: null,
    ...some,
  };
}

export function nginx(some: Partial<NginxFacts> = {}): NginxFacts {
  return {
    masterPid: 200,
    workerPid: 201,
    sharesNetwork: true,
    sharesFiles: true,
    sharesResolver: true,
    uid: 0,
    user: 'www-data',
    workerUid: 33,
    stoppedWorkers: [],
    errorLogs: ['/var/log/nginx/error.log'],
    accessLogs: ['/var/log/nginx/access.log'],
    resolvers: [],
    hasIpv6: true,
    workerConnections: 512,
    openFiles: { used: 1000, limit: 1024 },
    workerRlimitNofile: null,
    command: 'nginx',
    entry: '',
    conf: '/etc/nginx/nginx.conf',
    unit: 'nginx.service',
    selinux: false,
    undecided: false,
    loadedMs: nowMs - 500_000,
    failures: new Map(),
    ...some,
  };
}

export function facts(peers: readonly PeerFacts[], some: Partial<Facts> = {}): Facts {
  return { nowMs, nginx: nginx(), peers, groups: [], names: [], missing: [], ...some };
}
