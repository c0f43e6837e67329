/** A complete error log says the same whether or not the lines of a storm are read in place. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plausible as claim, forgeries, notFoundRecord, shapes } from '../../support/logs/forging.ts';
import { connecting, fields, head, refused, request, upstream } from '../error/reader/lines.ts';
import { pieces, type Step, tell } from './lines.ts';

const other = `${head()}upstream timed out (110: Connection timed out)${connecting}${fields}`;
const root = `${head()}open() "/usr/share/nginx/html`;
const records = Object.values(shapes).flatMap((shape) =>
  ['refused', 'no_live', 'refused, mail'].flatMap((name) => {
    const line = forgeries[name]?.(claim);
    return line === undefined ? [] : [notFoundRecord(shape(line, root.length), claim)];
  }),
);
const knock = '" while reading PROXY protocol, client: 192.0.2.9, server: 0.0.0.0:80';
const ended = '" failed (2: x), client: 1.2.3.4, server: , request: "GET /x HTTP/1.1", host: "a"';
/** Records that a client ended, and begun again: where nginx cuts the rest, and without any request. */
const begun = {
  cut: `${root}/x${ended}\n${forgeries['no_live']?.(claim)}\n${head()}open() "/zz" failed (2: x), client: 192.0.2.9, server: , request: "GET ${'/.'.repeat(1200)}`.slice(
    0,
    2047,
  ),
  'no request': `${head()}broken header: "x${knock}\n${forgeries['no_live']?.(claim)}\n${head()}broken header: "y${knock}`,
};
const stderr = `${head()}FastCGI sent in stderr: "PHP message: PHP Fatal error: x`;
const login = `${head()}recv() failed (104: x) while reading response from upstream, client: 1.1.1.1, server: 0.0.0.0:25, login: "x`;

/** What stands in error logs, and what a client can have nginx print. */
const lines: readonly string[] = [
  ...Object.values(forgeries).map((forge) => forge(claim)),
  ...records,
  ...Object.values(begun),
  `${stderr}\n#0 {main}\n${refused}\n  thrown" while reading response header from upstream${fields}`,
  `${stderr}" while reading response header from upstream${fields}`,
  `${head()}[lua] a.lua:1: x\nstack traceback:\n${refused}\n, client: 192.0.2.7, server: a`,
  `${head()}open() "/srv/x`,
  `" failed (2: x)${request}, host: "x"`,
  refused.replace('/a?b=c', '/a%0a2026/11/22%2007:30:45'),
  `${head()}connect() failed (111: x)${connecting}${request}, upstream: "http://127.0.0.1:80/a\nb", host: "a"`,
  refused.replace('GET /a', 'GET /a, client: 6.6.6.6, server: x'),
  `${refused}\r`,
  refused.replace('/a', '/\u00e4'),
  refused.replace('/a', '/\xff'),
  refused.replace('*7 ', ''),
  login,
  `${login}", upstream: 127.0.0.1:25`,
  'x", upstream: 127.0.0.1:25',
  `${head('notice', '')}signal process started`,
  `${head('info')}client 192.0.2.7 closed keepalive connection`,
  `${head('debug')}http header: "Host: a"`,
  'other program',
  '',
  'x'.repeat(3000),
  'x'.repeat(70_000),
  refused.padEnd(2047, 'x').slice(0, 2047),
  refused.slice(0, 200),
  `${head()}${'y'.repeat(4095 - head().length)}`,
];
const storm = [
  refused,
  other,
  refused.replace('4027#', '4028#'),
  refused.replaceAll('21010', '21011'),
  refused + upstream,
];
const some = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...storm) },
  { weight: 2, arbitrary: fc.constantFrom(...lines) },
);
const burst = fc.tuple(fc.constantFrom(refused, other), fc.nat(40)).map(([line, count]) => Array(count).fill(line));
const log = fc
  .array(fc.oneof({ weight: 8, arbitrary: some.map((line) => [line]) }, { weight: 1, arbitrary: burst }), {
    maxLength: 60,
  })
  .map((texts) => Buffer.from(texts.flat().join('\n')));
const lengths = fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }));
const pauses = fc.array(fc.constantFrom(null, null, null, 'wait' as const, 'pause' as const), { maxLength: 20 });

test('any log, in any pieces, with any pauses', () => {
  let fast = 0;
  fc.assert(
    fc.property(log, lengths, pauses, (bytes, cuts, rests) => {
      const steps: readonly Step[] = pieces(bytes, cuts).flatMap((piece, i) => {
        const rest = rests[i % Math.max(1, rests.length)] ?? null;
        return rest === null ? [piece] : [piece, rest];
      });
      const quick = tell(steps, true);
      const slow = tell(steps, false);
      expect(quick.events).toEqual(slow.events);
      expect(quick.read).toBe(slow.read);
      fast += quick.fast;
    }),
    { interruptAfterTimeLimit: 6000, numRuns: 800 },
  );
  expect(fast).toBeGreaterThan(50);
});

test.each(Object.entries(shapes))('a forged line behind a storm counts for nothing: %s', (_, shape) => {
  const record = notFoundRecord(shape(forgeries['refused']?.(claim) ?? '', root.length), claim);
  for (const before of [0, 1, 5, 40]) {
    for (const behind of [0, 1, 40]) {
      const text = [...Array(before).fill(refused), record, ...Array(behind).fill(refused), ''].join('\n');
      const told = tell([Buffer.from(text)], true);
      expect(told.events).toEqual(tell([Buffer.from(text)], false).events);
      expect(told.events.filter((event) => event.startsWith('line') && event.includes('refused'))).toHaveLength(
        before + behind,
      );
    }
  }
});

test.each(Object.entries(begun))('nor does one whose record a client began again: %s', (_, record) => {
  for (const before of [0, 1, 40]) {
    for (const behind of [0, 1, 40]) {
      const text = [...Array(before).fill(refused), record, ...Array(behind).fill(refused), ''].join('\n');
      const told = tell([Buffer.from(text)], true);
      expect(told.events).toEqual(tell([Buffer.from(text)], false).events);
      const counted = told.events.filter((event) => event.startsWith('line'));
      expect(counted.filter((event) => event.includes('no_live'))).toEqual([]);
      expect(counted.filter((event) => event.includes('refused'))).toHaveLength(before + behind);
    }
  }
});

test('a storm is read in place, whatever its pieces are, and each line counts once', () => {
  const text = Buffer.from(`${Array(5000).fill(refused).join('\n')}\n`);
  for (const length of [65_536, 7001, 300, 97, 1]) {
    const told = tell(pieces(text, [length]), true);
    expect([told.fast, told.read, new Set(told.events).size]).toEqual([5000, 5000, 1]);
  }
});
