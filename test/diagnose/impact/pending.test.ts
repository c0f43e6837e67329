/** What fails before any line says so: connects that wait, requests that nobody reads, answers with 5xx. */
import { expect, test } from 'vitest';
import type { Failing } from '../../../collector/diagnose/impact/failures.ts';
import { type PendingSeen, withPending } from '../../../collector/diagnose/impact/pending.ts';
import type { AnswerFacts } from '../../../collector/diagnose/impact/traffic.ts';
import { failed } from '../facts-kit.ts';

const now = 1_000_000;
const quiet: Failing = { peers: [], groups: [], names: [], nginx: new Map() };
const sockets = { retried: 0, unacknowledged: 0, unread: 0 };
const answered = (secondsAgo: number): AnswerFacts => ({
  connected: 9,
  lastConnectedMs: now - secondsAgo * 1000,
  serverErrors: 0,
  statuses: [],
  firstErrorMs: Number.NEGATIVE_INFINITY,
  lastErrorMs: Number.NEGATIVE_INFINITY,
});
const seen = (
  some: Partial<PendingSeen['sockets']>,
  answers: AnswerFacts | null,
  peer = '10.0.0.1:80',
): PendingSeen => ({
  peer,
  upstream: 'shop',
  sockets: { ...sockets, ...some },
  answers,
});
const countsOf = ({ peers }: Failing) =>
  peers.map(({ peer, failures }) => [
    peer,
    Object.fromEntries(Array.from(failures, ([kind, { count }]) => [kind, count])),
  ]);

test.each<[string, PendingSeen, Readonly<Record<string, number>> | null]>([
  ['nothing waits', seen({}, null), null],
  ['connects whose SYN was sent again', seen({ retried: 3 }, answered(0)), { timed_out: 3 }],
  ['requests that nobody reads, and no answer for long', seen({ unread: 2 }, answered(6)), { read_timeout: 2 }],
  ['the same, while others are answered: it is busy', seen({ unread: 2 }, answered(5)), null],
  ['bytes that are not acknowledged, without an access log', seen({ unacknowledged: 4 }, null), { read_timeout: 4 }],
  ['both', seen({ retried: 1, unread: 1, unacknowledged: 1 }, null), { timed_out: 1, read_timeout: 2 }],
  ['the queue of a unix socket alone shows no hang', seen({ unread: 5 }, null, 'unix:/run/a.sock'), null],
  [
    'the queue of a unix socket, and no answer for long',
    seen({ unread: 5 }, answered(6), 'unix:/run/a.sock'),
    { read_timeout: 5 },
  ],
])('%s', (_, one, counts) => {
  expect(countsOf(withPending(quiet, [one], [], now))).toEqual(counts === null ? [] : [[one.peer, counts]]);
});

test('what its lines say stays, and continues until now', () => {
  const refused = failed({ count: 7, firstMs: 1, lastMs: 2 });
  const peer = { peer: '10.0.0.1:80', upstream: 'shop', scheme: 'http', isUdp: false };
  const failing = { ...quiet, peers: [{ ...peer, failures: new Map([['timed_out', refused] as const]) }] };
  const { peers } = withPending(failing, [seen({ retried: 2 }, null)], [], now);
  expect(peers).toHaveLength(1);
  expect(peers[0]?.failures.get('timed_out')).toEqual({ ...refused, lastMs: now });
});

test('who answers with 5xx is checked, without another failure', () => {
  const found = withPending(quiet, [seen({}, answered(0)), seen({}, null, '10.0.0.2:80')], ['10.0.0.1:80'], now);
  expect(countsOf(found)).toEqual([['10.0.0.1:80', {}]]);
});
