/** The verdicts that stand: reported once, kept while something fails, written down for a day. */
import { describe, expect, test } from 'vitest';
import type { PeerFacts } from '../../../collector/diagnose/facts/facts.ts';
import type { Failing } from '../../../collector/diagnose/impact/failures.ts';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { createVerdicts, isEmpty, isNew, labelOf, verdictsOf } from '../../../collector/runtime/causes/verdicts.ts';
import { facts, failed, listener, nowMs, peer, rememberedPeer, tcp } from '../../diagnose/facts-kit.ts';

const name = '10.0.0.1:8080';
const down = (more: Partial<PeerFacts> = {}) => peer(name, { upstream: 'shop', remembered: rememberedPeer(), ...more });

function watching() {
  const said: string[] = [];
  const say = (level: string) => (text: string) => void said.push(`${level} ${text}`);
  const verdicts = createVerdicts('edge', { info: say('info'), warning: say('warning'), error: say('error') });
  return {
    verdicts,
    said: () => said.splice(0).map((line) => line.split(': ').slice(0, 2).join(': ')),
    judged(one: PeerFacts, at = nowMs) {
      const all = { ...facts([one]), nowMs: at };
      verdicts.judged(judge(all, String), all);
    },
  };
}

describe('what is reported', () => {
  test('a verdict once, another one again, and the end of failures', () => {
    const { verdicts, said, judged } = watching();
    judged(down());
    judged(down());
    expect(said()).toEqual([`warning ${name}: process_down (certain)`]);
    judged(down({ tcp: tcp(name, { home: 'elsewhere', probe: { is: 'silent' } }), remembered: null }));
    expect(said()[0]).toMatch(/^warning 10\.0\.0\.1:8080: (?!process_down)/);
    verdicts.forgetBefore(nowMs + 1);
    verdicts.forgetBefore(nowMs + 1);
    expect([said(), verdicts.standing()]).toEqual([[`info ${name}: no longer failing`], []]);
  });

  test('what failed since then stands', () => {
    const { verdicts, judged } = watching();
    judged(down());
    verdicts.forgetBefore(nowMs - 1000);
    expect(verdicts.standing().map(labelOf)).toEqual(['process down (certain)']);
  });
});

describe('what is known stays', () => {
  test('since the first failure that was ever reported', () => {
    const { verdicts, judged } = watching();
    judged(down());
    const since = verdicts.standing()[0]?.sinceMs;
    judged(down({ failures: new Map([['refused', failed({ firstMs: nowMs - 2000 })] as const]) }));
    expect([since, verdicts.standing()[0]?.sinceMs]).toEqual([nowMs - 20_000, nowMs - 20_000]);
  });

  test('a check that is less sure of the same does not weaken it', () => {
    const { verdicts, judged } = watching();
    judged(down());
    judged(down({ remembered: null }));
    expect(verdicts.standing().map(labelOf)).toEqual(['process down (certain)']);
  });

  test('one that is surer takes its place', () => {
    const { verdicts, judged } = watching();
    judged(down({ remembered: null }));
    expect(verdicts.standing().map(labelOf)).toEqual(['process down (likely)']);
    judged(down());
    expect(verdicts.standing().map(labelOf)).toEqual(['process down (certain)']);
  });
});

describe('what is written down', () => {
  test('each verdict with its evidence, until a day has passed; asking for it says that it is taken', () => {
    const { verdicts, judged } = watching();
    judged(down());
    expect(verdicts.hasChanged()).toBe(true);
    const kept = JSON.parse(verdicts.text(nowMs)) as Record<string, { cause: string; evidence: string[] }>;
    expect([verdicts.hasChanged(), Object.keys(kept), kept[name]?.cause]).toEqual([false, [name], 'process_down']);
    expect(kept[name]?.evidence.length).toBeGreaterThan(0);
    verdicts.forgetBefore(nowMs + 1);
    expect(verdicts.hasChanged()).toBe(true);
    expect(verdicts.text(nowMs + 86_000_000)).toContain('process_down');
    expect(verdicts.text(nowMs + 86_400_000)).toBe('{}');
  });

  test.each([
    ['a failure of 20 s later', 20_000, true],
    ['one of the same seconds', 3000, false],
  ])('the same verdict again, about %s: the file says so until it is over', (_, laterMs, expected) => {
    const { verdicts, judged } = watching();
    const failures = new Map([['refused', failed({ lastMs: nowMs - 30_000 })]] as const);
    judged(down({ failures }));
    verdicts.text(nowMs - 30_000);
    judged(down({ failures: new Map([['refused', failed({ lastMs: nowMs - 30_000 + laterMs })]] as const) }));
    expect(verdicts.hasChanged()).toBe(expected);
  });
});

describe('for charts and Functions', () => {
  const standing = (is: 'peer' | 'group' | 'name' | 'nginx', upstream: string) => {
    const { verdicts, judged } = watching();
    judged(down());
    const [one] = verdicts.standing();
    if (one === undefined) throw new Error('no verdict');
    return { ...one, is, name: 'app', upstream };
  };

  test.each([
    ['peer', 'shop', [['peer', 'app']]],
    ['group', 'shop', [['group', 'app']]],
    ['nginx', '', [['nginx', 'app']]],
    ['name', 'shop', [['group', 'shop']]],
    ['name', '', []],
  ] as const)('a verdict about a %s of %j', (is, upstream, expected) => {
    expect(verdictsOf([standing(is, upstream)]).map((each) => [each.is, each.name])).toEqual(expected);
  });
});

describe('whether a diagnosis is due at once', () => {
  const quiet: Failing = { peers: [], groups: [], names: [], nginx: new Map() };
  const failures = failed({ lastMs: nowMs });
  const ofPeer = {
    peer: name,
    upstream: 'shop',
    scheme: null,
    isUdp: false,
    failures: new Map([['refused', failures] as const]),
  };
  const all: readonly (readonly [string, Failing])[] = [
    [name, { ...quiet, peers: [ofPeer] }],
    ['shop', { ...quiet, groups: [{ upstream: 'shop', failures }] }],
    ['app.example', { ...quiet, names: [{ name: 'app.example', reason: 'x', failures }] }],
    ['nginx', { ...quiet, nginx: new Map([['no_files', failures] as const]) }],
  ];

  test.each(all)('%s', (about, failing) => {
    const { verdicts, judged } = watching();
    judged(down());
    const [one] = verdicts.standing();
    if (one === undefined) throw new Error('no verdict');
    const stands = { ...one, name: about };
    expect([isEmpty(failing), isNew(failing, []), isNew(failing, [stands])]).toEqual([false, true, false]);
    const over = { ...stands, isOver: true };
    expect(isNew(failing, [{ ...over, lastMs: nowMs - 1 }])).toBe(true);
    expect(isNew(failing, [{ ...over, lastMs: nowMs }])).toBe(false);
  });

  test('nothing fails', () => {
    expect([isEmpty(quiet), isNew(quiet, [])]).toEqual([true, false]);
  });

  test('a listener is back: it is over, and said so', () => {
    const { verdicts, said, judged } = watching();
    judged(down());
    said();
    const back = tcp(name, {
      serving: [listener('0.0.0.0:8080', { startedMs: nowMs - 10_000 })],
      probe: { is: 'connected' },
    });
    const past = new Map([['refused', failed({ firstMs: nowMs - 60_000, lastMs: nowMs - 40_000 })] as const]);
    judged(down({ tcp: back, failures: past, remembered: rememberedPeer({ inode: 1, sinceMs: nowMs - 10_000 }) }));
    expect(verdicts.standing()[0]?.isOver).toBe(true);
    expect(said()[0]).toMatch(/^info 10\.0\.0\.1:8080: .*, ended$/);
  });
});
