/** Containers of this host, known without their engine: bridges, published ports, gone and replaced ones. */
import { expect, test } from 'vitest';
import type { Owner, PeerFacts, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import { createLook } from '../../../collector/diagnose/facts/look.ts';
import type { DiagnosePorts } from '../../../collector/diagnose/facts/ports.ts';
import { peerAddress } from '../../../collector/diagnose/facts/tcp.ts';
import { longestWaitMs } from '../../../collector/diagnose/impact/waiting.ts';
import { bridgeOf, isRemoved, publishedTo } from '../../../collector/diagnose/places/containers.ts';
import { surveyNamespaces } from '../../../collector/diagnose/places/namespaces.ts';
import { containerFacts } from '../../../collector/diagnose/places/tcp-containers.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import { parseSocketAddress } from '../../../collector/parse/peer-address.ts';
import { nodeFileSystem as fs } from '../../../collector/system/fs.ts';
import { hostTree } from '../../discover/host-tree.ts';
import {
  facts,
  failed,
  host,
  listener,
  nginx,
  nowMs,
  other,
  owner,
  peer,
  rememberedPeer,
  server,
  tcp,
} from '../facts-kit.ts';

const routes = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
  'eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'br-0123456789ab\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
].join('\n');

test.each([
  ['172.17.0.9:80', 'docker0'],
  ['172.18.3.4:80', 'br-0123456789ab'],
  ['172.19.0.2:80', null],
  ['192.168.1.7:80', null],
  ['8.8.8.8:80', null],
  ['[fd00::1]:80', null],
])('%s is in the network of %s', (address, bridge) => {
  expect(bridgeOf(parseSocketAddress(address) ?? { words: [] }, routes)).toBe(bridge);
});

const inContainer = 'eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0';

/** nginx is pid 7; which of these processes has which routes. */
const routesOf: Readonly<Record<string, readonly [Readonly<Record<string, string>>, string | null]>> = {
  'nginx beside the bridges': [{ '7/net/route': routes, '1/net/route': routes }, 'br-0123456789ab'],
  'nginx in a container: its host has the bridge': [
    { '7/net/route': inContainer, '1/net/route': routes },
    'br-0123456789ab',
  ],
  'the first process may not be seen': [{ '7/net/route': inContainer, 'self/net/route': routes }, 'br-0123456789ab'],
  'nobody has one': [{ '7/net/route': inContainer, '1/net/route': inContainer }, null],
  'nothing can be read': [{}, null],
};

test.each(Object.entries(routesOf))('%s', (_, [texts, bridge]) => {
  const proc = { networkOf: () => 'net:[1]', pids: () => [7], text: (path: string) => texts[path] ?? null };
  const ports = { proc } as unknown as DiagnosePorts;
  const address = peerAddress('172.18.0.2:3000');
  if (address === null) throw new Error('no address');
  const namespaces = surveyNamespaces(7, ports);
  const context = {
    namespaces,
    look: createLook([], ports),
    claimed: [],
    masterUid: 0,
    workerUid: null,
    firewall: null,
    unixInstead: [],
    ports,
  };
  expect(containerFacts(address, 'elsewhere', context).bridge).toBe(bridge);
});

test.each([
  ['/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80', 80],
  [
    'docker-proxy -proto tcp -host-ip :: -host-port 8080 -container-ip 172.17.0.2 -container-port 3000 -use-listen-fd',
    3000,
  ],
  ['/usr/bin/docker-proxy -proto tcp', null],
  ['/usr/bin/node docker-proxy -container-ip 172.17.0.2 -container-port 80', null],
  ['', null],
])('%s leads to port %s of its container', (line, port) => {
  expect(publishedTo(line.replaceAll(' ', '\0'))).toEqual(port === null ? null : { host: '172.17.0.2', port });
});

const ofContainer = {
  ...owner,
  unit: null,
  container: 'abcdefabcdef',
  containerName: 'web',
  runtime: 'docker',
} as const;
const remembered = rememberedPeer({ owner: ofContainer, endedMs: [nowMs - 29_000] });
const away = { home: 'elsewhere', probe: { is: 'silent' } } as const;
const anew = listener('0.0.0.0:3000', { namespace: { ...other, container: '111111111111', runtime: 'docker' } });
const unreachable = { failures: new Map([['unreachable', failed({ errno: 113 })] as const]) };
const named = { servers: [server('app:3000', { name: 'app' })] };
const proxied = listener('0.0.0.0:3000', { owner: { ...owner, uid: 0, command: 'docker-proxy' } });
const behind = { host: '172.17.0.2', port: 80, container: 'abcdefabcdef', listens: false };

const waits = {
  failures: new Map([['timed_out', failed({ errno: null, message: '' })] as const]),
  sockets: { retried: 4, youngestMs: 31_000, unacknowledged: 0, unread: 0 },
};
const answered = {
  connected: 9,
  lastConnectedMs: nowMs - 500,
  serverErrors: 0,
  statuses: [],
  firstErrorMs: 0,
  lastErrorMs: 0,
};

const table: Readonly<Record<string, readonly [Partial<TcpFacts>, Partial<PeerFacts>, string]>> = {
  'docker stop: no route to host': [away, { remembered, ...unreachable }, 'process_down certain'],
  'stopped, refused on the way': [away, { remembered }, 'process_down certain'],
  'an address on a bridge that nobody has': [{ ...away, bridge: 'docker0' }, unreachable, 'process_down likely'],
  'made anew and then stopped, within minutes': [
    away,
    { remembered: { ...remembered, endedMs: [nowMs - 90_000, nowMs - 29_000] } },
    'process_down certain',
  ],
  'one that comes and goes, between two starts': [
    away,
    { remembered: { ...remembered, endedMs: [nowMs - 90_000, nowMs - 60_000, nowMs - 29_000] } },
    'crash_loop certain',
  ],
  'an address of another host': [{ ...away, neighbour: false }, unreachable, 'host_down certain'],
  'made anew with another address': [
    { ...away, containers: [anew] },
    { remembered, ...named, ...unreachable },
    'stale_address likely',
  ],
  'a literal address, which no reload changes': [
    { ...away, containers: [anew] },
    { remembered, ...unreachable },
    'process_down certain',
  ],
  'a pod of which only Lua knows: no name leads to it': [
    { ...away, bridge: 'cni0', containers: [anew] },
    { servers: [], ...unreachable },
    'process_down likely',
  ],
  'another container took the address': [
    { home: { ...other, container: '222222222222' }, containers: [anew] },
    { remembered, ...named },
    'stale_address likely',
  ],
  'moved to another network: reloading would not help': [
    { ...away, apart: [{ ...anew, owner: ofContainer }] },
    { remembered, ...unreachable },
    'process_down certain',
  ],
  'a stranger on another network': [{ ...away, bridge: 'docker0', apart: [anew] }, unreachable, 'process_down likely'],
  'made anew by its name on another network': [
    { ...away, apart: [{ ...anew, owner: { ...ofContainer, container: '111111111111' } }] },
    { remembered, ...unreachable },
    'process_down certain',
  ],
  'another application on the same port is no successor': [
    { ...away, containers: [{ ...anew, owner: { ...ofContainer, containerName: 'other' } }] },
    { remembered, ...unreachable },
    'process_down certain',
  ],
  'two others on the port: none is treated as it': [
    { ...away, containers: [anew, anew] },
    { remembered, ...unreachable },
    'process_down certain',
  ],
  'behind a published port nothing listens': [{ serving: [proxied], behind }, {}, 'process_down certain'],
  'a published port resets what the container refuses': [
    { serving: [proxied], behind },
    { failures: new Map([['reset', failed({ errno: 104 })]]) },
    'process_down certain',
  ],
  'connects from before it was started again, and others get through': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { ...waits, answers: { ...answered, lastConnectedMs: nowMs - 500 } },
    'process_down likely ended',
  ],
  'the same, seen by the plugin where the process may not be': [
    { serving: [listener('0.0.0.0:3000')] },
    { ...waits, remembered: { ...remembered, sinceMs: nowMs - 20_000 }, answers: answered },
    'process_down likely ended',
  ],
  'connects that wait at what has listened all the while': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 300_000 })] },
    { ...waits, answers: answered },
    'no_answer likely',
  ],
  'started again, and nobody has got through since': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    {
      ...waits,
      sockets: { ...waits.sockets, youngestMs: 7000 },
      answers: { ...answered, lastConnectedMs: nowMs - 30_000 },
    },
    'no_answer likely',
  ],
  'started again, and nobody has ever got through': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { ...waits, sockets: { ...waits.sockets, youngestMs: 7000 } },
    'no_answer likely',
  ],
  'all that wait may have begun while it was stopped, and nobody has tried since': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { ...waits, sockets: { ...waits.sockets, youngestMs: 31_000 } },
    'process_down likely',
  ],
  'it served after its start, and nginx left its network since': [
    {
      home: { ...other, container: 'abcdefabcdef' },
      serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 33_000, owner: ofContainer })],
      apart: [listener('0.0.0.0:3000', { startedMs: nowMs - 33_000, owner: ofContainer })],
    },
    {
      ...waits,
      remembered,
      sockets: { ...waits.sockets, youngestMs: 19_000 },
      answers: { ...answered, lastConnectedMs: nowMs - 20_000 },
    },
    'process_down certain',
  ],
  'the same where it cannot be seen that the networks are others': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 33_000 })] },
    {
      ...waits,
      sockets: { ...waits.sockets, youngestMs: 19_000 },
      answers: { ...answered, lastConnectedMs: nowMs - 20_000 },
    },
    'no_answer likely',
  ],
  'what waited was answered while it was checked': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 5000 })] },
    { ...waits, sockets: { retried: 0, unacknowledged: 0, unread: 0 } },
    'process_down likely',
  ],
  'one of them is younger than what listens': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { ...waits, sockets: { ...waits.sockets, youngestMs: 7000 } },
    'no_answer likely',
  ],
  'docker stop, 113 for 25 s, docker start': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { failures: new Map([['unreachable', failed({ errno: 113, firstMs: nowMs - 50_000, lastMs: nowMs - 25_000 })]]) },
    'restarting likely ended',
  ],
  'docker stop for two minutes, lines of connects that timed out, docker start': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { failures: new Map([['timed_out', failed({ errno: 110, firstMs: nowMs - 90_000, lastMs: nowMs - 25_000 })]]) },
    'process_down likely ended',
  ],
  'the line of a connect that waited comes after the start': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 60_000 })] },
    {
      failures: new Map([['timed_out', failed({ errno: 110, firstMs: nowMs - 90_000, lastMs: nowMs - 25_000 })]]),
      answers: answered,
    },
    'process_down likely ended',
  ],
  'it served for ten seconds after its start, was stopped for five (SIGSTOP), and answers again': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 60_000 })], probe: { is: 'connected' } },
    {
      failures: new Map([['timed_out', failed({ errno: 110, firstMs: nowMs - 45_000, lastMs: nowMs - 40_000 })]]),
      answers: { ...answered, takenMs: [nowMs - 58_000, nowMs - 50_000, nowMs - 38_000, nowMs - 500] },
    },
    'no_answer likely ended',
  ],
  'connects time out at what has listened all the while': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 300_000 })] },
    { failures: new Map([['timed_out', failed({ errno: 110, firstMs: nowMs - 90_000, lastMs: nowMs - 5000 })]]) },
    'no_answer likely',
  ],
  '113 from what has listened all the while': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 300_000 })] },
    { failures: new Map([['unreachable', failed({ errno: 113, lastMs: nowMs - 1000 })]]) },
    'firewall_reject certain',
  ],
  'docker start: 113 of a connect that waited for ARP comes a second after it': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 3000 })] },
    { failures: new Map([['unreachable', failed({ errno: 113, firstMs: nowMs - 50_000, lastMs: nowMs - 2000 })]]) },
    'process_down likely ended',
  ],
  'docker start, and no access log: the line of a connect that timed out comes after it': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 6000 })] },
    { failures: new Map([['timed_out', failed({ errno: 110, firstMs: nowMs - 50_000, lastMs: nowMs - 3000 })]]) },
    'process_down likely ended',
  ],
  'docker network connect, seen by the plugin': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 300_000, inode: 7 })] },
    {
      failures: new Map([['unreachable', failed({ errno: 113, firstMs: nowMs - 50_000, lastMs: nowMs - 2000 })]]),
      remembered: { ...remembered, inode: 7, sinceMs: nowMs - 3000 },
    },
    'process_down likely ended',
  ],
  'docker restart within a second, first seen after it': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 3000, inode: 7 })], probe: { is: 'connected' } },
    {
      failures: new Map([['refused', failed({ firstMs: nowMs - 7000, lastMs: nowMs - 6000 })]]),
      remembered: { ...remembered, inode: 7, sinceMs: null, watchedSinceMs: nowMs - 2000 },
    },
    'restarting likely ended',
  ],
  '113 that comes long after the start': [
    { serving: [listener('0.0.0.0:3000', { startedMs: nowMs - 20_000 })] },
    { failures: new Map([['unreachable', failed({ errno: 113, firstMs: nowMs - 50_000, lastMs: nowMs - 1000 })]]) },
    'firewall_reject certain',
  ],
  'a published port, recreated: the container behind it listens again': [
    { serving: [{ ...proxied, startedMs: nowMs - 5000 }], behind: { ...behind, listens: true } },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 50_000, lastMs: nowMs - 9000 })]]) },
    'process_down likely ended',
  ],
  'a published port, of which only the IPv6 half is there yet': [
    { perhapsServing: [{ ...proxied, host: '::' }] },
    { remembered: { ...remembered, owner: proxied.owner } },
    'process_down certain',
  ],
  'a published port moved to another one: whose that is, is not known': [
    { otherPorts: [{ ...proxied, port: 3001, startedMs: nowMs - 5000 }] },
    { remembered: { ...remembered, owner: proxied.owner, besides: [] } },
    'process_down certain',
  ],
  'another container on the same port that ran beside it all the while': [
    { ...away, bridge: 'docker0', containers: [{ ...anew, startedMs: nowMs - 300_000 }] },
    { ...named, ...unreachable },
    'process_down likely',
  ],
  'connects that wait where nothing listens': [{}, { ...waits, answers: answered }, 'no_answer likely'],
  'an old entry of ARP, and the address is here and listened on': [
    { neighbour: false, serving: [listener('0.0.0.0:3000')], probe: { is: 'silent' } },
    { failures: new Map([['timed_out', failed({ errno: 110 })]]) },
    'no_answer certain',
  ],
};

test.each(Object.entries(table))('%s', (_, [of, more, expected]) => {
  const one = peer('172.17.0.9:3000', { tcp: tcp('172.17.0.9:3000', of), ...more });
  const [finding] = judge(facts([one]), String)[0]?.findings ?? [];
  expect(`${finding?.code} ${finding?.sureness}${finding?.isOver === true ? ' ended' : ''}`).toBe(expected);
});

test.each(['connected', 'refused', 'silent'] as const)(
  'a published port with nothing behind it is not said to serve again: probe %s',
  (is) => {
    const of = tcp('127.0.0.1:9000', { serving: [proxied], behind, probe: { is } });
    const all = facts([peer('127.0.0.1:9000', { tcp: of, failures: new Map([['reset', failed({ errno: 104 })]]) })]);
    const [judged] = judge(all, String);
    const [finding] = judged?.findings ?? [];
    if (judged === undefined || finding === undefined) throw new Error('nothing judged');
    const { what, next } = word(finding, judged, all);
    expect(what).toContain('the container behind the published port 9000 refuses');
    expect(next[1]).toBe('docker logs --tail 50 abcdefabcdef');
    expect(next.join(' ')).not.toContain('CONTAINER');
  },
);

test('a port that docker-proxy held is no reason to start the engine', () => {
  const held = { ...remembered, owner: { ...owner, command: 'docker-proxy', unit: 'docker.service' } };
  const all = facts([peer('127.0.0.1:9000', { tcp: tcp('127.0.0.1:9000'), remembered: held })]);
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  const { what, next } = word(finding, judged, all);
  expect(what).toBe('the container that published 127.0.0.1:9000 is stopped or removed');
  expect(next.join('\n')).not.toContain('docker.service');
});

test('a container that is gone is started by its name, which outlives its id', () => {
  const all = facts([peer('172.17.0.9:3000', { tcp: tcp('172.17.0.9:3000', away), remembered, ...unreachable })]);
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  const { next } = word(finding, judged, all);
  expect(next.map((each) => each.replace(/ +#.*/, ''))).toEqual([
    "docker ps -a --filter 'name=^web$'",
    "docker ps -aq --filter 'name=^web$' | xargs -r docker start",
    "docker ps -aq --filter 'name=^web$' | xargs -r docker logs --tail 50",
    'nginx -t && nginx -s reload',
  ]);
});

test.each([
  [
    'the one that served it',
    ofContainer,
    'the container behind 172.17.0.9:3000 runs, but on another network than nginx',
  ],
  [
    'a stranger',
    { ...ofContainer, container: '333333333333', containerName: 'other' },
    'the container behind 172.17.0.9:3000 is stopped, removed, or on another network than nginx',
  ],
])('listening apart from nginx: %s', (_, who, expected) => {
  const of = tcp('172.17.0.9:3000', { ...away, bridge: 'docker0', apart: [{ ...anew, owner: who }] });
  const all = facts([peer('172.17.0.9:3000', { tcp: of, remembered, ...unreachable })]);
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  expect(word(finding, judged, all).what).toBe(expected);
});

test.each([
  ['docker0', 'docker exec ab', 'docker'],
  ['br-749d5ecef94b', 'docker exec ab', 'docker'],
  ['podman1', 'podman exec ab', 'podman'],
  ['cni-podman0', '', 'podman'],
  ['nerdctl0', '', 'nerdctl'],
  ['podman0', 'docker exec ab', 'podman'],
  ['cni0', '', 'kubectl'],
])('the commands for a container that is gone are of its engine: %s', (bridge, entry, engine) => {
  const of = tcp('172.17.0.9:3000', { ...away, bridge });
  const all = facts([peer('172.17.0.9:3000', { tcp: of, ...unreachable })], { nginx: nginx({ entry }) });
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  const { next, fix } = word(finding, judged, all);
  expect(next[0]).toMatch(new RegExp(`^${engine} (?:ps -a|get pods)`));
  if (engine !== 'kubectl') expect(fix).toContain(`${engine} network connect`);
  for (const other of ['docker', 'podman', 'nerdctl'].filter((each) => each !== engine)) {
    expect(next.join(' ').replace(entry, '')).not.toContain(`${other} ps`);
  }
});

test.each([
  [0, 1, 3],
  [0, 3, 15],
  [0, 6, 127],
  [4, 1, 2],
  [4, 4, 5],
  [4, 5, 7],
  [4, 8, 35],
])('with %s linear timeouts a SYN that was repeated %s times has waited for %s s at most', (linear, times, seconds) => {
  expect(longestWaitMs(times, linear)).toBe(seconds * 1000);
});

const said = (some: Partial<PeerFacts>, of: Partial<TcpFacts> = away) => {
  const all = facts([peer('172.17.0.9:3000', { tcp: tcp('172.17.0.9:3000', of), ...unreachable, ...some })]);
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  return word(finding, judged, all);
};

test('a container that was removed cannot be started: nothing names its id', () => {
  const owner = { ...ofContainer, isRemoved: true };
  const { what, fix, next } = said({ remembered: { ...remembered, owner }, ...named });
  expect(what).toBe('the container behind 172.17.0.9:3000 was removed');
  expect(fix).toContain('reload nginx, if its address changed');
  expect(next.join(' ')).not.toMatch(/abcdefabcdef|docker start|docker logs/);
});

test('a literal address is changed in its line', () => {
  expect(said({ remembered }).fix).toContain('write its new address at /etc/nginx/nginx.conf:12');
});

test.each([
  ['remembered', { remembered: { ...remembered, owner: { ...ofContainer, runtime: 'crictl' } } } as const, away],
  ['by its bridge', {}, { ...away, bridge: 'cni0' } as const],
])("a pod is Kubernetes' to start: %s", (_, some, of) => {
  const ofLua = said({ ...some, servers: [] }, of);
  expect(ofLua.next.every((each) => each.startsWith('kubectl get '))).toBe(true);
  expect(`${ofLua.fix} ${ofLua.next.join(' ')}`).not.toMatch(/docker|network connect|reload/);
  expect(said({ ...some, ...named }, of).next.at(-1)).toBe('nginx -t && nginx -s reload');
});

test.each<[string, Readonly<Record<string, string>>, Partial<Owner>, boolean | null]>([
  ['docker keeps it, stopped', { '/var/lib/docker/containers/abcdefabcdef00/hostname': '' }, {}, false],
  ['docker has another one only', { '/var/lib/docker/containers/0123/hostname': '' }, {}, true],
  ['docker keeps its data elsewhere, or may not be read', {}, {}, null],
  [
    'podman keeps it',
    { '/var/lib/containers/storage/overlay-containers/abcdefabcdef00/x': '' },
    { runtime: 'podman' },
    false,
  ],
  [
    "podman has removed root's",
    { '/var/lib/containers/storage/overlay-containers/0123/x': '' },
    { runtime: 'podman' },
    true,
  ],
  [
    "another user's podman keeps it elsewhere",
    { '/var/lib/containers/storage/overlay-containers/0123/x': '' },
    { runtime: 'podman', uid: 1000 },
    null,
  ],
  ['a pod', { '/var/lib/docker/containers/0123/hostname': '' }, { runtime: 'crictl' }, null],
])('whether a container is removed: %s', (_, files, of, expected) => {
  const { prefix } = hostTree(files);
  expect(isRemoved({ ...ofContainer, uid: 0, ...of }, { fs, procRoot: `${prefix}/proc` })).toBe(expected);
});

test('a container that was killed because memory ran out: said, with what shows it', () => {
  const { fix, next } = said({ remembered: { ...remembered, oomKills: 1 } });
  expect(fix).toContain('raise its memory limit');
  expect(next.join()).toContain("dmesg -T | grep -i 'killed process'");
});

test('a port that is published on loopback only is not the application that listens wrong', () => {
  const of: Partial<TcpFacts> = { samePort: [{ ...proxied, host: '127.0.0.1' }], probe: { is: 'refused' } };
  const { what, next } = said({ failures: new Map([['refused', failed({})]]) }, of);
  expect(what).toBe('the port 3000 of a container is published on 127.0.0.1:3000, not on 172.17.0.9');
  expect(next[0]).toBe("docker ps --format '{{.Names}} {{.Ports}}' | grep -F :3000-");
});

test('of a container that runs the process of now is meant, not the one that was guessed before', () => {
  const serving = [listener('0.0.0.0:3000', { isStopped: true, owner: { ...ofContainer, pid: 948, isGuess: false } })];
  const failures = new Map([['read_timeout', failed({ errno: 110, message: 'upstream timed out' })] as const]);
  const before = { ...remembered, owner: { ...ofContainer, pid: 904 } };
  expect(said({ failures, remembered: before }, { serving }).next[0]).toBe('kill -CONT 948');
});

test('a process that comes and goes: no command asks for the pid of one that has ended', () => {
  const endedMs = [nowMs - 60_000, nowMs - 40_000, nowMs - 20_000];
  const before = { ...remembered, endedMs, owner: { ...owner, pid: 904 } };
  expect(said({ failures: new Map([['refused', failed({})]]), remembered: before }, {}).next.join()).not.toContain(
    '904',
  );
});

test('a unit that got PrivateNetwork=yes runs, where nginx cannot reach it: starting it again would not help', () => {
  const unit = { ...owner, unit: 'app.service' };
  const otherNamespaces = [listener('127.0.0.1:3000', { namespace: other, owner: unit, startedMs: nowMs - 5000 })];
  const before = rememberedPeer({ owner: unit, endedMs: [nowMs - 6000], listeningMs: nowMs - 6000 });
  const of = { home: host, isLoopback: true, otherNamespaces, probe: { is: 'refused' } } as const;
  const { what, next } = said({ failures: new Map([['refused', failed({})]]), remembered: before }, of);
  expect(what).toBe('app.service listens on port 3000, but in its own network namespace, where nginx cannot reach it');
  expect(next[0]).toBe('systemctl show -p PrivateNetwork,NetworkNamespacePath app.service');
});
