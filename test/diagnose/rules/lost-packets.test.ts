/** Packets that are lost: which ones, whether all are, and what is said when it is over. */
import { describe, expect, test } from 'vitest';
import type { Facts, PeerFacts, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import { keepEnded, pastVerdict } from '../../../collector/diagnose/rules/ended.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import { parseNft } from '../../../collector/parse/firewall/nft.ts';
import { refusalsOf } from '../../../collector/parse/firewall/refusals.ts';
import { facts, failed, host, listener, nowMs, peer, rememberedPeer, server, tcp } from '../facts-kit.ts';

const answers = { connected: 9, lastConnectedMs: 0, serverErrors: 0, statuses: [], firstErrorMs: 0, lastErrorMs: 0 };

function told(all: Facts) {
  const [judged] = judge(all, (ms) => `${ms}`);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  return { finding, ...word(finding, judged, all) };
}

const silentFor = (sockets: Partial<PeerFacts['sockets']>, refusals: TcpFacts['refusals'] = null) =>
  told(
    facts([
      peer('10.0.0.1:8080', {
        failures: new Map([['read_timeout', failed({ errno: 110, message: 'upstream timed out' })]]),
        sockets: { retried: 0, unacknowledged: 4, unread: 0, ...sockets },
        tcp: tcp('10.0.0.1:8080', { refusals, serving: [listener('0.0.0.0:8080')], probe: { is: 'connected' } }),
      }),
    ]),
  );

test.each<[string, Partial<PeerFacts['sockets']>, boolean, boolean]>([
  ['a small request in each of them: no MTU', { mostBytes: 96 }, false, true],
  ['as much as any link carries', { mostBytes: 500 }, false, true],
  ['large ones: a smaller MTU', { mostBytes: 1460 }, true, false],
  ['where the size is not known', {}, true, false],
  ['what arrived is not read', { mostBytes: 96, unread: 4 }, false, false],
  ['nothing is sent again', { unacknowledged: 0 }, false, false],
])('data that nginx sends is lost: %s', (_, sockets, isMtu, isSmall) => {
  const { what, fix, finding } = silentFor(sockets);
  expect(what.includes('large ones do not')).toBe(isMtu);
  expect(/MTU/.test(fix)).toBe(isMtu);
  expect(finding.rulesOut.includes('a smaller MTU on the way: these packets are small')).toBe(isSmall);
  expect(what.includes('what nginx sends on them is lost')).toBe(isMtu || isSmall);
});

test('root sees the rule that drops the data of connections that are made', () => {
  const chain = (rules: string): string =>
    `table ip t {\nchain c {\ntype filter hook output priority 0; policy accept;\n${rules}\n}\n}\n`;
  const text = chain('tcp dport 8080 ct state established drop\ntcp dport 22 drop');
  const to = { host: '10.0.0.1', port: 8080, isUdp: false, uid: 33, user: 'www-data', isLocal: false };
  const { finding } = silentFor({ mostBytes: 96 }, refusalsOf(parseNft(text), to));
  expect(finding.evidence).toContain(
    "this host's firewall drops it: tcp dport 8080 ct state established drop (ip t c)",
  );
});

describe('SYNs are lost, and the test connection as well', () => {
  const timedOut = (home: 'elsewhere' | typeof host, answeredAgo: number | null) =>
    told(
      facts([
        peer('10.0.0.1:8080', {
          failures: new Map([['timed_out', failed({ errno: 110 })]]),
          answers: answeredAgo === null ? null : { ...answers, lastConnectedMs: nowMs - answeredAgo },
          tcp: tcp('10.0.0.1:8080', { home, probe: { is: 'silent' } }),
        }),
      ]),
    ).what;
  test.each<[string, 'elsewhere' | typeof host, number | null, string]>([
    ['others succeed at this moment', 'elsewhere', 500, 'while others succeed'],
    ['others did until 10 s ago', 'elsewhere', 10_000, 'does not answer at all'],
    ['others did before the first failure', 'elsewhere', 25_000, 'does not answer at all'],
    ['no access log says so', 'elsewhere', null, 'does not answer at all'],
    ['on this host a firewall drops them', host, 500, 'a firewall on this host drops them'],
  ])('%s', (_, home, answeredAgo, expected) => {
    expect(timedOut(home, answeredAgo)).toContain(expected);
  });
});

test('a rule for the user of nginx alone is over: it is not said that the host was dead', () => {
  const failures = new Map([
    ['timed_out', failed({ errno: 110, firstMs: nowMs - 90_000, lastMs: nowMs - 40_000 })],
  ] as const);
  const then = peer('10.0.0.1:8080', {
    failures,
    tcp: tcp('10.0.0.1:8080', { home: 'elsewhere', probe: { is: 'connected' } }),
    sockets: { retried: 3, unacknowledged: 0, unread: 0 },
  });
  const now = {
    ...then,
    sockets: { retried: 0, unacknowledged: 0, unread: 0 },
    answers: { ...answers, lastConnectedMs: nowMs },
  };
  const [before] = judge(facts([then]), String);
  const [judged] = judge(facts([now]), String);
  if (before === undefined || judged === undefined) throw new Error('nothing judged');
  const kept = keepEnded(judged, pastVerdict(before), nowMs);
  const [finding] = kept.findings;
  if (finding === undefined) throw new Error('nothing found');
  expect(finding.isOver).toBe(true);
  expect(word(finding, kept, facts([now])).what).toContain(
    'connections of nginx to 10.0.0.1:8080 got no answer, while one from here',
  );
});

describe('since when nothing listens', () => {
  const until = (some: Partial<PeerFacts>) =>
    told(facts([peer('127.0.0.1:8080', { remembered: rememberedPeer(), ...some })])).finding.evidence.find((each) =>
      each.startsWith('something listened there until'),
    );
  test.each<[string, Partial<PeerFacts>, number]>([
    [
      'the plugin looked seldom, and nginx was answered later',
      { answers: { ...answers, lastConnectedMs: nowMs - 21_000 } },
      21_000,
    ],
    ['nginx was answered before that', { answers: { ...answers, lastConnectedMs: nowMs - 50_000 } }, 30_000],
    ['nginx was never answered', { answers: { ...answers, lastConnectedMs: Number.NEGATIVE_INFINITY } }, 30_000],
    ['no access log says so', {}, 30_000],
  ])('%s', (_, some, ago) => {
    expect(until(some)).toContain(`until ${nowMs - ago}: `);
  });
  test('the very socket that listens now did not end', () => {
    const back = tcp('127.0.0.1:8080', { serving: [listener('127.0.0.1:8080')], probe: { is: 'connected' } });
    const ends = [nowMs - 20_000, nowMs - 8000];
    const looped = (inode: number) => until({ tcp: back, remembered: rememberedPeer({ endedMs: ends, inode }) });
    expect(looped(8080)).toBeUndefined();
    expect(looped(1)).toContain('until');
  });
});

test('an error of the application itself ended with the last of it, not with the last refusal', () => {
  const own = { connected: 100, serverErrors: 50, statuses: [500], firstErrorMs: nowMs - 60_000 };
  const all = facts([
    peer('10.0.0.1:8080', {
      failures: new Map([['refused', failed({ firstMs: nowMs - 70_000, lastMs: nowMs - 70_000 })]]),
      answers: { ...own, lastErrorMs: nowMs - 30_000, lastConnectedMs: nowMs - 1000 },
      tcp: tcp('10.0.0.1:8080', { serving: [listener('10.0.0.1:8080')], probe: { is: 'connected' } }),
    }),
  ]);
  const [judged] = judge(all, String);
  const finding = judged?.findings.find(({ code }) => code === 'application_error');
  if (judged === undefined || finding === undefined) throw new Error('not found');
  expect(finding.isOver).toBe(true);
  expect(word(finding, judged, all).what).toContain('ended 30 s ago');
});

test.each<[string, boolean, boolean, boolean]>([
  ['all were marked down until a reload', true, false, true],
  ['one is, and another failed', true, true, false],
  ['none is', false, false, false],
])('a group that had no live server, over: %s', (_, down, hasFailed, expected) => {
  const servers = [server('10.0.0.1:80'), server('10.0.0.2:80', { down })];
  const failures = failed({ errno: null, firstMs: nowMs - 90_000, lastMs: nowMs - 60_000 });
  const peers = hasFailed ? [peer('10.0.0.1:80')] : [];
  const all = facts(peers, { groups: [{ upstream: 'app', failures, servers }] });
  const judged = judge(all, String).find(({ subject }) => subject.is === 'group');
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  expect(finding.isOver).toBe(true);
  expect(word(finding, judged, all).what.includes('all were marked down')).toBe(expected);
});
