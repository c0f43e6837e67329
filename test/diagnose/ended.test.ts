/** Verdicts of when it failed stand when it is over. */
import { expect, test } from 'vitest';
import { keepEnded, type PastVerdict, pastVerdict, recallVerdicts } from '../../collector/diagnose/rules/ended.ts';
import { type Judged, judge } from '../../collector/diagnose/rules/judge.ts';
import type { PeerCause } from '../../collector/model.ts';
import { facts, failed, listener, nowMs, peer, tcp } from './facts-kit.ts';

const minute = 60_000;

/** It was refused for a while, and serves again. */
function over(lastedMs: number): Judged {
  const refused = failed({ firstMs: nowMs - minute - lastedMs, lastMs: nowMs - minute });
  const back = { serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } } as const;
  const [judged] = judge(
    facts([peer('10.0.0.1:8080', { failures: new Map([['refused', refused]]), tcp: tcp('10.0.0.1:8080', back) })]),
    String,
  );
  if (judged === undefined) throw new Error('nothing judged');
  return judged;
}

const past = (cause: PeerCause, firstMs: number, lastMs: number): PastVerdict => ({
  cause,
  sureness: 'certain',
  firstMs,
  lastMs,
  evidence: ['seen then'],
  rulesOut: [],
});

test.each<[string, number, PastVerdict | null, string]>([
  [
    'a rule that is gone',
    90_000,
    past('firewall_reject', nowMs - 150_000, nowMs - minute - 9000),
    'firewall_reject certain',
  ],
  ['an outage', 90_000, past('process_down', nowMs - 150_000, nowMs - minute), 'process_down certain'],
  ['a short one was a restart', 5000, past('process_down', nowMs - 65_000, nowMs - minute), 'restarting likely'],
  ['one that was never known', 90_000, past('unknown', nowMs - 150_000, nowMs - minute), 'process_down likely'],
  [
    'another one, long before',
    90_000,
    past('firewall_reject', nowMs - 900_000, nowMs - 800_000),
    'process_down likely',
  ],
  ['no plugin ran', 90_000, null, 'process_down likely'],
])('%s', (_, lastedMs, before, expected) => {
  const { findings, isOver } = keepEnded(over(lastedMs), before, nowMs);
  expect([`${findings[0]?.code} ${findings[0]?.sureness}`, isOver]).toEqual([expected, true]);
});

test('what is written down is read again, and another user’s file makes nothing throw', () => {
  const one = pastVerdict(over(90_000));
  expect(recallVerdicts(JSON.stringify({ a: one }))('a')).toEqual(one);
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"a":{"cause":"constructor"}}',
    '{"a":{"cause":"tls","sureness":"certain"}}',
  ]) {
    expect(recallVerdicts(text)('a')).toBeNull();
    expect(recallVerdicts(text)('__proto__')).toBeNull();
  }
});
