/** What fails, by the lines of an error log: whose it is, since when, how it comes and goes, and what is bounded. */
import { describe, expect, test } from 'vitest';
import { createFailureTally } from '../../../collector/diagnose/impact/failures.ts';
import type { ErrorLine } from '../../../collector/model.ts';
import { errorLine } from '../../aggregate/kit.ts';

const tallyOf = (mostPeers = 50, mailAuth: string | null = null) =>
  createFailureTally(
    (peer) => (peer.startsWith('10.') ? 'shop' : peer),
    mostPeers,
    () => mailAuth,
  );

const at = (peer: string, more: Partial<ErrorLine> = {}) =>
  errorLine('refused', { upstream: { scheme: 'http', peer, uri: '/' }, ...more });

function failing(lines: readonly ErrorLine[], tally = tallyOf()) {
  for (const [second, line] of lines.entries()) tally.record(line, second * 1000);
  return tally.failing();
}

const nameless: Partial<ErrorLine> = { upstream: null, action: 'resolving names' };
const own = (message: string) => failing([errorLine('resolve', { ...nameless, message })]);

describe('where a line counts', () => {
  test('at its peer, by kind, with the first and the last time and the words of the last line', () => {
    const { peers } = failing([
      at('10.0.0.1:80'),
      at('10.0.0.1:80', { kind: 'timed_out', errno: 110, message: 'upstream timed out (110: x)' }),
      at('10.0.0.1:80', { errno: null, message: 'connect() failed again' }),
      at('unix:/run/app.sock'),
    ]);
    expect(peers.map(({ peer, upstream, scheme, isUdp }) => [peer, upstream, scheme, isUdp])).toEqual([
      ['10.0.0.1:80', 'shop', 'http', false],
      ['unix:/run/app.sock', 'unix:/run/app.sock', 'http', false],
    ]);
    expect(peers[0]?.failures.get('refused')).toMatchObject({
      count: 2,
      firstMs: 0,
      lastMs: 2000,
      errno: 111,
      message: 'connect() failed again while connecting to upstream',
    });
    expect(peers[0]?.failures.get('timed_out')).toMatchObject({ count: 1, errno: 110 });
  });

  test.each<[string, Partial<ErrorLine>]>([
    ['no descriptors left, whichever peer it was connecting to', { kind: 'no_files', errno: 24 }],
    ['no worker_connections left', { kind: 'worker_connections', errno: null }],
    ['cut off before its upstream', { kind: 'refused', upstream: null }],
  ])("it is nginx's own: %s", (_, more) => {
    const { peers, nginx } = failing([at('10.0.0.1:80', more)]);
    expect([peers, [...nginx.keys()]]).toEqual([[], [more.kind]]);
  });

  test('at the group, when none of its peers was live', () => {
    const { peers, groups } = failing([at('shop', { kind: 'no_live', errno: null })]);
    expect([peers, groups.map(({ upstream, failures }) => [upstream, failures.count])]).toEqual([[], [['shop', 1]]]);
  });

  test.each([
    ['app.example could not be resolved (3: Host not found)', 'app.example', '3: Host not found'],
    ['app.example could not be resolved (110: Operation timed out', 'app.example', '110: Operation timed out'],
    ['no resolver defined to resolve app.example', 'app.example', 'no resolver defined'],
    ['host not found in upstream "app.example" in /etc/nginx/nginx.conf:5', 'app.example', 'host not found'],
  ])('at the name that does not resolve: %s', (message, name, reason) => {
    expect(own(message).names).toMatchObject([{ name, reason, failures: { count: 1 } }]);
  });

  test.each([
    'could not be resolved (3: Host not found)',
    'something else',
    `${'x'.repeat(300)} could not be resolved (3: x)`,
  ])('at nginx, where the name cannot be read: %.40s', (message) => {
    const { names, nginx } = own(message);
    expect([names, nginx.get('resolve')?.count]).toEqual([[], 1]);
  });

  test("mail's question who may log in counts at the peer that it asks, where there is one", () => {
    const line = errorLine('refused', { upstream: null, action: 'in http auth state', protocol: 'mail' });
    expect(failing([line], tallyOf(50, '127.0.0.1:9000')).peers).toMatchObject([
      { peer: '127.0.0.1:9000', upstream: 'auth_http', scheme: null },
    ]);
    expect(failing([line]).nginx.get('refused')?.count).toBe(1);
  });

  test("what nginx itself runs out of meanwhile is not that peer's", () => {
    const some = { upstream: null, action: 'in http auth state', protocol: 'mail' } as const;
    const { peers, nginx } = failing([errorLine('worker_connections', some)], tallyOf(50, '127.0.0.1:9000'));
    expect([peers, nginx.get('worker_connections')?.count]).toEqual([[], 1]);
  });

  test.each<[string, Partial<ErrorLine>, boolean]>([
    ['a datagram that nobody takes', { protocol: 'stream', message: 'recv() failed (111: x)' }, true],
    ['when the next is sent', { protocol: 'stream', message: 'sendmsg() failed (111: x)' }, true],
    ['a TCP connection of stream', { protocol: 'stream', message: 'connect() failed (111: x)' }, false],
    ['an answer that breaks off', { protocol: 'stream', kind: 'reset', message: 'recv() failed (104: x)' }, false],
    ['http', { protocol: 'http', message: 'recv() failed (111: x)' }, false],
  ])('over UDP: %s, %o: %s', (_, more, isUdp) => {
    expect(failing([at('10.0.0.1:53', more)]).peers[0]?.isUdp).toBe(isUdp);
  });

  test('nowhere, when no upstream failed', () => {
    const tally = tallyOf();
    const found = failing([errorLine('unrelated'), errorLine('disabled')], tally);
    expect([found.peers, found.groups, found.names, found.nginx.size, tally.count()]).toEqual([[], [], [], 0, 0]);
  });
});

describe('what comes and goes', () => {
  test('failures with pauses of more than three seconds are bursts, of which the last eight are kept', () => {
    const tally = tallyOf();
    for (let burst = 0; burst < 10; burst++)
      for (const ms of [0, 1000, 3000]) tally.record(at('10.0.0.1:80'), burst * 60_000 + ms, 2);
    const failures = tally.failing().peers[0]?.failures.get('refused');
    expect(failures?.count).toBe(60);
    expect(failures?.bursts).toHaveLength(8);
    expect(failures?.bursts?.at(-1)).toEqual({ firstMs: 540_000, lastMs: 543_000, count: 6 });
  });

  test('what was last seen before is forgotten, kind by kind', () => {
    const tally = tallyOf();
    tally.record(at('10.0.0.1:80'), 1000);
    tally.record(at('10.0.0.1:80', { kind: 'reset' }), 5000);
    tally.record(at('shop', { kind: 'no_live' }), 1000);
    tally.record(errorLine('resolve', { ...nameless, message: 'a could not be resolved (3: x)' }), 1000);
    tally.record(errorLine('no_files', nameless), 1000);
    tally.forgetBefore(5000);
    const { peers, groups, names, nginx } = tally.failing();
    expect(peers.map(({ failures }) => [...failures.keys()])).toEqual([['reset']]);
    expect([groups, names, nginx.size]).toEqual([[], [], 0]);
    tally.forgetBefore(6000);
    expect(tally.failing().peers).toEqual([]);
  });
});

describe('what a log makes up takes no memory without end', () => {
  test('peers, groups and names beyond the bound are not kept, and those that are keep counting', () => {
    const tally = tallyOf(2);
    for (let n = 1; n <= 9; n++) {
      tally.record(at(`10.0.0.${n}:80`), n);
      tally.record(errorLine('resolve', { ...nameless, message: `n${n} could not be resolved (3: x)` }), n);
      tally.record(errorLine('no_live', { upstream: { scheme: 'http', peer: `g${n}`, uri: '/' } }), n);
    }
    tally.record(at('10.0.0.2:80'), 99);
    const { peers, groups, names } = tally.failing();
    expect(peers.map(({ peer, failures }) => [peer, failures.get('refused')?.count])).toEqual([
      ['10.0.0.1:80', 1],
      ['10.0.0.2:80', 2],
    ]);
    expect([groups.length, names.length]).toEqual([2, 2]);
  });

  test('the words of a line are cut', () => {
    const message = 'upstream sent '.padEnd(500, 'x');
    const { peers } = failing([at('10.0.0.1:80', { kind: 'bad_response', message, action: null })]);
    expect(peers[0]?.failures.get('bad_response')?.message).toMatch(/^upstream sent x{185}…$/);
  });
});
