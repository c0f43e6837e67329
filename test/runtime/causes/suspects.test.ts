/** Peers whose sockets wait while no line says so: who is checked, when, and what shows that it is stuck. */
import { describe, expect, test } from 'vitest';
import { readWaiting } from '../../../collector/diagnose/impact/waiting.ts';
import { surveyNamespaces } from '../../../collector/diagnose/places/namespaces.ts';
import { tcpStates } from '../../../collector/model.ts';
import { createSuspects } from '../../../collector/runtime/causes/suspects.ts';
import { peer as snapshotOf, zeros } from '../../charts/snapshots.ts';
import { procHost, tcpRow, unixRow } from '../../support/hosts/proc-host.ts';

const name = '10.0.0.9:8080';
const syn = (retransmits: number, to = name) => tcpRow('10.0.0.5:40000', { to, state: '02', retransmits, uid: 33 });
const sent = (sending: number, retransmits = 3) =>
  tcpRow('10.0.0.5:40000', { to: name, state: '01', sending, retransmits, uid: 33 });
const unread = (queued: number, at = '127.0.0.1:9000') => tcpRow(at, { to: '127.0.0.1:40000', state: '01', queued });

function hostWith(tcp: readonly string[], unix: readonly string[] = []) {
  const host = procHost({ 100: { line: 'nginx: master process nginx' } }, { host: { tcp, unix } });
  return { ...host, now: (next: readonly string[]) => host.setTables({ host: { tcp: next, unix } }) };
}

describe('one reading of what waits', () => {
  const read = (
    peer: string,
    tcp: readonly string[],
    unix: readonly string[] = [],
    before: ReadonlySet<string> | null = null,
  ) => {
    const ports = hostWith(tcp, unix);
    return readWaiting([peer], surveyNamespaces(100, ports), ports, before).of(peer);
  };

  test.each<[string, string, readonly string[], object]>([
    ['a first SYN is no delay', name, [syn(0)], { retried: 0 }],
    ['SYNs sent again', name, [syn(1), syn(3)], { retried: 2, unread: 0 }],
    ['bytes sent again and again', name, [sent(96), sent(77)], { unacknowledged: 2, mostBytes: 96 }],
    ['bytes sent again once', name, [sent(96, 1)], { unacknowledged: 0 }],
    ['to another peer', name, [syn(2, '10.0.0.8:8080')], { retried: 0 }],
    ['bytes that the application has not read', '127.0.0.1:9000', [unread(10)], { unread: 1 }],
    ['all are read', '127.0.0.1:9000', [unread(0)], { unread: 0 }],
    ['on another port', '127.0.0.1:9001', [unread(10)], { unread: 0 }],
    ['the same address over IPv6', '[::ffff:10.0.0.9]:8080', [syn(1)], { retried: 1 }],
    ['a name', 'app', [syn(1)], { retried: 0, unread: 0, unacknowledged: 0 }],
    ['none', name, [], { retried: 0, unread: 0, unacknowledged: 0 }],
  ])('%s', (_, peer, tcp, expected) => {
    expect(read(peer, tcp)).toMatchObject(expected);
  });

  test('what did not wait a moment ago is not stuck; a SYN that was sent again has waited', () => {
    expect(read('127.0.0.1:9000', [unread(10)], [], new Set()).unread).toBe(0);
    expect(read(name, [syn(1)], [], new Set()).retried).toBe(1);
  });

  test('connections in the queue of a unix socket, where they waited before', () => {
    const rows = [unixRow('/run/a'), unixRow('/run/a', { state: '02' }), unixRow('/run/a', { state: '02' })];
    expect(read('unix:/run/a', [], rows).unread).toBe(2);
    expect(read('unix:/run/a', [], rows, new Set()).unread).toBe(0);
    expect(read('unix:/run/b', [], rows).unread).toBe(0);
  });
});

describe('over several ticks', () => {
  const states = zeros(tcpStates);
  const waiting = snapshotOf(name, {
    upstream: 'shop',
    sockets: { states: { ...states, syn_sent: 1 }, queued: null, localPorts: null },
  });
  const calm = snapshotOf(name, { upstream: 'shop', sockets: null });
  const second = 1_000_000;

  test('who has waited for a second and a half is checked, and stuck while its SYN is repeated', () => {
    const host = hostWith([syn(1)]);
    const suspects = createSuspects(host);
    suspects.note([waiting], 0);
    suspects.look(100, second);
    expect(suspects.seen()).toEqual([]);
    suspects.look(100, 1.5 * second);
    expect(suspects.seen()).toMatchObject([{ peer: name, upstream: 'shop', sockets: { retried: 1 } }]);
  });

  test('the tables are read again after three seconds, not before', () => {
    const host = hostWith([syn(1)]);
    const suspects = createSuspects(host);
    suspects.note([waiting], 0);
    suspects.look(100, 2 * second);
    host.now([]);
    suspects.look(100, 4 * second);
    expect(suspects.seen()).toHaveLength(1);
    suspects.look(100, 5 * second);
    expect(suspects.seen()).toEqual([]);
  });

  test('who waits no more is forgotten at once, and begins anew', () => {
    const suspects = createSuspects(hostWith([syn(1)]));
    suspects.note([waiting], 0);
    suspects.look(100, 2 * second);
    suspects.note([calm], 3 * second);
    expect(suspects.seen()).toEqual([]);
    suspects.note([waiting], 9 * second);
    suspects.look(100, 10 * second);
    expect(suspects.seen()).toEqual([]);
  });

  test('bytes that nobody reads count only at the second reading', () => {
    const suspects = createSuspects(hostWith([unread(10)]));
    const queued = snapshotOf('127.0.0.1:9000', { sockets: { states, queued: 3, localPorts: null } });
    suspects.note([queued], 0);
    suspects.look(100, 2 * second);
    expect(suspects.seen()).toEqual([]);
    suspects.look(100, 5 * second);
    expect(suspects.seen()).toMatchObject([{ peer: '127.0.0.1:9000', sockets: { unread: 1 } }]);
  });
});
