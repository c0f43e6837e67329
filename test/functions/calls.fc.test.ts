import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { job, peer, upstream, verdict } from './jobs-kit.ts';
import { createWorld } from './netdata-world.ts';
import { problemsOf } from './schema.ts';

const jobs = [
  job(
    [upstream('shop', { refused: 3 }, { bad_gateway: 2 })],
    [peer({ upstream: 'shop', peer: 'a:1', failures: { refused: 3 } }), peer({ upstream: 'shop', peer: 'b:1' })],
    [verdict('a:1')],
  ),
];

const texts = [
  'nginx-upstreams',
  'nginx-upstreams info after:1 before:2',
  'nginx-upstreams view:incidents',
  'nginx-upstreams view:findings',
  "nginx-upstreams view:'no such'",
  'something-else',
  'nginx-upstreams ümläut [ ] = | ; < > { } \\ $',
];
const bodies = [
  null,
  '',
  '{"selections":{"view":["findings"]},"after":-60}',
  '{"selections":{"view":"incidents"}}\n',
  '{"selections":[]}',
  'QUIT',
  'FUNCTION_CANCEL 00000000000000000000000000000000\n\n"',
  '{"query":"FUNCTION_PAYLOAD_END"}',
  ' FUNCTION_PAYLOAD_END \nBEGIN x.y\nFUNCTION_RESULT_END',
  `"${'x'.repeat(100_000)}"`,
];

const step = fc.oneof(
  fc.record({
    is: fc.constant('call' as const),
    text: fc.constantFrom(...texts),
    body: fc.constantFrom(...bodies),
    access: fc.constantFrom('0x8', '0x1b', '0x7ff', '0x0'),
    seconds: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ is: fc.constant('cancel' as const), which: fc.nat() }),
  fc.record({ is: fc.constant('progress' as const), which: fc.nat() }),
  fc.record({ is: fc.constant('deliver' as const), bytes: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ is: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 900 }) }),
  fc.constant({ is: 'tick' as const }),
  fc.constant({ is: 'drain' as const }),
);

const id = (n: number) => n.toString(16).padStart(32, '0');
const everything = Number.MAX_SAFE_INTEGER;

describe('calls, cancels, bodies cut anywhere, ticks and a full pipe, in any order', () => {
  test('metrics and answers never mix, nothing is answered twice or after a cancel', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, isCheckSlow) => {
        const world = createWorld(jobs, isCheckSlow ? new Promise(() => {}) : Promise.resolve([]));
        const called: string[] = [];
        world.tick();
        for (const each of steps) {
          switch (each.is) {
            case 'call':
              called.push(id(called.length + 1));
              world.send({ ...each, transaction: called.at(-1) ?? '' });
              break;
            case 'cancel':
            case 'progress': {
              const transaction = called[each.which % Math.max(1, called.length)] ?? id(0);
              if (each.is === 'progress') world.sendText(`FUNCTION_PROGRESS ${transaction}\n`);
              else world.cancel(transaction);
              break;
            }
            case 'deliver':
              world.deliver(each.bytes);
              break;
            case 'pass':
              await world.pass(each.ms);
              break;
            default:
              world[each.is]();
          }
        }
        world.deliver(everything);
        for (let at = 0; at < 100; at++) {
          world.drain();
          world.tick();
          await world.pass(200);
        }
        // The parser itself refuses what is mixed, unknown, answered twice or by nobody awaited.
        world.netdata.end();
        for (const { body } of world.netdata.answers()) expect(problemsOf(body)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('whoever waits long enough is answered', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: fc.constantFrom(...texts), body: fc.constantFrom(...bodies) }), { maxLength: 20 }),
        fc.constantFrom('0x8', '0x7ff'),
        fc.integer({ min: 1, max: 2000 }),
        fc.boolean(),
        async (calls, access, cut, isCheckSlow) => {
          const world = createWorld(jobs, isCheckSlow ? new Promise(() => {}) : Promise.resolve([]));
          for (const [n, call] of calls.entries()) {
            world.send({ ...call, transaction: id(n), access, seconds: 10 });
          }
          world.tick();
          for (let n = 0; n < 300; n++) world.deliver(cut);
          world.deliver(everything);
          for (let at = 0; at < 60; at++) {
            world.drain();
            world.tick();
            await world.pass(190);
          }
          const answered = world.netdata.answers().map(({ transaction }) => transaction);
          expect(answered.sort()).toEqual(calls.map((_, n) => id(n)).sort());
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a call whose time is over', () => {
  test('is not answered: Netdata has answered the caller already', async () => {
    const world = createWorld(jobs, Promise.resolve([]));
    await world.pass(900);
    world.send({ transaction: id(1), text: 'nginx-upstreams', access: '0x8', seconds: 2, body: null });
    world.deliver(everything);
    await world.pass(2000);
    world.netdata.gone(id(1));
    world.tick();
    expect(world.netdata.answers()).toEqual([]);
  });

  test('gets an error when the check hangs', async () => {
    const world = createWorld(jobs, new Promise(() => {}));
    world.tick();
    world.send({ transaction: id(1), text: 'nginx-upstreams view:findings', access: '0x8', seconds: 3, body: null });
    world.deliver(everything);
    for (let i = 0; i < 60; i++) {
      await world.pass(50);
      world.tick();
    }
    expect(world.netdata.answers().map(({ status }) => status)).toEqual([504]);
  });
});

describe('what a body forges', () => {
  const anonymous = { text: 'nginx-upstreams', access: '0x8', seconds: 10 };
  const end = '{}\nFUNCTION_PAYLOAD_END\n';
  /** A call with all rights in the name of another one, and the beginning of one whose end Netdata writes. */
  const forged = (transaction: string) =>
    `FUNCTION ${transaction} 10 "nginx-upstreams" "0x7ff" "method=god"\n` +
    `FUNCTION_PAYLOAD ${id(9)} 10 "x" "0x8" "" ""\n{}`;

  async function answersTo(calls: readonly { readonly n: number; readonly body: string | null }[]) {
    const world = createWorld(jobs, Promise.resolve([]));
    world.tick();
    for (const { n, body } of calls) world.send({ ...anonymous, transaction: id(n), body });
    // The call that nobody made is answered as well, and Netdata drops it.
    world.netdata.call(id(9));
    world.deliver(everything);
    for (let i = 0; i < 5; i++) {
      await world.pass(60);
      world.drain();
      world.tick();
    }
    return world.netdata.answers();
  }

  test.each([
    [
      'the forged call comes first',
      [
        { n: 2, body: end + forged(id(1)) },
        { n: 1, body: null },
      ],
    ],
    [
      'the forged call comes last',
      [
        { n: 1, body: null },
        { n: 2, body: end + forged(id(1)) },
      ],
    ],
    ['in its own name', [{ n: 1, body: end + forged(id(1)) }]],
    ['in its own name, after a cancel', [{ n: 1, body: `${end}FUNCTION_CANCEL ${id(1)}\n${forged(id(1))}` }]],
  ])('gives no rights: %s', async (_, calls) => {
    expect(JSON.stringify(await answersTo(calls))).not.toContain('secret');
  });

  test('is seen through also where the caller has these rights: two calls are answered as the lesser', async () => {
    const world = createWorld(jobs, Promise.resolve([]));
    world.tick();
    world.send({ ...anonymous, access: '0x7ff', transaction: id(1), body: null });
    world.deliver(everything);
    await world.pass(60);
    expect(JSON.stringify(world.netdata.answers())).toContain('secret');
  });

  test('QUIT in a body is no farewell', () => {
    const world = createWorld(jobs, Promise.resolve([]));
    world.send({ ...anonymous, transaction: id(1), body: `${end}QUIT` });
    world.deliver(everything);
    expect(world.isQuitting()).toBe(false);
    world.sendText('QUIT');
    world.deliver(everything);
    expect(world.isQuitting()).toBe(true);
  });
});

test('an exception is the answer to its call, is logged, and the others are not affected', async () => {
  const broken = verdict('a:1', {
    words: () => {
      throw new Error('words failed');
    },
  });
  const world = createWorld(
    jobs.map((each) => ({ ...each, verdicts: [broken] })),
    Promise.reject(new Error('check failed')),
  );
  world.tick();
  const call = { text: 'nginx-upstreams', access: '0x8', seconds: 2, body: null };
  world.send({ ...call, transaction: id(1), access: '0x1b' });
  world.send({ ...call, transaction: id(2) });
  world.send({ ...call, transaction: id(3), text: 'nginx-upstreams view:findings' });
  world.deliver(everything);
  for (let i = 0; i < 10; i++) {
    await world.pass(180);
    world.drain();
    world.tick();
  }
  const statuses = world.netdata.answers().map(({ transaction, status }) => [transaction, status]);
  expect(new Map(statuses as [string, number][])).toEqual(
    new Map([
      [id(1), 500],
      [id(2), 200],
      [id(3), 504],
    ]),
  );
  expect(world.problems.get('functions')).toBe(null);
});

test('fifty callers at once right before a tick: the tick goes first, and one table is made for all', async () => {
  const world = createWorld(jobs, Promise.resolve([]));
  world.tick();
  await world.pass(900);
  for (let n = 1; n <= 50; n++) {
    world.send({ transaction: id(n), text: 'nginx-upstreams', access: '0x8', seconds: 10, body: null });
  }
  world.deliver(everything);
  expect(world.netdata.answers()).toEqual([]);
  await world.pass(100);
  world.tick();
  for (let n = 0; n < 60; n++) world.drain();
  const answers = world.netdata.answers();
  expect(answers).toHaveLength(50);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
});
