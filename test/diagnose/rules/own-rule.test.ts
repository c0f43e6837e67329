/** A rule of this host's own firewall, as root reads it: who is refused by it, and who is not. */
import { expect, test } from 'vitest';
import type { PeerFacts, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import type { FailureKind } from '../../../collector/model.ts';
import type { Refusal } from '../../../collector/parse/firewall/ruleset.ts';
import { facts, failed, listener, nowMs, peer, tcp } from '../facts-kit.ts';

const rule = (some: Partial<Refusal> = {}): Refusal => ({
  does: 'reject',
  isSure: true,
  concerns: 'connect',
  chain: 'inet filter output',
  text: 'meta skuid 33 reject',
  ...some,
});
const serving = [listener('0.0.0.0:8080')];

type Row = readonly [FailureKind, number, Partial<TcpFacts>, Partial<PeerFacts>, readonly string[]];

const table: Readonly<Record<string, Row>> = {
  'the user of nginx is rejected': [
    'refused',
    111,
    { serving, probe: { is: 'connected' }, refusals: [rule()] },
    {},
    ['firewall_reject certain'],
  ],
  'it may be rejected, by a rate': [
    'refused',
    111,
    { serving, probe: { is: 'refused' }, refusals: [rule({ isSure: false })] },
    {},
    ['firewall_reject certain'],
  ],
  'another host, rejected on the way out': [
    'refused',
    111,
    { home: 'elsewhere', probe: { is: 'refused' }, refusals: [rule()] },
    {},
    ['firewall_reject certain'],
  ],
  'another host that refuses, and no rule here does': [
    'refused',
    111,
    { home: 'elsewhere', probe: { is: 'refused' }, refusals: [] },
    {},
    ['unknown unknown'],
  ],
  'nothing listens either: that has to be fixed first': [
    'refused',
    111,
    { refusals: [rule()] },
    {},
    ['process_down likely'],
  ],
  'another host, dropped on the way out': [
    'timed_out',
    110,
    { home: 'elsewhere', probe: { is: 'silent' }, refusals: [rule({ does: 'drop' })] },
    {},
    ['no_answer certain'],
  ],
  'another host, and only data of connections that are made is dropped here': [
    'timed_out',
    110,
    { home: 'elsewhere', probe: { is: 'silent' }, refusals: [rule({ does: 'drop', concerns: 'data' })] },
    {},
    ['no_answer likely'],
  ],
  'another host, rejected as prohibited on the way out': [
    'unreachable',
    113,
    { home: 'elsewhere', probe: { is: 'unreachable' }, refusals: [rule()] },
    {},
    ['firewall_reject certain'],
  ],
  'the rule is there, and nginx gets through again': [
    'timed_out',
    110,
    { home: 'elsewhere', probe: { is: 'connected' }, refusals: [rule({ does: 'drop' })] },
    {
      answers: {
        connected: 9,
        lastConnectedMs: nowMs,
        serverErrors: 0,
        statuses: [],
        firstErrorMs: 0,
        lastErrorMs: 0,
      },
    },
    ['no_answer likely'],
  ],
};

test.each(Object.entries(table))('%s', (_, [kind, errno, of, some, expected]) => {
  const one = peer('10.0.0.1:8080', {
    failures: new Map([[kind, failed({ errno })]]),
    tcp: tcp('10.0.0.1:8080', of),
    ...some,
  });
  const [judged] = judge(facts([one]), String);
  expect((judged?.findings ?? []).map(({ code, sureness }) => `${code} ${sureness}`)).toEqual(expected);
});

test.each([
  ['inet filter output', 'nft -a list chain inet filter output'],
  ['ip6tables filter ufw6-out', 'ip6tables -t filter -S'],
])('the rule is shown, and the last command verifies the fix: %s', (chain, list) => {
  const one = peer('10.0.0.1:8080', {
    tcp: tcp('10.0.0.1:8080', { home: 'elsewhere', refusals: [rule({ chain })] }),
  });
  const all = facts([one]);
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  const { fix, next } = word(finding, judged, all);
  expect(fix).toContain(`meta skuid 33 reject (${chain})`);
  expect(next[0]).toBe(list);
  expect(next.at(-1)).toContain('curl -sv --connect-timeout 3 http://10.0.0.1:8080/');
});
