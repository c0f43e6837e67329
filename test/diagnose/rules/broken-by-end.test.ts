/** A process that ends breaks its connections: those resets are part of that end, and not a separate cause. */
import { describe, expect, test } from 'vitest';
import type { PeerFacts, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import type { FailureKind } from '../../../collector/model.ts';
import { facts, failed, listener, nowMs, owner, peer, rememberedPeer, tcp, unix } from '../facts-kit.ts';

const time = (ms: number): string => String(ms);
const ago = (seconds: number): number => nowMs - seconds * 1000;

function verdicts(one: PeerFacts): readonly string[] {
  const [judged] = judge(facts([one]), time);
  return (judged?.findings ?? []).map(({ code, sureness, isOver }) => `${code} ${sureness}${isOver ? ' ended' : ''}`);
}

/** A kind, and from how many seconds ago to how many it failed. */
type Failed = readonly [FailureKind, number, number];
const failures = (...all: readonly Failed[]) =>
  new Map(all.map(([kind, first, last]) => [kind, failed({ firstMs: ago(first), lastMs: ago(last) })] as const));

const remembered = rememberedPeer({ listeningMs: ago(1), sinceMs: ago(10) });
const answers = {
  connected: 20,
  lastConnectedMs: ago(1),
  serverErrors: 0,
  statuses: [],
  firstErrorMs: Number.NEGATIVE_INFINITY,
  lastErrorMs: Number.NEGATIVE_INFINITY,
};
const serving = { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' as const } };
const young = (seconds: number) => ({
  serving: [listener('0.0.0.0:8080', { startedMs: ago(seconds) })],
  probe: { is: 'connected' as const },
});
const elsewhere = { home: 'elsewhere' as const };

const table: Readonly<
  Record<string, readonly [readonly Failed[], Partial<TcpFacts>, Partial<PeerFacts>, readonly string[]]>
> = {
  'killed with requests in flight, refused since': [
    [
      ['refused', 14, 1],
      ['reset', 14, 14],
    ],
    {},
    { remembered: { ...remembered, listeningMs: ago(14), sinceMs: null } },
    ['process_down certain'],
  ],
  'the last pod of a service ended with requests in flight, its address answers no more': [
    [
      ['reset', 20, 20],
      ['timed_out', 15, 0],
    ],
    { home: 'elsewhere', bridge: 'cni0', probe: { is: 'not_probed', why: 'not_configured' } },
    {},
    ['process_down likely'],
  ],
  'the machine was switched off with requests in flight, its neighbours say that it is gone': [
    [
      ['reset', 12, 11],
      ['unreachable', 8, 0],
    ],
    { home: 'elsewhere', neighbour: false, probe: { is: 'unreachable' } },
    {},
    ['host_down certain'],
  ],
  'requests in flight were cut off, and connects that wait have no line for a minute': [
    [
      ['closed_early', 29, 28],
      ['timed_out', 0, 0],
    ],
    { home: 'elsewhere', probe: { is: 'silent' } },
    {},
    ['no_answer likely'],
  ],
  'requests break all the while, and now and then a connect gets no answer': [
    [
      ['reset', 90, 1],
      ['timed_out', 60, 0],
    ],
    { home: 'elsewhere', probe: { is: 'silent' } },
    {},
    ['breaks_after_connect likely', 'no_answer likely'],
  ],
  'every request was reset for a minute, then it was replaced': [
    [
      ['reset', 80, 24],
      ['refused', 23, 22],
    ],
    young(21),
    { answers },
    ['breaks_after_connect likely ended', 'restarting likely ended'],
  ],
  'killed with requests in flight, refused, and back': [
    [
      ['refused', 15, 10],
      ['reset', 15, 15],
    ],
    serving,
    { remembered, answers },
    ['restarting likely ended'],
  ],
  'ended gently: requests in flight are cut off': [
    [
      ['refused', 15, 10],
      ['closed_early', 15, 15],
    ],
    serving,
    { remembered, answers },
    ['restarting likely ended'],
  ],
  'ended twice, resets at each end': [
    [
      ['refused', 32, 10],
      ['reset', 32, 15],
    ],
    serving,
    { remembered: { ...remembered, endedMs: [ago(32), ago(15)] }, answers },
    ['crash_loop likely'],
  ],
  'ended once more: the resets are there, the first refusal is not yet': [
    [
      ['refused', 18, 13],
      ['reset', 18, 1],
    ],
    { probe: { is: 'refused' } },
    { remembered: { ...remembered, endedMs: [ago(18), ago(1)] }, answers },
    ['crash_loop likely'],
  ],
  'only the requests in flight show that it ended: no other came': [
    [['reset', 5, 5]],
    {},
    { remembered: { ...remembered, listeningMs: ago(6) } },
    ['process_down certain'],
  ],
  'the same of another host, where a connection from here is refused': [
    [['reset', 5, 5]],
    elsewhere,
    { answers: { ...answers, lastConnectedMs: ago(8) } },
    ['process_down likely'],
  ],
  'back a moment ago, whose socket it is cannot be seen yet: another one than before': [
    [
      ['refused', 5, 1],
      ['reset', 5, 5],
    ],
    { serving: [listener('0.0.0.0:8080', { inode: 78, owner: { ...owner, pid: null } })], probe: { is: 'connected' } },
    { remembered: { ...remembered, inode: 77, sinceMs: ago(60), endedMs: [ago(5)] } },
    ['unknown unknown'],
  ],
  'another process took its place at once, and serves': [
    [['reset', 6, 5]],
    young(3),
    { answers },
    ['restarting likely ended'],
  ],
  'another process took its place, and nothing shows yet that it serves': [
    [['reset', 3, 3]],
    young(1),
    {},
    ['breaks_after_connect likely'],
  ],
  'resets continue behind a refusal that is over: a deploy that breaks each request': [
    [
      ['refused', 10, 9],
      ['reset', 9, 1],
    ],
    serving,
    { remembered: { ...remembered, sinceMs: ago(9) }, answers: { ...answers, lastConnectedMs: ago(12) } },
    ['breaks_after_connect likely'],
  ],
  'each request ends the process, which is started again each time': [
    [['reset', 40, 1]],
    young(0.5),
    { answers: { ...answers, lastConnectedMs: ago(45) } },
    ['breaks_after_connect likely'],
  ],
  'resets of a process that has listened all the while': [
    [['reset', 5, 5]],
    young(3600),
    { answers: { ...answers, lastConnectedMs: ago(6) } },
    ['breaks_after_connect likely'],
  ],
  'answers that nginx cannot use are not the end of a process': [
    [
      ['refused', 15, 10],
      ['bad_response', 15, 12],
    ],
    serving,
    { remembered, answers: { ...answers, lastConnectedMs: ago(20) } },
    ['breaks_after_connect likely'],
  ],
};

describe('connections that broke when their process ended', () => {
  test.each(Object.entries(table))('%s', (_, [kinds, of, some, expected]) => {
    const one = peer('10.0.0.1:8080', { failures: failures(...kinds), tcp: tcp('10.0.0.1:8080', of), ...some });
    expect(verdicts(one)).toEqual(expected);
  });

  test.each([
    ['its file was left behind', 'socket', ['socket_stale certain']],
    ['its file is gone as well', 'missing', ['socket_missing certain']],
  ] as const)('a unix socket: %s', (_, file, expected) => {
    const one = peer('unix:/run/app.sock', { failures: failures(['reset', 5, 5]), unix: unix({ file }) });
    expect(verdicts(one)).toEqual(expected);
  });
});

test.each([
  ['a connection begun now is answered: only those from before wait', 'connected', 'process_down likely ended'],
  ['a connection begun now gets no answer either: a rule drops', 'silent', 'no_answer certain'],
] as const)('connects that wait soon after the start of a listener: %s', (_, is, expected) => {
  const waiting = failed({ firstMs: nowMs, lastMs: nowMs, errno: null, message: '' });
  const of = { serving: [listener('10.0.0.1:8080', { startedMs: ago(19) })], probe: { is } };
  const one = peer('10.0.0.1:8080', {
    failures: new Map([['timed_out', waiting] as const]),
    tcp: tcp('10.0.0.1:8080', of),
    answers: { ...answers, lastConnectedMs: ago(2) },
    sockets: { retried: 6, youngestMs: 31_000, unacknowledged: 0, unread: 0 },
  });
  expect(verdicts(one)).toEqual([expected]);
});

test('a deploy that breaks every request is no restart, though it was refused at its start and at its end', () => {
  const burst = (first: number, last: number) => ({ firstMs: ago(first), lastMs: ago(last), count: 9 });
  const kind = (first: number, last: number, bursts: readonly ReturnType<typeof burst>[]) =>
    failed({ firstMs: ago(first), lastMs: ago(last), bursts });
  const all = new Map([
    ['refused', kind(60, 15, [burst(60, 60), burst(15, 15)])],
    ['reset', kind(60, 16, [burst(60, 16)])],
  ] as const);
  const one = (of: typeof all) => peer('10.0.0.1:8080', { failures: of, answers, tcp: tcp('10.0.0.1:8080', serving) });
  expect(verdicts(one(all))[0]).toBe('breaks_after_connect likely');
  const loop = new Map([
    ['refused', kind(60, 15, [burst(60, 55), burst(20, 15)])],
    ['reset', kind(60, 20, [burst(60, 60), burst(20, 20)])],
  ] as const);
  expect(verdicts(one(loop)).some((each) => each.startsWith('breaks_after_connect'))).toBe(false);
});
