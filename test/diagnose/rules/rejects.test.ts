/** Rules that reject, in every way they can, and what looks like them: routes, links, restarts. */
import { describe, expect, test } from 'vitest';
import type { PeerFacts, TcpFacts } from '../../../collector/diagnose/facts/facts.ts';
import type { KindFailures } from '../../../collector/diagnose/impact/traffic.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { word } from '../../../collector/diagnose/words/wording.ts';
import type { FailureKind } from '../../../collector/model.ts';
import { facts, failed, listener, nowMs, other, peer, rememberedPeer, tcp } from '../facts-kit.ts';

const time = (ms: number): string => String(ms);
const ago = (seconds: number): number => nowMs - seconds * 1000;
const judgedOf = (one: PeerFacts) => judge(facts([one]), time)[0];
const verdicts = (one: PeerFacts): readonly string[] =>
  (judgedOf(one)?.findings ?? []).map(({ code, sureness, isOver }) => `${code} ${sureness}${isOver ? ' ended' : ''}`);

type Failed = readonly [FailureKind, errno: number, first: number, last: number, message?: string];
const failures = (all: readonly Failed[]): ReadonlyMap<FailureKind, KindFailures> =>
  new Map(
    all.map(([kind, errno, first, last, message = 'connect() failed']) => [
      kind,
      failed({ errno, message, firstMs: ago(first), lastMs: ago(last) }),
    ]),
  );

/** Seen by the plugin since ten minutes ago, the same socket all the while. */
const remembered = rememberedPeer({ listeningMs: ago(1), watchedSinceMs: ago(600), inode: 8080 });
const answers = (lastConnected: number) => ({
  connected: 20,
  lastConnectedMs: ago(lastConnected),
  serverErrors: 0,
  statuses: [],
  firstErrorMs: Number.NEGATIVE_INFINITY,
  lastErrorMs: Number.NEGATIVE_INFINITY,
});
const serving = { serving: [listener('0.0.0.0:8080')] };
const connected = { probe: { is: 'connected' as const } };
const silent = { probe: { is: 'silent' as const } };
const unreachable = { probe: { is: 'unreachable' as const } };
const away = { home: 'elsewhere' as const };

const table: Readonly<
  Record<string, readonly [readonly Failed[], Partial<TcpFacts>, Partial<PeerFacts>, readonly string[]]>
> = {
  'back after 100 s, and the plugin, which may not see its process, has not seen the new socket yet': [
    [['refused', 111, 100, 2]],
    { serving: [listener('0.0.0.0:8080', { inode: 8081, startedMs: null })], ...connected },
    { remembered: rememberedPeer({ listeningMs: ago(105), watchedSinceMs: ago(600), inode: 8080 }) },
    ['unknown unknown'],
  ],
  'ip route add unreachable: this host’s own tables say so at once': [
    [['unreachable', 113, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, ...unreachable },
    {},
    ['no_route certain'],
  ],
  'ip route add unreachable, for an address of this host’s network': [
    [['unreachable', 113, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, ...unreachable, neighbour: true },
    {},
    ['no_route certain'],
  ],
  'reject with icmp net-unreachable by a neighbour: there is no router between': [
    [['unreachable', 101, 30, 1]],
    { ...away, ...unreachable, neighbour: true },
    {},
    ['firewall_reject likely'],
  ],
  'the same, the neighbour is a container of this host': [
    [['unreachable', 101, 30, 1]],
    { home: other, ...serving, ...unreachable, neighbour: true },
    {},
    ['firewall_reject certain'],
  ],
  'reject with icmp net-unreachable behind a router': [
    [['unreachable', 101, 30, 1]],
    { ...away, ...unreachable },
    {},
    ['no_route likely'],
  ],
  'reject with icmp prot-unreachable by a neighbour': [
    [['unreachable', 92, 30, 1]],
    { ...away, probe: { is: 'failed', code: 'ENOPROTOOPT' }, neighbour: true },
    {},
    ['firewall_reject likely'],
  ],
  'reject with icmp prot-unreachable behind a router: no system answers so': [
    [['unreachable', 92, 30, 1]],
    { ...away, probe: { is: 'failed', code: 'ENOPROTOOPT' } },
    {},
    ['firewall_reject likely'],
  ],
  'reject with icmp at 2 requests a second: one is answered, the others are not': [
    [
      ['timed_out', 110, 30, 1],
      ['unreachable', 113, 30, 3],
    ],
    { ...away, ...silent, neighbour: true },
    {},
    ['firewall_reject likely'],
  ],
  'the same by a router that has no way': [
    [
      ['timed_out', 110, 30, 1],
      ['unreachable', 101, 30, 3],
    ],
    { ...away, ...silent },
    {},
    ['no_route likely'],
  ],
  'the same behind a router, and the host is gone': [
    [
      ['timed_out', 110, 30, 1],
      ['unreachable', 113, 30, 3],
    ],
    { ...away, ...silent },
    {},
    ['host_down likely'],
  ],
  'port unreachable once a second, the rest unanswered, and it listens': [
    [
      ['timed_out', 110, 40, 1],
      ['refused', 111, 60, 12],
    ],
    { home: other, ...serving, ...silent },
    {},
    ['firewall_reject likely'],
  ],
  'down for 20 s and back, then dropped: the restart is another story, and over': [
    [
      ['timed_out', 110, 5, 1],
      ['refused', 111, 28, 12],
    ],
    { home: other, serving: [listener('0.0.0.0:8080', { startedMs: ago(11) })], ...silent },
    {},
    ['no_answer likely'],
  ],
  'a limit on new connections resets the rest: the same socket listened all the while': [
    [['refused', 111, 40, 1]],
    { ...serving, ...connected },
    { remembered, answers: answers(0) },
    ['firewall_reject likely'],
  ],
  'the same, not probed': [
    [['refused', 111, 40, 1]],
    { ...serving, probe: { is: 'not_probed', why: 'too_soon' } },
    { remembered, answers: answers(0) },
    ['firewall_reject likely'],
  ],
  'the limit was taken away': [
    [['refused', 111, 40, 15]],
    { ...serving, ...connected },
    { remembered, answers: answers(0) },
    ['firewall_reject likely ended'],
  ],
  'a restart between two checks: the socket is another': [
    [['refused', 111, 14, 11]],
    { serving: [listener('0.0.0.0:8080', { inode: 9 })], ...connected },
    { remembered, answers: answers(1) },
    ['restarting likely ended'],
  ],
  'refused for a moment by another host, which takes connections since and answers 503': [
    [['refused', 111, 40, 30]],
    { ...away, probe: { is: 'not_probed', why: 'too_soon' } },
    { answers: { ...answers(60), lastTakenMs: ago(1) } },
    ['restarting likely ended'],
  ],
  'no answer for a while, and now all get through: over within seconds': [
    [['timed_out', 110, 40, 6]],
    { ...away, ...connected },
    { answers: { ...answers(1), lastTakenMs: ago(1), takenMs: [ago(3), ago(1)] } },
    ['no_answer likely ended'],
  ],
  'the same, one from here gets no answer yet': [
    [['timed_out', 110, 40, 6]],
    { ...away, ...silent },
    { answers: { ...answers(1), lastTakenMs: ago(1), takenMs: [ago(3), ago(1)] } },
    ['no_answer likely'],
  ],
  'stopped, and it continues: what its queue took meanwhile was no success': [
    [
      ['timed_out', 110, 40, 6],
      ['read_timeout', 110, 40, 9],
    ],
    { ...away, ...connected },
    { answers: { ...answers(1), lastTakenMs: ago(1), takenMs: [ago(30), ago(20), ago(3), ago(1)] } },
    ['hangs likely', 'no_answer likely ended'],
  ],
  'one in ten gets no answer: not over between two of them': [
    [['timed_out', 110, 40, 6]],
    { ...away, ...connected },
    { answers: { ...answers(1), lastTakenMs: ago(1), takenMs: [ago(30), ago(20), ago(3), ago(1)] } },
    ['no_answer likely'],
  ],
  'errno 22, and the probe has to wait: what was found before stands': [
    [['unreachable', 22, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, probe: { is: 'not_probed', why: 'too_soon' } },
    {},
    ['unknown unknown'],
  ],
  'errno 22, and nothing is probed at all': [
    [['unreachable', 22, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, probe: { is: 'not_probed', why: 'off' } },
    {},
    ['no_route likely'],
  ],
  'proxy_bind with a loopback address, which leads nowhere': [
    [['unreachable', 22, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, ...connected },
    {},
    ['no_local_address likely'],
  ],
  'the same, and the peer is down as well': [
    [['unreachable', 22, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, probe: { is: 'refused' } },
    {},
    ['no_local_address likely'],
  ],
  'a blackhole route': [
    [['unreachable', 22, 30, 1, 'connect() to 10.0.0.1:8080 failed']],
    { ...away, probe: { is: 'failed', code: 'EINVAL' } },
    {},
    ['no_route certain'],
  ],
  'proxy_bind with its own port': [
    [['no_ports', 98, 30, 1, 'bind(10.0.0.9:4000) failed while connecting to upstream']],
    { ...away, ...connected, localPorts: { used: 9, of: 28232 } },
    {},
    ['no_local_address certain'],
  ],
  'a rule for nginx’s user, and one request a minute: not over between two of them': [
    [['refused', 111, 90, 30]],
    { ...serving, ...connected },
    { remembered, answers: answers(300) },
    ['firewall_reject likely'],
  ],
  'a rule that drops for nginx’s user, and one request a minute': [
    [['timed_out', 110, 90, 30]],
    { ...serving, ...connected },
    { remembered, answers: answers(300) },
    ['no_answer likely'],
  ],
  'the same, and nobody has asked for minutes': [
    [['timed_out', 110, 290, 130]],
    { ...serving, ...connected },
    { remembered, answers: answers(300) },
    ['no_answer likely ended'],
  ],
  'the link of a container is down: nobody answers ARP': [
    [['unreachable', 113, 30, 1]],
    { home: other, ...serving, ...unreachable, neighbour: false },
    {},
    ['host_down likely'],
  ],
  'the same before nginx has given up': [
    [['timed_out', 110, 30, 1]],
    { home: other, ...serving, ...silent, neighbour: false },
    {},
    ['host_down likely'],
  ],
};

/** The same at fd00::1. */
const overIpv6: Readonly<Record<string, readonly [Failed, Partial<TcpFacts>, readonly string[]]>> = {
  'reject with icmpv6 admin-prohibited, the probe answered': [
    ['denied', 13, 30, 1],
    { ...away, probe: { is: 'denied' } },
    ['firewall_reject likely'],
  ],
  'reject with icmpv6 admin-prohibited, the probe not answered: once a second': [
    ['denied', 13, 30, 1],
    { ...away, ...silent },
    ['firewall_reject likely'],
  ],
  'the same, ended': [['denied', 13, 50, 25], { ...away, ...connected }, ['firewall_reject likely ended']],
  'ip -6 route add prohibit': [
    ['denied', 13, 30, 1, 'connect() to [fd00::1]:8080 failed'],
    { ...away, probe: { is: 'denied' } },
    ['not_permitted likely'],
  ],
  'a security module': [
    ['denied', 13, 30, 1, 'connect() to [fd00::1]:8080 failed'],
    { ...away, ...connected },
    ['not_permitted likely'],
  ],
};

describe('rejected, or only alike', () => {
  test.each(Object.entries(overIpv6))('over IPv6: %s', (_, [kind, of, expected]) => {
    const one = peer('[fd00::1]:8080', { failures: failures([kind]), tcp: tcp('[fd00::1]:8080', of) });
    expect(verdicts(one)).toEqual(expected);
  });

  test.each(Object.entries(table))('%s', (_, [kinds, of, some, expected]) => {
    const failed = failures(kinds);
    expect(verdicts(peer('10.0.0.1:8080', { failures: failed, tcp: tcp('10.0.0.1:8080', of), ...some }))).toEqual(
      expected,
    );
  });

  test('what others get is said only where they get it while this fails', () => {
    const one = (lastConnected: number) =>
      peer('10.0.0.1:8080', {
        failures: failures([['timed_out', 110, 30, 1]]),
        tcp: tcp('10.0.0.1:8080', { ...serving, ...connected }),
        answers: answers(lastConnected),
      });
    const evidence = (lastConnected: number) => judgedOf(one(lastConnected))?.findings[0]?.evidence.join('; ');
    expect(evidence(2)).toContain('other requests to it succeed meanwhile');
    expect(evidence(35)).not.toContain('meanwhile');
    expect(evidence(35)).toContain('by another user, succeeds: a rule for the user www-data');
  });

  test('a route of type unreachable is named in the command', () => {
    const judged = judgedOf(
      peer('10.0.0.1:8080', {
        failures: failures([['unreachable', 113, 30, 1, 'connect() to 10.0.0.1:8080 failed']]),
        tcp: tcp('10.0.0.1:8080', { ...away, ...unreachable }),
      }),
    );
    const [finding] = judged?.findings ?? [];
    if (judged === undefined || finding === undefined) throw new Error('no verdict');
    expect(word(finding, judged, facts([])).next[0]).toBe('ip route show type unreachable');
  });
});
