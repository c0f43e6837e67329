/** The rules as a table: facts, and the codes with their sureness. */
import { describe, expect, test } from 'vitest';
import type { Facts, PeerFacts, TcpFacts, UnixFacts } from '../../../collector/diagnose/facts/facts.ts';
import { isSlip } from '../../../collector/diagnose/rules/connect/process.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import { type FailureKind, peerCauses } from '../../../collector/model.ts';
import {
  facts,
  failed,
  listener,
  nginx,
  nowMs,
  ofNginx,
  other,
  owner,
  peer,
  rememberedPeer,
  server,
  tcp,
  unix,
} from '../facts-kit.ts';

const time = (ms: number): string => String(ms);

function verdicts(all: Facts, at = 0): readonly string[] {
  return (judge(all, time)[at]?.findings ?? []).map(
    ({ code, sureness, isOver }) => `${code} ${sureness}${isOver ? ' ended' : ''}`,
  );
}

const remembered = rememberedPeer();
const never = rememberedPeer({ listeningMs: null, owner: null, oomKills: null });

const answered = {
  connected: 20,
  lastConnectedMs: nowMs - 40_000,
  serverErrors: 0,
  statuses: [],
  firstErrorMs: Number.NEGATIVE_INFINITY,
  lastErrorMs: Number.NEGATIVE_INFINITY,
};

const unitOf = (unit: string): PeerFacts['unit'] => ({
  unit,
  socket: null,
  isMasked: false,
  file: `/etc/systemd/system/${unit}`,
});

/** A peer at 10.0.0.1:8080 refused, with these facts of it. */
const refusedTable: Readonly<Record<string, readonly [Partial<TcpFacts>, Partial<PeerFacts>, readonly string[]]>> = {
  'nothing listens, nothing is remembered': [{}, {}, ['process_down likely']],
  'it listened before': [{}, { remembered }, ['process_down certain']],
  'it never listened since the plugin watches': [{}, { remembered: never }, ['process_down likely']],
  'the port next to it listens': [{ otherPorts: [listener('0.0.0.0:8081')] }, {}, ['wrong_port likely']],
  'the port next to it listens, all the while beside it': [
    { otherPorts: [listener('0.0.0.0:8081')] },
    { remembered },
    ['process_down certain'],
  ],
  'another instance of a template unit listens beside it': [
    { otherPorts: [listener('0.0.0.0:8081', { owner: { ...owner, unit: 'app@8081.service' } })] },
    {},
    ['process_down likely'],
  ],
  'another instance of a template unit listens beside it, and the one that is meant is known': [
    { otherPorts: [listener('0.0.0.0:8081', { owner: { ...owner, unit: 'app@8081.service' } })] },
    { unit: unitOf('app@8080.service') },
    ['process_down likely'],
  ],
  'a neighbour listens, and a unit file names the port of the peer': [
    { otherPorts: [listener('0.0.0.0:3000', { owner: { ...owner, unit: 'other.service' } })] },
    { unit: unitOf('shop.service') },
    ['process_down likely'],
  ],
  'a process that cannot be seen is on the next port, and a unit file names the port of the peer': [
    { otherPorts: [listener('0.0.0.0:8081', { owner: { ...owner, pid: null, command: null, unit: null } })] },
    { unit: unitOf('shop.service') },
    ['process_down likely'],
  ],
  'the unit whose file names the port listens on another': [
    { otherPorts: [listener('0.0.0.0:8081', { owner: { ...owner, unit: 'shop.service' } })] },
    { unit: unitOf('shop.service') },
    ['wrong_port likely'],
  ],
  'one other application listens, and nothing links it to the peer': [
    { otherPorts: [listener('0.0.0.0:3000')] },
    {},
    ['process_down likely'],
  ],
  'this port took connections before': [{}, { answers: answered }, ['process_down certain']],
  'this port took connections before, and php-fpm listens on sockets: it may have been moved': [
    { unixInstead: ['/run/php/a.sock'] },
    { answers: answered },
    ['process_down likely'],
  ],
  'this port took connections before, while another application ran beside it': [
    { otherPorts: [listener('0.0.0.0:3000', { startedMs: nowMs - 500_000 })] },
    { answers: answered },
    ['process_down likely'],
  ],
  'this port took connections before, and the one next to it listens since': [
    { otherPorts: [listener('0.0.0.0:8081', { startedMs: nowMs - 30_000 })] },
    { answers: answered },
    ['wrong_port likely'],
  ],
  'this port took connections before, and another has begun to listen since': [
    { otherPorts: [listener('0.0.0.0:3000', { startedMs: nowMs - 30_000 })] },
    { answers: answered },
    ['process_down likely', 'wrong_port likely'],
  ],
  'this port took connections before, and a process that cannot be seen listens on another': [
    { otherPorts: [listener('0.0.0.0:2024')] },
    { answers: answered },
    ['process_down likely'],
  ],
  'this port took connections before, and a process that cannot be seen listens on the next': [
    { otherPorts: [listener('0.0.0.0:8081')] },
    { answers: answered },
    ['wrong_port likely'],
  ],
  'this port took connections before, only ssh listens there': [
    { otherPorts: [listener('0.0.0.0:22')] },
    { answers: answered },
    ['process_down certain'],
  ],
  'many others listen: none is named as meant': [
    { otherPorts: [listener('0.0.0.0:3000'), listener('0.0.0.0:9000')] },
    {},
    ['process_down likely'],
  ],
  ...Object.fromEntries(
    ['containerd', 'dockerd', 'netdata', 'sshd', 'kubelet', 'systemd-resolve'].map((command) => [
      `${command} is nothing that nginx asks for`,
      [{ otherPorts: [listener('127.0.0.1:39007', { owner: { ...owner, command } })] }, {}, ['process_down likely']],
    ]),
  ),
  'only ssh and a database listen': [
    { otherPorts: [listener('0.0.0.0:22'), listener('0.0.0.0:5432')] },
    {},
    ['process_down likely'],
  ],
  'the port listens on loopback': [{ samePort: [listener('127.0.0.1:8080')] }, {}, ['wrong_bind_address certain']],
  'the port listens on loopback, by the same service as before': [
    { samePort: [listener('127.0.0.1:8080')] },
    { remembered },
    ['wrong_bind_address certain'],
  ],
  'the port listens on loopback, by another service than before': [
    { samePort: [listener('127.0.0.1:8080', { owner: { ...owner, unit: 'other.service' } })] },
    { remembered },
    ['process_down likely', 'wrong_bind_address likely'],
  ],
  'only [::] listens and the probe was refused: IPv6 only': [
    { perhapsServing: [listener('[::]:8080')] },
    {},
    ['wrong_bind_address certain'],
  ],
  'only [::] listens and nobody probed': [
    { perhapsServing: [listener('[::]:8080')], probe: { is: 'not_probed', why: 'off' } },
    {},
    ['wrong_bind_address likely'],
  ],
  'a socket listens on the very address, and the probe is refused': [
    { serving: [listener('10.0.0.1:8080')] },
    {},
    ['firewall_reject certain'],
  ],
  'the same, but the socket is another than before the probe': [
    { serving: [listener('10.0.0.1:8080')], steady: false },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 2000 })]]) },
    ['unknown unknown'],
  ],
  'listening, since when is not known, not probed, refused over and over: it may have come this second': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'not_probed', why: 'other_namespace' } },
    {},
    ['unknown unknown'],
  ],
  'listening, not probed, refused for a moment just now': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'not_probed', why: 'off' } },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 2000 })]]) },
    ['unknown unknown'],
  ],
  'docker-proxy holds the port: the container refuses': [
    { serving: [listener('0.0.0.0:8080', { owner: { ...owner, uid: 0, command: 'docker-proxy' } })] },
    {},
    ['process_down likely'],
  ],
  'root holds the port, by which process cannot be seen: it may be docker-proxy': [
    { serving: [listener('0.0.0.0:8080', { owner: { ...owner, uid: 0, pid: null, command: null } })] },
    {},
    ['firewall_reject likely'],
  ],
  'the port is on another address, perhaps by nginx itself': [
    { samePort: [listener('10.0.0.9:8080', { owner: { ...owner, uid: 0, pid: null, command: null } })] },
    {},
    ['wrong_bind_address likely'],
  ],
  'it answers again this second: perhaps it is over': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } },
    {},
    ['unknown unknown'],
  ],
  'it answers again after seconds': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } },
    { failures: new Map([['refused', failed({ lastMs: nowMs - 11_000 })]]) },
    ['restarting likely ended'],
  ],
  'a process that started after the last refusal: over at once': [
    { serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 400 })], probe: { is: 'not_probed', why: 'off' } },
    { failures: new Map([['refused', failed({ lastMs: nowMs - 2500 })]]) },
    ['restarting likely ended'],
  ],
  'away for 40 s, and back: no firewall, though it was refused all the while': [
    { serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 2000 })], probe: { is: 'not_probed', why: 'off' } },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 45_000, lastMs: nowMs - 4000 })]]) },
    ['process_down likely ended'],
  ],
  'refused while this very socket listens, not probed': [
    { serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 90_000 })], probe: { is: 'not_probed', why: 'off' } },
    {},
    ['firewall_reject likely'],
  ],
  'a rule for the user of nginx: it is refused, and another connects': [
    { serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 90_000 })], probe: { is: 'connected' } },
    {},
    ['firewall_reject likely'],
  ],
  'one refusal, then resets: no restart that is over': [
    { serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 3000 })], probe: { is: 'connected' } },
    {
      failures: new Map([
        ['refused', failed({ count: 1, firstMs: nowMs - 9000, lastMs: nowMs - 9000 })],
        ['reset', failed({ count: 1352, errno: 104, firstMs: nowMs - 8000 })],
      ]),
    },
    ['breaks_after_connect likely'],
  ],
  'it comes and goes': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } },
    { remembered: { ...remembered, endedMs: [nowMs - 40_000, nowMs - 20_000, nowMs - 3000] } },
    ['crash_loop certain'],
  ],
  'the same service is back on another port, which is no slip': [
    { otherPorts: [listener('0.0.0.0:9400', { owner: { ...owner, pid: 99 }, startedMs: nowMs - 5000 })] },
    { remembered: { ...remembered, besides: [3000] } },
    ['wrong_port certain'],
  ],
  'another of the same command begins to listen, and no unit says that it is the same': [
    { otherPorts: [listener('0.0.0.0:9400', { owner: { ...owner, unit: null, pid: 99 }, startedMs: nowMs - 5000 })] },
    { remembered: { ...remembered, owner: { ...owner, unit: null }, besides: [3000] } },
    ['wrong_port likely'],
  ],
  'another process of the same command ran beside it and opens a port now': [
    {
      otherPorts: [
        listener('0.0.0.0:9400', {
          owner: { ...owner, unit: null, pid: 99 },
          startedMs: nowMs - 90_000,
        }),
      ],
    },
    { remembered: { ...remembered, owner: { ...owner, unit: null }, besides: [3000] } },
    ['process_down certain'],
  ],
  'another script of the same interpreter and user starts after a kill': [
    {
      otherPorts: [
        listener('0.0.0.0:9400', {
          owner: { ...owner, unit: null, pid: 99, command: 'node', script: '/srv/metrics/server.js' },
          startedMs: nowMs - 5000,
        }),
      ],
    },
    {
      remembered: {
        ...remembered,
        owner: { ...owner, unit: null, command: 'node', script: '/srv/shop/server.js' },
        besides: [3000],
      },
    },
    ['process_down certain'],
  ],
  'a socket whose process cannot be seen, of the same user, where the one before could': [
    {
      otherPorts: [
        listener('0.0.0.0:9400', { owner: { ...owner, unit: null, pid: null, command: null }, startedMs: null }),
      ],
    },
    { remembered: { ...remembered, owner: { ...owner, unit: null }, besides: [3000] } },
    ['process_down certain'],
  ],
  'no process can be seen: a new port of the same user': [
    {
      otherPorts: [
        listener('0.0.0.0:9400', { owner: { ...owner, unit: null, pid: null, command: null }, startedMs: null }),
      ],
    },
    { remembered: { ...remembered, owner: { ...owner, unit: null, pid: null, command: null }, besides: [3000] } },
    ['wrong_port likely'],
  ],
  'another application of the same user listened all the while': [
    { otherPorts: [listener('0.0.0.0:9400', { owner: { ...owner, pid: 99 } })] },
    { remembered: { ...remembered, besides: [9400] } },
    ['process_down certain'],
  ],
  'php-fpm listens on its socket': [{ unixInstead: ['/run/php/php-fpm.sock'] }, {}, ['wrong_port likely']],
  'a datagram came back': [
    { probe: { is: 'not_probed', why: 'udp' } },
    { isUdp: true, remembered },
    ['process_down certain'],
  ],
  'it answers again after minutes': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 300_000, lastMs: nowMs - 60_000 })]]) },
    ['process_down likely ended'],
  ],
  'nginx is refused for minutes while the probe connects': [
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } },
    { failures: new Map([['refused', failed({ firstMs: nowMs - 300_000 })]]) },
    ['firewall_reject likely'],
  ],
  'refused for minutes, and served in between: no rule': [
    { home: null, probe: { is: 'connected' } },
    {
      failures: new Map([['refused', failed({ firstMs: nowMs - 90_000 })]]),
      answers: {
        connected: 30,
        serverErrors: 0,
        statuses: [],
        lastConnectedMs: nowMs - 8000,
        firstErrorMs: 0,
        lastErrorMs: 0,
      },
    },
    ['unknown unknown'],
  ],
  'another host refuses, and never took a connection': [{ home: 'elsewhere' }, {}, ['unknown unknown']],
  'another host refuses, and was connected before': [
    { home: 'elsewhere' },
    { remembered: { ...never, connectedMs: nowMs - 90_000 } },
    ['process_down likely'],
  ],
  'another host refuses nginx and is silent to the probe': [
    { home: 'elsewhere', probe: { is: 'silent' } },
    {},
    ['firewall_reject likely'],
  ],
  'another host refuses by ICMP': [{ home: 'elsewhere', icmp: 1 }, {}, ['firewall_reject likely']],
  'whose address it is is not known': [{ home: null }, {}, ['unknown unknown']],
  'the name leads elsewhere now': [
    { home: 'elsewhere' },
    { servers: [server('app.test:8080', { name: 'app.test', now: ['10.0.0.9'], nowPeers: ['10.0.0.9:8080'] })] },
    ['stale_address certain'],
  ],
  'the name does not resolve now, which does not prove that it moved': [
    { home: 'elsewhere' },
    { servers: [server('app.test:8080', { name: 'app.test' })] },
    ['unknown unknown'],
  ],
  'nginx follows the name automatically': [
    { home: 'elsewhere' },
    {
      servers: [
        server('app.test:8080', { name: 'app.test', now: ['10.0.0.9'], nowPeers: ['10.0.0.9:8080'], follows: true }),
      ],
    },
    ['unknown unknown'],
  ],
  'in no configuration, but a name had its port': [
    { home: 'elsewhere', probe: { is: 'not_probed', why: 'not_configured' } },
    { servers: [], formerly: [server('app.test:8080', { name: 'app.test', now: ['10.0.0.9'] })] },
    ['stale_address certain'],
  ],
  'in no configuration, and two names have its port': [
    { home: 'elsewhere' },
    {
      servers: [],
      formerly: [server('a:8080', { name: 'a', now: ['1.1.1.1'] }), server('b:8080', { name: 'b', now: ['1.1.1.2'] })],
    },
    ['stale_address likely'],
  ],
};

describe('refused over TCP', () => {
  test.each(Object.entries(refusedTable))('%s', (_, [of, more, expected]) => {
    const one = peer('10.0.0.1:8080', { tcp: tcp('10.0.0.1:8080', of), ...more });
    expect(verdicts(facts([one]))).toEqual(expected);
  });
});

const loopbackTable: Readonly<
  Record<string, readonly [string, Partial<TcpFacts>, Partial<PeerFacts>, readonly string[]]>
> = {
  'localhost, listening on IPv4 only': [
    '[::1]:8080',
    { samePort: [listener('127.0.0.1:8080')] },
    {
      servers: [
        server('localhost:8080', {
          name: 'localhost',
          now: ['::1', '127.0.0.1'],
          nowPeers: ['[::1]:8080', '127.0.0.1:8080'],
        }),
      ],
    },
    ['localhost_family certain'],
  ],
  'localhost, listening on IPv6 only': [
    '127.0.0.1:8080',
    { samePort: [listener('[::1]:8080')] },
    {
      servers: [
        server('localhost:8080', {
          name: 'localhost',
          now: ['::1', '127.0.0.1'],
          nowPeers: ['[::1]:8080', '127.0.0.1:8080'],
        }),
      ],
    },
    ['localhost_family certain'],
  ],
  '[::1] is written, and IPv4 listens: no matter of a name': [
    '[::1]:8080',
    { samePort: [listener('127.0.0.1:8080')] },
    {},
    ['wrong_bind_address certain'],
  ],
  'nginx in a container, the host listens, and it may have been a pod': [
    '127.0.0.1:8080',
    { home: ofNginx, otherNamespaces: [listener('127.0.0.1:8080')] },
    {},
    ['container_localhost likely'],
  ],
  'nginx in a container, where nothing ever listened, the host listens': [
    '127.0.0.1:8080',
    {
      home: ofNginx,
      otherNamespaces: [listener('127.0.0.1:8080')],
      probe: { is: 'not_probed', why: 'other_namespace' },
    },
    { remembered: never },
    ['container_localhost certain'],
  ],
  'nginx in a container, another container listens': [
    '127.0.0.1:8080',
    { home: ofNginx, otherNamespaces: [listener('0.0.0.0:8080', { namespace: other })] },
    {},
    ['container_localhost likely'],
  ],
  'nginx on the host, a container listens': [
    '127.0.0.1:8080',
    { otherNamespaces: [listener('0.0.0.0:8080', { namespace: other })] },
    {},
    ['container_localhost likely'],
  ],
  'a container listens, but it was the host before': [
    '127.0.0.1:8080',
    { otherNamespaces: [listener('0.0.0.0:8080', { namespace: { ...other, container: '0123456789ab' } })] },
    { remembered },
    ['process_down certain'],
  ],
};

describe('refused on loopback', () => {
  test.each(Object.entries(loopbackTable))('%s', (_, [name, of, more, expected]) => {
    expect(verdicts(facts([peer(name, { tcp: tcp(name, of), ...more })]))).toEqual(expected);
  });
});

const silentTable: Readonly<
  Record<
    string,
    readonly [
      FailureKind,
      number | null,
      Partial<TcpFacts>,
      readonly string[],
      message?: string,
      answers?: PeerFacts['answers'],
    ]
  >
> = {
  'no answer, queue full, overflows counted': [
    'timed_out',
    110,
    { serving: [listener('0.0.0.0:8080', { queued: 2 })], overflows: 2, probe: { is: 'silent' } },
    ['accept_queue_full certain'],
  ],
  'no answer, connections queue, not probed': [
    'timed_out',
    110,
    { serving: [listener('0.0.0.0:8080', { queued: 2 })], probe: { is: 'not_probed', why: 'other_namespace' } },
    ['accept_queue_full likely'],
  ],
  'no answer, listening on this host with an empty queue': [
    'timed_out',
    110,
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'silent' } },
    ['no_answer certain'],
  ],
  'no answer, listening in another namespace: a route back may be missing': [
    'timed_out',
    110,
    { home: other, serving: [listener('0.0.0.0:8080', { namespace: other })], probe: { is: 'silent' } },
    ['no_answer likely'],
  ],
  'no answer from another host': [
    'timed_out',
    110,
    { home: 'elsewhere', probe: { is: 'silent' } },
    ['no_answer likely'],
  ],
  'no answer, and none to ARP': [
    'timed_out',
    110,
    { home: 'elsewhere', neighbour: false, probe: { is: 'silent' } },
    ['host_down certain'],
  ],
  'no answer, and the probe connects': ['timed_out', 110, { probe: { is: 'connected' } }, ['no_answer likely']],
  'unreachable, no answer to ARP': ['unreachable', 113, { home: 'elsewhere', neighbour: false }, ['host_down certain']],
  'unreachable, but it answers ARP': [
    'unreachable',
    113,
    { home: 'elsewhere', neighbour: true, probe: { is: 'unreachable' } },
    ['firewall_reject likely'],
  ],
  'unreachable, though on this host: perhaps passed on to one that is gone': [
    'unreachable',
    113,
    { probe: { is: 'unreachable' } },
    ['firewall_reject likely'],
  ],
  'unreachable, though a socket listens': [
    'unreachable',
    113,
    { serving: [listener('0.0.0.0:8080')], probe: { is: 'unreachable' } },
    ['firewall_reject certain'],
  ],
  "unreachable, and a container's runtime has the port": [
    'unreachable',
    113,
    {
      serving: [listener('0.0.0.0:8080', { owner: { ...owner, command: 'docker-proxy' } })],
      probe: { is: 'unreachable' },
    },
    ['firewall_reject likely'],
  ],
  'unreachable behind a router': [
    'unreachable',
    113,
    { home: 'elsewhere', probe: { is: 'unreachable' } },
    ['host_down likely'],
  ],
  'no route': [
    'unreachable',
    101,
    { home: 'elsewhere', probe: { is: 'unreachable' } },
    ['no_route certain'],
    'connect() to x failed',
  ],
  'a router on the way has no route': [
    'unreachable',
    101,
    { home: 'elsewhere', probe: { is: 'unreachable' } },
    ['no_route likely'],
  ],
  'a blackhole route': [
    'unreachable',
    22,
    { home: 'elsewhere', probe: { is: 'failed', code: 'EINVAL' } },
    ['no_route certain'],
    'connect() to x failed',
  ],
  'not permitted': ['denied', 13, { home: 'elsewhere', probe: { is: 'denied' } }, ['not_permitted likely']],
  'no local port, the range nearly used': ['no_ports', 99, { localPorts: { used: 4, of: 4 } }, ['no_ports certain']],
  'no local port, the range hardly used': [
    'no_ports',
    99,
    { localPorts: { used: 4, of: 28232 } },
    ['no_local_address likely'],
  ],
  'proxy_bind with a strange address': [
    'no_ports',
    99,
    { localPorts: { used: 15, of: 28232 } },
    ['no_local_address certain'],
    'bind(10.9.9.9) failed',
  ],
  'a TLS handshake, the reason unknown': ['tls', 111, {}, ['tls likely']],
  'a certificate that does not verify': [
    'tls',
    null,
    {},
    ['tls certain'],
    'upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream',
  ],
  'https to an http port': [
    'tls',
    null,
    {},
    ['tls certain'],
    'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream',
  ],
  'a handshake without an answer': [
    'tls',
    110,
    {},
    ['tls certain'],
    'upstream timed out while SSL handshaking to upstream',
  ],
  'a handshake without an answer, of one that has answered before': [
    'tls',
    110,
    {},
    ['hangs likely'],
    'upstream timed out while SSL handshaking to upstream',
    answered,
  ],
  'no answer in time, the process stopped': [
    'read_timeout',
    110,
    { serving: [listener('0.0.0.0:8080', { isStopped: true })], probe: { is: 'connected' } },
    ['hangs certain'],
  ],
  'no answer in time': ['read_timeout', 110, { probe: { is: 'connected' } }, ['hangs likely']],
  resets: ['reset', 104, { serving: [listener('0.0.0.0:8080')] }, ['breaks_after_connect likely']],
};

describe('other failures over TCP', () => {
  test.each(Object.entries(silentTable))(
    '%s',
    (_, [kind, errno, of, expected, message = 'connect() failed', answers = null]) => {
      const failures = new Map([[kind, failed({ errno, message })]]);
      const one = peer('10.0.0.1:8080', { failures, tcp: tcp('10.0.0.1:8080', of), answers });
      expect(verdicts(facts([one]))).toEqual(expected);
    },
  );

  test('SELinux is named where it enforces and a connection from here is not forbidden', () => {
    const failures = new Map([['denied', failed({ errno: 13 })] as const]);
    const one = peer('10.0.0.1:8080', { failures, tcp: tcp('10.0.0.1:8080', { probe: { is: 'connected' } }) });
    expect(verdicts(facts([one], { nginx: nginx({ selinux: true }) }))).toEqual(['not_permitted certain']);
  });
});

const barrier = { path: '/run/app', mode: 0o700, user: 'app', group: 'app' };
const unixTable: Readonly<Record<string, readonly [FailureKind, Partial<UnixFacts>, readonly string[]]>> = {
  missing: ['socket_missing', { file: 'missing' }, ['socket_missing certain']],
  'missing, and there again': ['socket_missing', { listening: true }, ['socket_missing likely']],
  'missing, in a folder that may not be entered': ['socket_missing', { file: 'unseen' }, ['socket_missing likely']],
  stale: ['refused', {}, ['socket_stale certain']],
  'stale, and gone since': ['refused', { file: 'missing' }, ['socket_missing certain']],
  denied: ['denied', { barrier }, ['socket_denied certain']],
  'backlog full': ['backlog_full', { listening: true, queued: 2 }, ['socket_backlog_full certain']],
};

describe('unix sockets', () => {
  test.each(Object.entries(unixTable))('%s', (_, [kind, of, expected]) => {
    expect(verdicts(facts([peer('unix:/run/app.sock', { unix: unix(of) }, kind)]))).toEqual(expected);
  });

  test('one that listens again for seconds was restarted', () => {
    const failures = new Map([['socket_missing', failed({ errno: 2, lastMs: nowMs - 5000 })] as const]);
    const one = peer('unix:/run/app.sock', { failures, unix: unix({ listening: true }) });
    expect(verdicts(facts([one]))).toEqual(['restarting likely ended']);
    const hidden = unix({ listening: true, file: 'missing', isShared: false });
    expect(verdicts(facts([{ ...one, unix: hidden }]))).toEqual(['socket_missing certain']);
  });
});

describe('several at once', () => {
  test('peers keep their own verdicts; what continues stands before what is over', () => {
    const down = peer('10.0.0.1:8080');
    const back = peer('10.0.0.2:8080', {
      failures: new Map([['refused', failed({ count: 900, lastMs: nowMs - 11_000 })]]),
      tcp: tcp('10.0.0.2:8080', { probe: { is: 'connected' } }),
    });
    const all = facts([back, down]);
    expect(judge(all, time).map(({ name }) => name)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080']);
    expect([verdicts(all), verdicts(all, 1)]).toEqual([['process_down likely'], ['restarting likely ended']]);
  });

  test('one peer may have two causes, and what ended long ago is none', () => {
    const failures = new Map([
      ['refused', failed()],
      ['no_ports', failed({ errno: 99 })],
      ['timed_out', failed({ firstMs: nowMs - 600_000, lastMs: nowMs - 500_000 })],
    ] as const);
    expect(verdicts(facts([peer('10.0.0.1:8080', { failures })]))).toEqual(['process_down likely', 'no_ports likely']);
  });

  test("nginx's own limits and a group without live peers are separate verdicts", () => {
    const own = new Map([['worker_connections', failed({ errno: null })]] as const);
    const groups = [{ upstream: 'app', failures: failed({ errno: null, count: 3 }), servers: [server('10.0.0.1:80')] }];
    const found = judge(facts([], { nginx: nginx({ failures: own }), groups }), time);
    expect(found.map(({ name, findings }) => [name, findings[0]?.code])).toEqual([
      ['nginx', 'worker_connections'],
      ['app', 'ejected'],
    ]);
  });

  test.each([
    ['a peer has answered since', 3, 1, 10, 'ejected certain ended'],
    ['no peer has answered since', 3, 5, 10, 'ejected certain'],
    ['nobody answered, and fail_timeout is long past', 60, 70, 10, 'ejected certain ended'],
    ['a long fail_timeout still runs', 60, 70, 300, 'ejected certain'],
    ['a peer has answered, in spite of a long fail_timeout', 60, 5, 300, 'ejected certain ended'],
  ])('a group without live peers: %s', (_, failedAgo, answeredAgo, failTimeoutSeconds, expected) => {
    const ago = (seconds: number): number => nowMs - seconds * 1000;
    const servers = [server('10.0.0.1:8080', { failTimeoutSeconds })];
    const answers = {
      connected: 9,
      lastConnectedMs: ago(answeredAgo),
      serverErrors: 0,
      statuses: [],
      firstErrorMs: 0,
      lastErrorMs: 0,
    };
    const failures = failed({ errno: null, firstMs: ago(90), lastMs: ago(failedAgo) });
    const all = facts([peer('10.0.0.1:8080', { servers, answers })], {
      groups: [{ upstream: 'app', failures, servers }],
    });
    const group = judge(all, time).find(({ subject }) => subject.is === 'group');
    expect(group?.findings.map((each) => `${each.code} ${each.sureness}${each.isOver ? ' ended' : ''}`)).toEqual([
      expected,
    ]);
  });

  test('stopped workers are nginx’s own, and not a peer’s: their clients wait without a line in any log', () => {
    const waiting = new Map([['read_timeout', failed({ errno: null, message: '' })] as const]);
    const all = facts([], { nginx: nginx({ failures: waiting, stoppedWorkers: [201, 202] }) });
    expect(verdicts(all)).toEqual(['hangs certain']);
    const [judged] = judge(all, time);
    const [finding] = judged?.findings ?? [];
    if (judged === undefined || finding === undefined) throw new Error('no verdict');
    expect(word(finding, judged, all).next[0]).toBe('kill -CONT 201 202');
  });

  test("a name that does not resolve is nginx's own, and no silence", () => {
    const own = new Map([['resolve', failed({ errno: null })]] as const);
    expect(verdicts(facts([], { nginx: nginx({ failures: own }) }))).toEqual(['unknown unknown']);
  });

  test('OOM kills are reported, where the memory saw them', () => {
    const [judged] = judge(facts([peer('10.0.0.1:8080', { remembered: { ...remembered, oomKills: 1 } })]), time);
    expect(judged?.findings[0]?.evidence.join('\n')).toContain('killed 1 process because memory ran out');
  });
});

test.each([
  [8080, 8081, true],
  [8080, 8008, true],
  [808, 8080, true],
  [3000, 8000, true],
  [8080, 9090, false],
  [80, 443, false],
  [8080, 18080, true],
])('%i for %i is a slip: %s', (one, another, expected) => {
  expect(isSlip(one, another)).toBe(expected);
});

test('every cause has words that leave nothing open, and a command to type next', () => {
  const [judged] = judge(facts([peer('10.0.0.1:8080')]), time);
  if (judged === undefined) throw new Error('nothing judged');
  for (const code of peerCauses) {
    const { what, fix, next } = word(
      { code, sureness: 'certain', evidence: [], tenses: [], rulesOut: [], isOver: false },
      judged,
      facts([]),
    );
    expect(next.length, code).toBeGreaterThan(0);
    for (const text of [what, fix, ...next]) expect(text, code).not.toMatch(/undefined|(?<!\/dev\/)null|NaN|\[object/);
    for (const text of next) expect(text, code).not.toMatch(/\b(?:NAME|ADDRESS|CONTAINER|NUMBER|PID)\b|<[a-z ]+>/);
  }
});

test.each<[string, number, PeerFacts['answers'], boolean]>([
  ['a while ago, of stream: no access log shows more', 60, null, true],
  ['a moment ago', 20, null, false],
  [
    'a while ago, and its access log shows no request since',
    60,
    { ...answered, lastConnectedMs: nowMs - 90_000 },
    false,
  ],
])('requests that hung, the last %s', (_, seconds, answers, isOver) => {
  const failures = new Map([['read_timeout', failed({ errno: 110, lastMs: nowMs - seconds * 1000 })]] as const);
  const [judged] = judge(facts([peer('10.0.0.1:8080', { failures, answers, isUdp: true })]), time);
  expect([judged?.findings[0]?.code, judged?.isOver]).toEqual(['hangs', isOver]);
});

test.each<[string, number, Partial<UnixFacts>, PeerFacts['answers'], boolean]>([
  ['it takes connections again', 30, {}, { ...answered, lastConnectedMs: nowMs - 500 }, true],
  ['some wait', 30, { queued: 3 }, { ...answered, lastConnectedMs: nowMs - 500 }, false],
  ['a moment ago', 4, {}, { ...answered, lastConnectedMs: nowMs - 500 }, false],
  ['nobody has asked since', 30, {}, { ...answered, lastConnectedMs: nowMs - 60_000 }, false],
  ['no access log shows more', 60, {}, null, true],
])('a unix socket whose queue was full: %s', (_, seconds, some, answers, isOver) => {
  const failures = new Map([['backlog_full', failed({ errno: 11, lastMs: nowMs - seconds * 1000 })]] as const);
  const one = peer('unix:/run/app.sock', { failures, answers, unix: unix({ listening: true, ...some }) });
  const [judged] = judge(facts([one]), time);
  expect([judged?.findings[0]?.code, judged?.isOver]).toEqual(['socket_backlog_full', isOver]);
});

test('datagrams that nobody takes: the answers that stay away are part of it', () => {
  const failures = new Map([
    ['read_timeout', failed({ count: 90, errno: 110, lastMs: nowMs - 1000 })],
    ['refused', failed({ count: 9, lastMs: nowMs - 500 })],
  ] as const);
  const one = peer('10.0.0.1:53', { failures, isUdp: true, tcp: tcp('10.0.0.1:53') });
  expect(judge(facts([one]), time)[0]?.findings.map(({ code }) => code)).toEqual(['process_down']);
});

test('datagrams that nobody took, and the plugin has not seen the new socket yet: no firewall', () => {
  const failures = new Map([['refused', failed({ lastMs: nowMs - 2000 })]] as const);
  const back = tcp('10.0.0.1:53', { serving: [listener('0.0.0.0:53', { inode: 5, startedMs: null })] });
  const one = peer('10.0.0.1:53', { failures, isUdp: true, tcp: back });
  expect(judge(facts([one]), time)[0]?.findings.map(({ code }) => code)).toEqual(['unknown']);
});

test('of what is over no cause is said in the present tense', () => {
  const [judged] = judge(facts([peer('10.0.0.1:8080')]), time);
  if (judged === undefined) throw new Error('nothing judged');
  const present =
    /\b(?:listens|accepts|answers|takes|breaks|rejects|drops|sends|fails|starts|ends|refuses|connects|cannot|does not (?!show)|is (?:full|stopped|down|left|lost)|has no|are used)\b/;
  // What nginx does at max_fails is true at all times.
  for (const code of peerCauses.filter((each) => each !== 'ejected')) {
    const finding = { code, sureness: 'certain', evidence: [], tenses: [], rulesOut: [], isOver: true } as const;
    const { what } = word(finding, { ...judged, isOver: true }, facts([]));
    expect(what, code).not.toMatch(present);
  }
});
