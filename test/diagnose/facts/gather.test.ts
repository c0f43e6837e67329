/** What listens where, by a host's own files: facts gathered from a /proc of ours, and the verdict that they lead to. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Remembered, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import { gather } from '../../../collector/diagnose/facts/gather.ts';
import type { DiagnosePorts } from '../../../collector/diagnose/facts/ports.ts';
import { createProber } from '../../../collector/diagnose/facts/probe.ts';
import type { FailedPeer } from '../../../collector/diagnose/impact/failures.ts';
import type { AnswerFacts } from '../../../collector/diagnose/impact/traffic.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { withAddresses } from '../../../collector/nginx/peers.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import type { ConnectResult } from '../../../collector/system/network/net.ts';
import { configurationOf } from '../../nginx/memory-files.ts';
import { type FakeNamespace, type FakeProcess, procHost, tcpRow, unixRow } from '../../support/hosts/proc-host.ts';
import { failed, nowMs, owner, rememberedPeer } from '../facts-kit.ts';

interface Scene {
  readonly peer: string;
  readonly failing?: Partial<FailedPeer>;
  readonly conf?: string;
  /** What names in `conf` resolve to. */
  readonly addresses?: ReadonlyMap<string, readonly string[]>;
  readonly processes?: Readonly<Record<number, FakeProcess>>;
  readonly namespaces?: Readonly<Record<string, FakeNamespace>>;
  readonly nginx?: FakeProcess;
  readonly connect?: ConnectResult;
  /** While it connects. */
  readonly meanwhile?: () => void;
  readonly now?: () => number;
  readonly answered?: () => AnswerFacts;
  readonly remembered?: Remembered;
  readonly files?: Readonly<Record<string, string>>;
  /** Where a path of nginx's is on this host. */
  readonly place?: (path: string, prefix: string) => string;
}

async function seen({ peer, failing = {}, conf, processes = {}, namespaces = {}, nginx = {}, ...more }: Scene) {
  const host = procHost(
    {
      1: { line: 'init' },
      100: { ...nginx, line: 'nginx: master process nginx' },
      101: { ...nginx, line: 'nginx: worker process', uid: 33, parent: 100 },
      ...processes,
    },
    { host: {}, ...namespaces },
  );
  host.write(more.files ?? {});
  const connect = () => {
    more.meanwhile?.();
    return Promise.resolve(more.connect ?? ({ is: 'failed', code: 'ECONNREFUSED' } as const));
  };
  const ports: DiagnosePorts = {
    fs: nodeFileSystem,
    proc: host.proc,
    procRoot: host.procRoot,
    resolve: () => Promise.resolve({ ok: false, code: 'ENOTFOUND' }),
    connect,
    wallMs: more.now ?? (() => nowMs),
    userName: (uid) => `user${uid}`,
    groupName: (gid) => `group${gid}`,
    firewall: () => Promise.resolve(null),
  };
  const parsed = configurationOf(
    conf ?? `events {}\nhttp { upstream app { server ${peer}; } server { location / { proxy_pass http://app; } } }`,
  );
  const configuration = withAddresses(parsed, more.addresses ?? new Map());
  const one: FailedPeer = {
    peer,
    upstream: 'app',
    scheme: 'http',
    isUdp: false,
    failures: new Map([['refused', failed()]]),
    ...failing,
  };
  const facts = await gather(
    { peers: [one], groups: [], names: [], nginx: new Map() },
    {
      masterPid: 100,
      workers: [101],
      configuration,
      conf: '/etc/nginx/nginx.conf',
      command: 'nginx',
      entry: '',
      loadedMs: null,
      sharesFile: () => true,
      place: (path) => more.place?.(path, host.prefix) ?? host.prefix + path,
      remembered: () => more.remembered ?? null,
      answers: () => more.answered?.() ?? null,
    },
    createProber('on-failure', connect, () => 0),
    ports,
  );
  const [fact] = facts.peers;
  if (fact === undefined) throw new Error('no peer');
  const [finding] = judge(facts, String)[0]?.findings ?? [];
  return { facts, fact, verdict: `${finding?.code} ${finding?.sureness}` };
}

const node: FakeProcess = { line: 'node app.js', uid: 1000, cgroup: '0::/system.slice/app.service', sockets: [7] };
const brief = ({ host, port, owner, namespace }: TcpFacts['serving'][number]) =>
  `${host}:${port} ${owner.command} ${owner.unit} ${namespace.is}`;

const refused: Readonly<Record<string, readonly [Scene, string, (tcp: TcpFacts) => unknown, unknown]>> = {
  'nothing listens': [
    { peer: '127.0.0.1:8080' },
    'process_down likely',
    ({ serving, samePort, otherPorts, probe }) => [serving, samePort, otherPorts, probe.is],
    [[], [], [], 'refused'],
  ],
  'it listens on another address': [
    {
      peer: '10.0.0.5:8080',
      processes: { 400: node },
      namespaces: { host: { addresses: ['10.0.0.5'], tcp: [tcpRow('127.0.0.1:8080', { inode: 7 })] } },
    },
    'wrong_bind_address certain',
    ({ samePort }) => samePort.map(brief),
    ['127.0.0.1:8080 node app.service host'],
  ],
  'it listens on another port, and nginx does on its own': [
    {
      peer: '127.0.0.1:8080',
      nginx: { sockets: [9] },
      processes: { 400: node },
      namespaces: {
        host: { tcp: [tcpRow('127.0.0.1:8081', { inode: 7 }), tcpRow('0.0.0.0:80', { inode: 9, uid: 0 })] },
      },
    },
    'wrong_port likely',
    ({ otherPorts }) => otherPorts.map(brief),
    ['127.0.0.1:8081 node app.service host'],
  ],
  'what another line means is not what this one should be': [
    {
      peer: '127.0.0.1:8080',
      conf: 'events {}\nhttp { upstream app { server 127.0.0.1:8080; } upstream api { server 127.0.0.1:8081; } server { location / { proxy_pass http://app; } } }',
      processes: { 400: node },
      namespaces: { host: { tcp: [tcpRow('127.0.0.1:8081', { inode: 7 })] } },
    },
    'process_down likely',
    ({ otherPorts }) => otherPorts,
    [],
  ],
  'the program was moved from its port to a unix socket': [
    {
      peer: '127.0.0.1:8080',
      remembered: rememberedPeer({ owner: { ...owner, uid: 1000, command: 'node', unit: 'app.service' } }),
      processes: { 400: node, 500: { line: 'redis-server', uid: 1000, sockets: [8] } },
      namespaces: { host: { unix: [unixRow('/run/redis.sock', { inode: 8 }), unixRow('/run/x.sock', { inode: 7 })] } },
    },
    'wrong_port likely',
    ({ movedTo }) => movedTo,
    ['/run/x.sock'],
  ],
  'the same, seen by a user who may not see its descriptors': [
    {
      peer: '127.0.0.1:8080',
      remembered: rememberedPeer({ owner: { ...owner, uid: 1000, command: 'gunicorn', unit: null } }),
      processes: { 400: { line: 'gunicorn --bind unix:/run/x.sock app', uid: 1000, sockets: null } },
      namespaces: { host: { unix: [unixRow('/run/redis.sock', { inode: 8 }), unixRow('/run/x.sock', { inode: 7 })] } },
    },
    'wrong_port likely',
    ({ movedTo }) => movedTo,
    ['/run/x.sock'],
  ],
  'one of the two addresses of a name is down, and its twin listens': [
    {
      peer: '10.0.0.5:8080',
      conf: 'events {}\nhttp { upstream app { server app.lan:8080; } server { location / { proxy_pass http://app; } } }',
      addresses: new Map([['app.lan', ['10.0.0.5', '10.0.0.6']]]),
      processes: { 400: node },
      namespaces: { host: { addresses: ['10.0.0.5', '10.0.0.6'], tcp: [tcpRow('10.0.0.6:8080', { inode: 7 })] } },
    },
    'process_down likely',
    ({ samePort }) => samePort,
    [],
  ],
  'it listens on ::1 only': [
    {
      peer: '127.0.0.1:8080',
      conf: 'events {}\nhttp { server { location / { proxy_pass http://127.0.0.1:8080; } } }',
      processes: { 400: node },
      namespaces: { host: { tcp6: [tcpRow('[::1]:8080', { inode: 7 })] } },
    },
    'wrong_bind_address certain',
    ({ samePort }) => samePort.map(({ host }) => host),
    ['::1'],
  ],
  'it listens in another network namespace': [
    {
      peer: '127.0.0.1:8080',
      processes: { 500: { ...node, namespace: 'other', cgroup: `0::/docker/${'a'.repeat(64)}` } },
      namespaces: { other: { tcp: [tcpRow('0.0.0.0:8080', { inode: 7 })] } },
    },
    'container_localhost likely',
    ({ otherNamespaces }) => otherNamespaces.map(({ namespace }) => `${namespace.is} ${namespace.container}`),
    ['other aaaaaaaaaaaa'],
  ],
  'it serves, and the probe passes': [
    {
      peer: '127.0.0.1:8080',
      connect: { is: 'connected' },
      processes: { 400: node },
      namespaces: { host: { tcp: [tcpRow('0.0.0.0:8080', { inode: 7 })] } },
    },
    'restarting likely',
    ({ serving, steady, probe }) => [serving.map(brief), steady, probe.is],
    [['0.0.0.0:8080 node app.service host'], true, 'connected'],
  ],
  'whose it is may not be seen: the only process of its user that names the port': [
    {
      peer: '10.0.0.5:8080',
      processes: { 400: { ...node, line: 'node app.js --port 8080', sockets: null }, 401: { ...node, sockets: null } },
      namespaces: { host: { addresses: ['10.0.0.5'], tcp: [tcpRow('127.0.0.1:8080', { inode: 7 })] } },
    },
    'wrong_bind_address certain',
    ({ samePort }) => samePort.map(({ owner }) => [owner.pid, owner.isGuess]),
    [[400, true]],
  ],
};

test.each(Object.entries(refused))('refused: %s', async (_, [scene, verdict, pick, expected]) => {
  const { fact, verdict: found } = await seen(scene);
  expect(fact.tcp === null ? null : pick(fact.tcp)).toEqual(expected);
  expect(found).toBe(verdict);
});

const socket = '/run/app.sock';
const unix: Readonly<Record<string, readonly [Omit<Scene, 'peer'>, unknown]>> = {
  'no file, and nothing listens': [{}, { file: 'missing', listening: false, owner: null, barrier: null }],
  'its file is there, and nobody listens': [
    { files: { [`/run/app.sock`]: '' } },
    { file: 'other', listening: false, queued: 0 },
  ],
  'two wait in the queue of a stopped process': [
    {
      processes: { 400: { ...node, state: 'T' } },
      namespaces: {
        host: {
          unix: [unixRow(socket, { inode: 7 }), ...['02', '02', '03'].map((state) => unixRow(socket, { state }))],
        },
      },
    },
    { listening: true, queued: 2, isStopped: true, owner: expect.objectContaining({ pid: 400, unit: 'app.service' }) },
  ],
  'a socket of that name in another namespace': [
    {
      processes: { 500: { ...node, namespace: 'other' } },
      namespaces: { other: { unix: [unixRow('/srv/container/app.sock', { inode: 7 })] } },
    },
    { listening: true, home: expect.objectContaining({ is: 'other' }) },
  ],
  'whose it is may not be seen: the master of php-fpm of that version': [
    {
      processes: {
        400: {
          line: 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)',
          sockets: null,
          cgroup: '0::/system.slice/php8.2-fpm.service',
        },
        401: { line: 'php-fpm: master process (/etc/php/7.4/fpm/php-fpm.conf)', sockets: null },
      },
      namespaces: { host: { unix: [unixRow('/run/php/php8.2-fpm.sock', { inode: 7 })] } },
    },
    { listening: true, owner: expect.objectContaining({ pid: 400, isGuess: true, unit: 'php8.2-fpm.service' }) },
  ],
};

test.each(Object.entries(unix))('a unix socket: %s', async (name, [scene, expected]) => {
  const path = name.includes('php-fpm') ? '/run/php/php8.2-fpm.sock' : socket;
  const { fact } = await seen({ peer: `unix:${path}`, ...scene });
  expect(fact.tcp).toBeNull();
  expect(fact.unix).toMatchObject(expected as object);
});

test('a folder that keeps nginx out is named with its owner', async () => {
  const host: Scene = { peer: `unix:${socket}`, files: { [socket]: '' } };
  const { fact } = await seen({
    ...host,
    place: (path, prefix) => {
      chmodSync(join(prefix, '/run'), 0o700);
      return prefix + path;
    },
  });
  expect(fact.unix?.barrier).toMatchObject({ path: '/run', mode: 0o700, user: `user${process.getuid?.()}` });
});

test('php-fpm that listens on a socket while the configuration has a port', async () => {
  const { fact } = await seen({
    peer: '127.0.0.1:9000',
    failing: { scheme: 'fastcgi' },
    namespaces: { host: { unix: [unixRow('/run/php/php8.2-fpm.sock', { inode: 7 })] } },
  });
  expect(fact.tcp?.unixInstead).toEqual(['/run/php/php8.2-fpm.sock']);
});

test('datagrams: what is bound there, and nothing is probed', async () => {
  const { fact } = await seen({
    peer: '127.0.0.1:5353',
    failing: { isUdp: true },
    processes: { 400: node },
    namespaces: { host: { udp: [tcpRow('0.0.0.0:5353', { state: '07', inode: 7 })] } },
  });
  expect(fact.tcp?.serving.map(brief)).toEqual(['0.0.0.0:5353 node app.service host']);
  expect(fact.tcp?.probe).toEqual({ is: 'not_probed', why: 'udp' });
});

test('another host: its neighbour does not answer, and local ports are counted', async () => {
  const { fact, verdict } = await seen({
    peer: '10.0.0.9:8080',
    failing: { failures: new Map([['unreachable', failed({ errno: 113 })]]) },
    connect: { is: 'failed', code: 'EHOSTUNREACH' },
    namespaces: {
      host: {
        addresses: ['10.0.0.5'],
        arp: '10.0.0.9         0x1         0x0         00:00:00:00:00:00     *        eth0\n',
        tcp: [tcpRow('10.0.0.5:40000', { to: '10.0.0.9:8080', state: '02', retransmits: 2, uid: 33 })],
      },
    },
  });
  expect(fact.tcp).toMatchObject({ home: 'elsewhere', neighbour: false, localPorts: { used: 1, of: 28232 } });
  expect(verdict).toBe('host_down certain');
});

test('a busy host gathers for a minute: what fails, what is answered and the time are still of one moment', async () => {
  let now = nowMs;
  const none = Number.NEGATIVE_INFINITY;
  const answered = () => ({
    connected: 1,
    lastConnectedMs: now,
    serverErrors: 0,
    statuses: [],
    firstErrorMs: none,
    lastErrorMs: none,
  });
  const meanwhile = () => {
    now += 60_000;
  };
  const { facts, fact } = await seen({ peer: '127.0.0.1:8080', now: () => now, meanwhile, answered });
  expect([facts.nowMs, fact.answers?.lastConnectedMs]).toEqual([nowMs, nowMs]);
});
