/** What peers answered within the last minute, out of access logs. */
import { expect, test } from 'vitest';
import { createAnswerTally } from '../../../collector/diagnose/impact/answers.ts';

const peer = '10.0.0.1:80';

test('answers of the last minute add up, those before it do not', () => {
  const answers = createAnswerTally(10);
  answers.record(peer, 5, 0, null, 1000);
  answers.record(peer, 3, 1, 503, 58_000);
  expect(answers.of(peer, 59_000)).toMatchObject({
    connected: 8,
    serverErrors: 1,
    statuses: [503],
    lastConnectedMs: 58_000,
  });
  answers.record(peer, 2, 0, null, 112_000);
  expect(answers.of(peer, 113_000)).toMatchObject({ connected: 5, serverErrors: 1 });
  expect(answers.of(peer, 300_000)).toMatchObject({ connected: 0, serverErrors: 0, lastConnectedMs: 112_000 });
});

test('an error a minute after the last one is another story: it begins anew, with its own statuses', () => {
  const answers = createAnswerTally(10);
  answers.record(peer, 1, 1, 500, 1000);
  answers.record(peer, 1, 1, 502, 30_000);
  expect(answers.of(peer, 30_000)).toMatchObject({ firstErrorMs: 1000, lastErrorMs: 30_000, statuses: [500, 502] });
  answers.record(peer, 1, 1, 504, 90_001);
  expect(answers.of(peer, 90_001)).toMatchObject({ firstErrorMs: 90_001, lastErrorMs: 90_001, statuses: [504] });
});

test.each([
  ['within the minute', 60_000, [peer]],
  ['no more', 61_001, []],
])('who answers with 5xx: %s', (_, nowMs, expected) => {
  const answers = createAnswerTally(10);
  answers.record(peer, 4, 4, 503, 1000);
  answers.record('10.0.0.2:80', 4, 0, null, 1000);
  expect(answers.erring(nowMs)).toEqual(expected);
  expect(answers.peers()).toEqual([peer, '10.0.0.2:80']);
});

test('a peer that only fails has taken no connection well', () => {
  const answers = createAnswerTally(10);
  answers.record(peer, 2, 2, 500, 1000);
  expect(answers.of(peer, 1000)?.lastConnectedMs).toBe(Number.NEGATIVE_INFINITY);
});

test('nothing is known of others, nothing counts without a connection, and no more peers are kept than that', () => {
  const answers = createAnswerTally(1);
  answers.record(peer, 0, 0, null, 1);
  expect(answers.of(peer, 1)).toBeNull();
  answers.record(peer, 1, 0, null, 1);
  answers.record('10.0.0.2:80', 1, 0, null, 1);
  expect([answers.of('10.0.0.2:80', 1), answers.peers()]).toEqual([null, [peer]]);
});
