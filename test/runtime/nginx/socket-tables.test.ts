/** nginx's sockets and its peers' by the tables of a /proc of ours. */
import { expect, test } from 'vitest';
import { indexPeers } from '../../../collector/parse/proc/net-tcp.ts';
import { readSocketTables } from '../../../collector/runtime/nginx/socket-tables.ts';
import { createNginxSockets } from '../../../collector/runtime/nginx/sockets.ts';
import { type FakeNamespace, type FakeProcess, procHost, tcpRow, unixRow } from '../../support/hosts/proc-host.ts';

const nginx: Readonly<Record<number, FakeProcess>> = {
  100: { line: 'nginx: master process nginx' },
  101: { line: 'nginx: worker process', uid: 33, parent: 100 },
};

function read(peers: readonly string[], some: FakeNamespace, withIpv6 = true, namespace = 'host') {
  const own = { ...nginx, 101: { ...nginx[101], namespace } };
  const { proc } = procHost(own, { host: {}, [namespace]: some });
  return readSocketTables(proc, { pid: 101, owners: new Set([33]) }, { peers, index: indexPeers(peers), withIpv6 });
}

const made = (to: string, state: string, some: { retransmits?: number; uid?: number } = {}) =>
  tcpRow('10.0.0.5:40000', { to, state, uid: 33, ...some });

test('states of a peer, and the local ports that connections to it hold', () => {
  const peer = '10.0.0.9:8080';
  const rows = ['01', '01', '06', '08', '04', '05'].map((state) => made(peer, state));
  const view = read([peer], { tcp: [...rows, made(peer, '02', { retransmits: 1 }), made('10.0.0.7:80', '01')] });
  expect(view?.peers.get(peer)).toEqual({
    states: { syn_sent: 1, established: 2, time_wait: 1, close_wait: 1, fin_wait: 2 },
    retransmitting: 1,
    queued: null,
    localPorts: { used: 7, of: 28_232 },
  });
  expect(view).toMatchObject({ listenOverflows: 0 });
});

test.each([
  ['its own listener', '10.0.0.5:80', [tcpRow('10.0.0.5:80', { queued: 3 }), tcpRow('0.0.0.0:80', { queued: 4 })], 3],
  ['a wildcard, and the address is one of ours', '10.0.0.5:80', [tcpRow('0.0.0.0:80', { queued: 4 })], 4],
  ['a wildcard, and the address is loopback', '127.0.9.9:80', [tcpRow('0.0.0.0:80', { queued: 4 })], 4],
  ['a wildcard, and the address is another host’s', '10.0.0.6:80', [tcpRow('0.0.0.0:80', { queued: 4 })], null],
  ['another port', '10.0.0.5:80', [tcpRow('0.0.0.0:81', { queued: 4 })], null],
  ['an IPv6 listener', '[::1]:80', [], 5],
  ['an IPv6 wildcard that takes IPv4', '10.0.0.5:82', [], 6],
])('the listen queue of a peer on this host: %s', (_, peer, tcp, queued) => {
  const tcp6 = [tcpRow('[::1]:80', { queued: 5 }), tcpRow('[::]:82', { queued: 6 })];
  const view = read([peer], { addresses: ['10.0.0.5'], tcp, tcp6, overflows: 7 });
  expect(view?.peers.get(peer)?.queued).toBe(queued);
  expect(view?.listenOverflows).toBe(7);
});

test('a unix socket: accepted and waiting connections; one that nobody listens on', () => {
  const unix = [unixRow('/run/a', { inode: 7 }), ...['02', '02', '03'].map((state) => unixRow('/run/a', { state }))];
  const view = read(['unix:/run/a', 'unix:/run/b'], { unix });
  expect(view?.peers.get('unix:/run/a')).toMatchObject({ states: { established: 3 }, queued: 2, localPorts: null });
  expect(view?.peers.get('unix:/run/b')).toMatchObject({ states: { established: 0 }, queued: null });
  expect(view?.toPeers).toBe(3);
});

test('of another network namespace the range of local ports is not known', () => {
  const view = read(['10.0.0.9:80'], { tcp: [made('10.0.0.9:80', '01')] }, true, 'container');
  expect(view?.peers.get('10.0.0.9:80')).toMatchObject({ states: { established: 1 }, localPorts: null });
});

test('a process that has gone has no tables', () => {
  const { proc } = procHost(nginx, { host: {} });
  const wanted = { peers: [], index: indexPeers([]), withIpv6: false };
  expect(readSocketTables(proc, { pid: 999, owners: new Set() }, wanted)).toBeNull();
});

test('workers in two namespaces: their sockets add up; in between the last reading stands', () => {
  const peer = '10.0.0.9:80';
  const other = { line: 'nginx: master process nginx', namespace: 'other' };
  const host = procHost(
    { ...nginx, 200: other },
    { host: { tcp: [made(peer, '01')] }, other: { tcp: [made(peer, '01'), made(peer, '02')] } },
  );
  let cpu = 0;
  const sockets = createNginxSockets(host.proc, () => ++cpu * 1000);
  const worker = { pid: 101, innerPid: 101, uid: 33, limit: null, openFiles: null, shuttingDown: false };
  const masters = [100, 200].map((pid) => ({
    pid,
    sleeps: 0,
    logPids: [],
    network: host.proc.networkOf(pid),
    workers: [worker],
  }));
  // What the first costs says nothing of the host.
  sockets.look(masters, () => [peer], false, 1_000_000);
  const first = sockets.look(masters, () => [peer], false, 2_000_000);
  expect(first?.peers.get(peer)?.states).toMatchObject({ established: 2, syn_sent: 1 });
  expect(sockets.look(masters, () => [peer], false, 2_010_000)).toBe(first);
  // Read again, and as it was: the same object.
  const second = sockets.look(masters, () => [peer], false, 40_000_000);
  expect(second).not.toBe(first);
  expect(second?.peers.get(peer)).toBe(first?.peers.get(peer));
  host.setTables({ host: {}, other: {} });
  expect(sockets.look(masters, () => [peer], false, 90_000_000)?.peers.get(peer)?.states.established).toBe(0);
  expect(sockets.look([], () => [peer], false, 91_000_000)).toBeNull();
});
