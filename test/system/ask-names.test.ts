/** `check` waited 392 s for 2,000 names, and longer where the resolver was dead: together they have a bound. */
import { describe, expect, test } from 'vitest';
import { namesToResolve } from '../../collector/nginx/peers.ts';
import { askNames, createNameBudget, nameBounds, openNamesText } from '../../collector/system/network/ask-names.ts';
import { askedOnce, type Resolution, type Resolve } from '../../collector/system/network/dns.ts';
import { configurationOf } from '../nginx/memory-files.ts';
import { sleep } from '../support/wait.ts';

/** A resolver that notes what it is asked; `answer` decides when, and whether, it answers. */
function resolver(answer: (name: string) => Promise<Resolution>) {
  const asked: string[] = [];
  let open = 0;
  let most = 0;
  const resolve: Resolve = async (name) => {
    asked.push(name);
    open++;
    most = Math.max(most, open);
    return answer(name).finally(() => open--);
  };
  return { asked, resolve, most: () => most };
}

/** A budget whose time is up when we say so. */
function budgetByHand() {
  let ring = (): void => undefined;
  const budget = createNameBudget((done) => {
    ring = done;
  });
  return { budget, ring: () => ring() };
}

const never = () => new Promise<Resolution>(() => undefined);
const ok: Resolution = { ok: true, addresses: ['10.0.0.1'] };
const slowly = () => sleep(0).then((): Resolution => ok);
const manyNames = (count: number) => Array.from({ length: count }, (_, at) => `a${at}`);

/** Names by `map`, one server for each: how they were found in production. */
function mappedNames(count: number): readonly string[] {
  const maps = manyNames(count).map((name, at) => `map $x $y${at} { default ${name}; }`);
  const servers = manyNames(count).map(
    (_, at) => `server { listen ${at + 1}; location / { proxy_pass http://$y${at}; } }`,
  );
  return namesToResolve(configurationOf(`http { ${maps.join('\n')}\n${servers.join('\n')} }`));
}

describe('2,000 names in maps and a resolver that never answers', () => {
  test('a few are asked, the deadline ends the wait, and none is said not to resolve', async () => {
    const names = mappedNames(2000);
    expect(names).toHaveLength(2000);
    const { asked, resolve } = resolver(never);
    const { budget, ring } = budgetByHand();
    const answers = askNames(names, resolve, budget);
    ring();
    expect(await answers).toEqual({ addresses: new Map(), open: { wanted: 2000, late: 1000, beyond: 1000 } });
    expect(asked).toEqual(names.slice(0, nameBounds.atOnce));
  });

  test('a second nginx shares the deadline and the number', async () => {
    const { budget, ring } = budgetByHand();
    await askNames(manyNames(900), slowly, budget);
    const second = await askNames(manyNames(200), slowly, budget);
    expect(second.open).toEqual({ wanted: 200, late: 0, beyond: 100 });
    ring();
    const third = resolver(slowly);
    expect((await askNames(['b'], third.resolve, budget)).open).toEqual({ wanted: 1, late: 0, beyond: 1 });
    expect(third.asked).toEqual([]);
  });
});

describe('a slow resolver', () => {
  test('is asked a few names at once, each once, and not more than the bound', async () => {
    const slow = resolver(slowly);
    const names = [...mappedNames(2000), ...manyNames(50)];
    const { addresses, open } = await askNames(names, slow.resolve, budgetByHand().budget);
    expect(slow.most()).toBe(nameBounds.atOnce);
    expect(slow.asked).toEqual(names.slice(0, nameBounds.inAll));
    expect([...addresses.keys()]).toEqual(slow.asked);
    expect(open).toEqual({ wanted: 2000, late: 0, beyond: 1000 });
  });

  test('what came in time counts, the rest is neither asked nor judged', async () => {
    const { budget, ring } = budgetByHand();
    const part = resolver((name) => (name === 'a9' ? never() : slowly()));
    const answers = askNames(
      ['gone', ...manyNames(10)],
      (name) => (name === 'gone' ? refused() : part.resolve(name)),
      budget,
    );
    while (!part.asked.includes('a9')) await sleep(0);
    for (let turns = 0; turns < 5; turns++) await sleep(0);
    ring();
    const { addresses, open } = await answers;
    expect(addresses.get('gone')).toEqual([]);
    expect(addresses.has('a9')).toBe(false);
    expect(open).toEqual({ wanted: 11, late: 1, beyond: 0 });
  });

  test('an answer after the deadline asks for no further name', async () => {
    const { budget, ring } = budgetByHand();
    const late: (() => void)[] = [];
    const slow = resolver(() => new Promise((resolve) => late.push(() => resolve(ok))));
    const answers = askNames(manyNames(10), slow.resolve, budget);
    ring();
    await answers;
    for (const answer of late) answer();
    await sleep(0);
    expect(slow.asked).toHaveLength(nameBounds.atOnce);
  });
});

const refused = async (): Promise<Resolution> => ({ ok: false, code: 'ENOTFOUND' });

test('a name that is being asked for is not asked for again', async () => {
  const late: (() => void)[] = [];
  const slow = resolver(() => new Promise((resolve) => late.push(() => resolve(ok))));
  const once = askedOnce(slow.resolve);
  const answers = [once('a'), once('a'), once('b')];
  expect(slow.asked).toEqual(['a', 'b']);
  for (const answer of late) answer();
  expect(await Promise.all(answers)).toEqual([ok, ok, ok]);
  void once('a');
  expect(slow.asked).toEqual(['a', 'b', 'a']);
});

test.each([
  [{ wanted: 0, late: 0, beyond: 0 }, null],
  [{ wanted: 5, late: 0, beyond: 0 }, null],
  [
    { wanted: 5, late: 5, beyond: 0 },
    '5 of 5 names of servers were not asked or not answered: 5 had no answer within 5 s',
  ],
  [
    { wanted: 1200, late: 0, beyond: 200 },
    '200 of 1200 names of servers were not asked or not answered: 200 are beyond the limit of 1000 names',
  ],
  [
    { wanted: 2000, late: 3, beyond: 1000 },
    '1003 of 2000 names of servers were not asked or not answered: 3 had no answer within 5 s, 1000 are beyond the limit of 1000 names',
  ],
])('%j', (open, text) => {
  expect(openNamesText(open)).toBe(text);
});
