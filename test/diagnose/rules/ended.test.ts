/** Verdicts of when it failed stand when it is over. */
import { expect, test } from 'vitest';
import { keepEnded, type PastVerdict, pastVerdict, recallVerdicts } from '../../../collector/diagnose/rules/ended.ts';
import { type Judged, judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import type { PeerCause } from '../../../collector/model.ts';
import { facts, failed, listener, nginx, nowMs, peer, rememberedPeer, tcp, unix } from '../facts-kit.ts';

const minute = 60_000;
const answered = { connected: 9, lastConnectedMs: 0, serverErrors: 0, statuses: [], firstErrorMs: 0, lastErrorMs: 0 };

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
  tenses: ['state'],
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

/** Failures to connect that ended 40 s ago, judged by what can be seen now: everything works. */
function overAway(kind: 'unreachable' | 'read_timeout', errno: number): Judged {
  const failures = new Map([[kind, failed({ firstMs: nowMs - 90_000, lastMs: nowMs - 40_000, errno })]]);
  const answers = { ...answered, lastConnectedMs: nowMs - 1000 };
  const now = { home: 'elsewhere', neighbour: errno === 113 ? true : null, probe: { is: 'connected' } } as const;
  const [judged] = judge(facts([peer('10.0.0.1:8080', { failures, answers, tcp: tcp('10.0.0.1:8080', now) })]), String);
  if (judged === undefined) throw new Error('nothing judged');
  return judged;
}

test.each<[string, 'unreachable' | 'read_timeout', number, PeerCause, PeerCause]>([
  ['a link that was down looks like a rule that rejects', 'unreachable', 113, 'firewall_reject', 'host_down'],
  ['a host that was down, behind a router', 'unreachable', 101, 'no_route', 'host_down'],
  ['a full queue looks like an application that hung', 'read_timeout', 110, 'hangs', 'accept_queue_full'],
  ['an interface that was down', 'unreachable', 113, 'firewall_reject', 'no_route'],
  ['what it hung on', 'read_timeout', 110, 'hangs', 'hangs'],
])('what was seen while it failed stands: %s', (_, kind, errno, alone, then) => {
  const judged = overAway(kind, errno);
  expect([judged.findings[0]?.code, judged.isOver]).toEqual([alone, true]);
  const seen = {
    ...past(then, nowMs - 90_000, nowMs - 41_000),
    evidence: ['seen then', 'tried then'],
    tenses: ['state', 'trial'],
  } as const;
  const kept = keepEnded(judged, seen, nowMs);
  expect([kept.findings[0]?.code, kept.isOver]).toEqual([then, true]);
  expect(kept.findings[0]?.evidence).toEqual([
    'while it failed: seen then',
    'test connection from this host just now: succeeded',
  ]);
});

test('where nobody may probe, what was seen before the peer listened again is not said of now', () => {
  const failures = new Map([['refused', failed({ firstMs: nowMs - 2000, lastMs: nowMs - 2000 })]] as const);
  const back = { serving: [listener('10.0.0.1:8080')], probe: { is: 'not_probed', why: 'off' } } as const;
  const [judged] = judge(facts([peer('10.0.0.1:8080', { failures, tcp: tcp('10.0.0.1:8080', back) })]), String);
  if (judged === undefined) throw new Error('nothing judged');
  const seen = {
    ...past('process_down', nowMs - 2000, nowMs - 2000),
    evidence: ['no socket listens on port 8080', 'something listened there until 12:00:00'],
    tenses: ['state', 'dated'],
  } as const;
  expect(keepEnded(judged, seen, nowMs).findings[0]?.evidence).toEqual([
    'while it failed: no socket listens on port 8080',
    'something listened there until 12:00:00',
    'not probed: `probe: off`',
  ]);
});

const gone = (lastMs: number, loadedMs: number | null) => {
  const failures = new Map([['refused', failed({ firstMs: lastMs - 40_000, lastMs })]] as const);
  const [judged] = judge(
    facts([peer('127.0.0.1:9001', { failures, servers: [] })], { nginx: nginx({ loadedMs }) }),
    String,
  );
  return `${judged?.findings[0]?.code}${judged?.isOver ? ' ended' : ''}`;
};

test.each<[string, number, number | null, string]>([
  ['half a minute ago', 30_000, 30_500, 'process_down ended'],
  ['its last failure in the second of the reload', 30_000, 31_500, 'process_down ended'],
  ['a moment ago', 3000, 3500, 'process_down'],
  ['and an old worker was refused later', 3000, 30_000, 'process_down'],
  ['long before: it is asked by something else', 30_000, 300_000, 'process_down'],
  ['at a time that is not known', 30_000, null, 'process_down'],
])('an address that a reload took out of the configuration: %s', (_, last, loaded, expected) => {
  expect(gone(nowMs - last, loaded === null ? null : nowMs - loaded)).toBe(expected);
});

test('of what was taken out it is not said that it serves again, and nothing is said twice', () => {
  const failures = new Map([['refused', failed({ firstMs: nowMs - 90_000, lastMs: nowMs - 40_000 })]] as const);
  const all = facts([peer('127.0.0.1:9001', { failures, servers: [], remembered: rememberedPeer() })], {
    nginx: nginx({ loadedMs: nowMs - 40_000 }),
  });
  const [judged] = judge(all, String);
  const evidence = judged?.findings[0]?.evidence ?? [];
  if (judged === undefined) throw new Error('nothing judged');
  const then = {
    ...past('process_down', nowMs - 90_000, nowMs - 41_000),
    evidence: evidence.slice(0, 2),
    tenses: judged.findings[0]?.tenses.slice(0, 2) ?? [],
  };
  const kept = keepEnded(judged, then, nowMs);
  const [finding] = kept.findings;
  if (finding === undefined) throw new Error('nothing found');
  expect(word(finding, kept, all).what).toBe('127.0.0.1:9001 was down, and nginx does not ask it any more');
  expect(finding.evidence).toEqual([...new Set(finding.evidence)]);
  expect(finding.evidence.filter((each) => each.startsWith('something listened'))).toHaveLength(1);
  expect(finding.evidence).toContain('nginx was reloaded since, and no configuration has this peer any more');
});

const shut = { path: '/run/app', mode: 0o700, user: 'root', group: 'root' };
test.each<[string, typeof shut | null, number, string]>([
  ['its folder was opened, and it serves', null, 1000, 'socket_denied ended'],
  ['nobody has asked it since', null, 60_000, 'socket_denied'],
  ['it is still shut', shut, 60_000, 'socket_denied'],
  ['it is shut for new workers, and an old one has a connection', shut, 1000, 'socket_denied'],
])('a unix socket that was not permitted: %s', (_, barrier, answeredAgo, expected) => {
  const failures = new Map([['denied', failed({ lastMs: nowMs - 20_000, errno: 13 })]] as const);
  const answers = { ...answered, lastConnectedMs: nowMs - answeredAgo };
  const one = peer('unix:/run/app.sock', { failures, answers, unix: unix({ listening: true, barrier }) });
  const [judged] = judge(facts([one]), String);
  expect(`${judged?.findings[0]?.code}${judged?.isOver ? ' ended' : ''}`).toBe(expected);
});

test('the tense of what was seen decides, not its words', () => {
  const judged = overAway('read_timeout', 110);
  const texts = ['ago is the name of a unit', 'its queue was full at noon'];
  const seen = {
    ...past('hangs', nowMs - 90_000, nowMs - 41_000),
    evidence: texts,
    tenses: ['state', 'dated'],
  } as const;
  expect(keepEnded(judged, seen, nowMs).findings[0]?.evidence.slice(0, 2)).toEqual([
    'while it failed: ago is the name of a unit',
    'its queue was full at noon',
  ]);
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
