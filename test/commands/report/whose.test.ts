/** Whose requests failed, from when to when, and who made the errors: what operators ask `report`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createFailuresByName } from '../../../collector/aggregate/report/by-name.ts';
import { createReportUpstreams } from '../../../collector/aggregate/report/upstreams.ts';
import { UsageError } from '../../../collector/commands/command.ts';
import { readPeriod, wallSecondNow } from '../../../collector/commands/report/period.ts';
import { report } from '../../../collector/commands/report/report.ts';
import { isoOfWall, wallSecondOf } from '../../../collector/parse/wall-clock.ts';
import { tempDir } from '../../support/temp.ts';

async function run(args: readonly string[], input = '') {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [shown, complained] = [text(stdout), text(stderr)];
  const code = await report.run(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, out: await shown, errors: await complained };
}

interface Found {
  readonly errors: { readonly lines: number };
  readonly access: { readonly lines: number };
  readonly upstreams: readonly { upstream: string | null; requests: number; serverErrors: Record<string, number> }[];
  readonly servers: readonly { server: string; failures: Record<string, number> }[];
  readonly hosts: readonly { host: string; failures: Record<string, number> }[];
  readonly leftOut: number;
  readonly peers: readonly { peer: string; failures: Record<string, number>; attempts: number }[];
}

const json = async (args: readonly string[], input: string): Promise<Found> =>
  JSON.parse((await run(['--json', ...args], input)).out) as Found;

const failed = (time: string, server: string, host: string, message = 'connect() failed (111: Connection refused)') =>
  `2026/11/22 ${time} [error] 1#1: *1 ${message} while connecting to upstream, client: 192.0.2.1, server: ${server}, ` +
  `request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "${host}"\n`;

describe('virtual hosts', () => {
  const timedOut = 'connect() failed (110: Connection timed out)';
  const lines =
    failed('07:00:00', 'shop.example', 'shop.example') +
    failed('07:00:01', 'shop.example', 'WWW.Shop.example') +
    failed('07:00:02', 'shop.example', 'shop.example', timedOut) +
    failed('07:00:03', '~^(?<x>[^.]+)\\.api$', 'a.api') +
    failed('07:00:04', '_', 'anything');

  test('failures by server, as configured, and by host, as asked', async () => {
    const { servers, hosts } = await json([], lines);
    expect(servers).toEqual([
      { server: 'shop.example', failures: { refused: 2, timed_out: 1 } },
      { server: '_', failures: { refused: 1 } },
      { server: '~^(?<x>[^.]+)\\.api$', failures: { refused: 1 } },
    ]);
    expect(hosts.map(({ host }) => host)).toEqual(['shop.example', 'a.api', 'anything', 'www.shop.example']);
    expect((await run([], lines)).out).toMatch(
      /Virtual hosts.*\n.*failures.*\n\s+server\s+shop\.example\s+3\s+refused 2, timed_out 1/,
    );
  });

  test('of a storm, whose lines are counted many at a time', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => failed('07:00:00', `s${i % 3}.example`, `h${i % 7}.example`));
    const { servers, hosts, errors } = await json([], many.join(''));
    expect(errors.lines).toBe(3000);
    expect(servers.map(({ server, failures }) => [server, failures['refused']])).toEqual(
      [0, 1, 2].map((i) => [`s${i}.example`, 1000]),
    );
    expect(hosts.map(({ host, failures }) => [host, failures['refused']])).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((i) => [`h${i}.example`, i < 4 ? 429 : 428]),
    );
  });

  test('a line that is no upstream failure names none', async () => {
    const unrelated =
      '2026/11/22 07:00:00 [error] 1#1: *1 open() "/x" failed (2: No such file or directory), client: 192.0.2.1, ' +
      'server: shop.example, request: "GET /x HTTP/1.1", host: "shop.example"\n';
    expect(await json([], unrelated)).toMatchObject({ servers: [], hosts: [] });
  });

  test('hosts that a client makes up do not push the frequent ones out', () => {
    const names = createFailuresByName(10);
    for (let i = 0; i < 5000; i++) {
      names.record(`random-${i}.example`, 'refused');
      if (i % 5 === 0) names.record('shop.example', 'refused');
    }
    const all = names.all();
    expect(all).toHaveLength(11);
    expect(all[0]).toEqual({ name: 'shop.example', failures: { refused: 1000 } });
    expect(all.at(-1)?.name).toBe('other');
    expect(all.reduce((sum, { failures }) => sum + (failures.refused ?? 0), 0)).toBe(6000);
  });
});

describe('nginx or the application', () => {
  const format =
    '[$time_local] $status $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_header_time"';
  const line = (rest: string): string => `[22/Nov/2026:07:00:00 +0000] ${rest}\n`;
  test.each([
    ['refused', '502 shop "10.0.0.1:80" "502" "-" "-"', 'nginx'],
    ['no live peer', '502 shop "shop" "502" "-" "-"', 'nginx'],
    ['connected, and closed before an answer', '502 shop "10.0.0.1:80" "502" "0.001" "-"', 'nginx'],
    ['connected, and no answer in time', '504 shop "10.0.0.1:80" "504" "0.001" "-"', 'nginx'],
    ['the application answers 500', '500 shop "10.0.0.1:80" "500" "0.001" "0.020"', 'application'],
    ['the application answers 503', '503 shop "10.0.0.1:80" "503" "0.000" "0.020"', 'application'],
    ['the application is a gateway itself', '502 shop "10.0.0.1:80" "502" "0.001" "0.020"', 'application'],
    [
      'refused, then the application fails',
      '500 shop "10.0.0.1:80, 10.0.0.2:80" "502, 500" "-, 0.001" "-, 0.020"',
      'application',
    ],
    [
      'the application fails, then refused',
      '502 shop "10.0.0.1:80, 10.0.0.2:80" "500, 502" "0.001, -" "0.020, -"',
      'nginx',
    ],
    ['an answer that nginx could not pass on', '500 shop "10.0.0.1:80" "200" "0.001" "0.020"', 'nginx'],
    ['nginx gave up before it tried', '500 shop "10.0.0.1:80" "-" "-" "-"', 'nginx'],
  ])('%s', async (_, rest, maker) => {
    const { upstreams } = await json(['--format', format], line(rest));
    const none = { nginx: 0, application: 0, unclear: 0 };
    expect(upstreams).toEqual([{ upstream: 'shop', requests: 1, serverErrors: { ...none, [maker]: 1 } }]);
  });

  test('an error that no upstream was asked for', async () => {
    const { upstreams } = await json(['--format', format], line('503 - "-" "-" "-" "-"'));
    expect(upstreams).toEqual([
      { upstream: null, requests: 1, serverErrors: { nginx: 1, application: 0, unclear: 0 } },
    ]);
  });

  test.each([
    [
      'without a header time',
      '$status "$upstream_addr" "$upstream_status" "$upstream_connect_time"',
      '502 "10.0.0.1:80" "502" "0.001"',
    ],
    ['with addresses only', '$status "$upstream_addr"', '502 "10.0.0.1:80"'],
    ['with addresses only, another error', '$status "$upstream_addr"', '500 "10.0.0.1:80"'],
  ])('a format that cannot show it: %s', async (_, unable, rest) => {
    const { upstreams } = await json(['--format', unable], `${rest}\n`);
    expect(upstreams[0]?.serverErrors).toEqual({ nginx: 0, application: 0, unclear: 1 });
  });

  test('the text gives shares', async () => {
    const lines = [
      ...Array.from({ length: 6 }, () => '200 shop "10.0.0.1:80" "200" "0.001" "0.020"'),
      ...Array.from({ length: 3 }, () => '502 shop "10.0.0.1:80" "502" "-" "-"'),
      '500 shop "10.0.0.1:80" "500" "0.001" "0.020"',
    ];
    const { out } = await run(['--format', format], lines.map(line).join(''));
    expect(out).toMatch(/shop\s+4 \(40 %\)\s+3 \(75 %\)\s+1 \(25 %\)\s+0 \(0 %\)/);
  });

  test('names are bounded', () => {
    const upstreams = createReportUpstreams(3);
    for (let i = 0; i < 100; i++) upstreams.request(`u${i}`, null);
    expect(upstreams.all().map(({ upstream }) => upstream)).toContain('other');
    expect(upstreams.all()).toHaveLength(4);
  });
});

describe('--since and --until', () => {
  const now = wallSecondOf('2026-11-22T12:00:00');
  test.each([
    ['2h', '2026-11-22T10:00:00', '2026-11-22T10:00:00'],
    ['1d', '2026-11-21T12:00:00', '2026-11-21T12:00:00'],
    ['90s', '2026-11-22T11:58:30', '2026-11-22T11:58:30'],
    ['07:30', '2026-11-22T07:30:00', '2026-11-22T07:30:59'],
    ['07:30:45', '2026-11-22T07:30:45', '2026-11-22T07:30:45'],
    ['2026-11-20', '2026-11-20T00:00:00', '2026-11-20T23:59:59'],
    ['2026-11-20 07:30', '2026-11-20T07:30:00', '2026-11-20T07:30:59'],
    ['2026-11-20T07:30:45', '2026-11-20T07:30:45', '2026-11-20T07:30:45'],
    ['2026/11/20 07:30:45', '2026-11-20T07:30:45', '2026-11-20T07:30:45'],
    ['20/Nov/2026:07:30:45', '2026-11-20T07:30:45', '2026-11-20T07:30:45'],
    ['1h30m', '2026-11-22T10:30:00', '2026-11-22T10:30:00'],
    ['2 hours ago', '2026-11-22T10:00:00', '2026-11-22T10:00:00'],
    ['1w', '2026-11-15T12:00:00', '2026-11-15T12:00:00'],
    ['1day 1min', '2026-11-21T11:59:00', '2026-11-21T11:59:00'],
    ['now', '2026-11-22T12:00:00', '2026-11-22T12:00:00'],
    ['today', '2026-11-22T00:00:00', '2026-11-22T23:59:59'],
    ['yesterday', '2026-11-21T00:00:00', '2026-11-21T23:59:59'],
    ['yesterday 22:15', '2026-11-21T22:15:00', '2026-11-21T22:15:59'],
  ])('%s', (typed, since, until) => {
    expect(isoOfWall(readPeriod(typed, undefined, now).since ?? 0)).toBe(since);
    expect(isoOfWall(readPeriod(undefined, typed, now).until ?? 0)).toBe(until);
  });

  test.each([
    '',
    'x',
    '10',
    '25:00',
    '07:61',
    '2026-13-01',
    '2026-11',
    '2026-11-20T07:30:45Z',
    '2026-11-20 07:30:45 +0100',
    'tomorrow',
    'yesterdays',
    'ago',
    '2hourly',
    '5y',
    '1h x',
  ])('no time: "%s"', (typed) => {
    expect(() => readPeriod(typed, undefined, now)).toThrow(UsageError);
  });

  test('a zone is refused with the reason, and the bounds must be in order', () => {
    expect(() => readPeriod('2026-11-20T07:30:45Z', undefined, now)).toThrow('times are those of the log');
    expect(() => readPeriod('08:00', '07:00', now)).toThrow('later than');
    expect(isoOfWall(wallSecondNow(new Date(2026, 10, 22, 7, 30, 45)))).toBe('2026-11-22T07:30:45');
  });

  const access = (time: string): string => `192.0.2.1 - - [22/Nov/2026:${time} +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n`;
  const lines =
    failed('06:59:59', 'a', 'a') +
    'a continuation of the line before\n' +
    failed('07:00:00', 'a', 'a') +
    access('07:10:00') +
    failed('07:30:59', 'a', 'a') +
    access('07:31:00') +
    failed('07:31:00', 'a', 'a');

  test.each([
    [[], 5, 2, 0],
    [['--since', '2026-11-22 07:00'], 3, 2, 2],
    [['--until', '2026-11-22 07:30'], 4, 1, 2],
    [['--since', '2026-11-22 07:00', '--until', '2026-11-22 07:30'], 2, 1, 4],
    [['--since', '2026-11-23'], 0, 0, 7],
  ])('%j', async (args, errors, accesses, leftOut) => {
    const found = await json([...args, '--format', 'combined'], lines);
    expect([found.errors.lines, found.access.lines, found.leftOut]).toEqual([errors, accesses, leftOut]);
  });

  test('what is left out is said', async () => {
    expect((await run(['--until', '2026-11-22 07:30'], lines)).out).toContain(
      'left out because of their time: 2 lines',
    );
    const { code, out } = await run(['--since', '2026-11-23'], lines);
    expect([code, out.split('\n')[0]]).toEqual([0, 'These logs have no line of that time: 7 lines left out.']);
    await expect(run(['--since', 'soon'], lines)).rejects.toThrow('--since soon: a time like');
  });
});

describe('packed logs', () => {
  const zst =
    'KLUv/STlRQUAkoskGFB5A2fxTmBtIdMdlQ3rAHFSnDDaMDPDmEBwtTYCWhnrszql9stZC9oagU+nkSRBTVtynqBtDl8EH7fx3NdV5c/vamFb/CP+sI1kIvOY3jZ7v3FWG131OIef2Dd35m3PbRrZxPWhiD1u725NW3cf+npuq7Amhmy9512rvWjrgjeFL8Y/da22VrvUPg7qTpWjHgEGAFRgwFUj+XrpCfqgiljWYe4BlILQdA==';
  const knowsZstd = 'createZstdDecompress' in zlib;
  const file = (name: string, bytes: Buffer): string => {
    const path = join(tempDir('report'), name);
    writeFileSync(path, bytes);
    return path;
  };

  test('zstd is read where this Node can, else the command that unpacks it is named', async () => {
    const path = file('error.log.zst', Buffer.from(zst, 'base64'));
    const { code, out, errors } = await run(['--json', path]);
    if (knowsZstd) expect([code, (JSON.parse(out) as Found).errors.lines]).toEqual([0, 1]);
    else
      expect([code, errors]).toEqual([
        2,
        `${path}: is compressed with zstd: unpack it on the way: zstd -dc ${path} | nginx-upstream report -\n`,
      ]);
  });

  test('a zstd file that is cut off', async () => {
    const path = file('error.log.zst', Buffer.from(zst, 'base64').subarray(0, -20));
    const { code, errors } = await run([path]);
    expect(code).toBe(2);
    expect(errors).toContain(knowsZstd ? '.zst file is' : 'zstd -dc');
  });

  test.each([
    ['error.log.xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'xz -dc'],
    ['error.log.bz2', [0x42, 0x5a, 0x68, 0x39], 'bzip2 -dc'],
    ['error.log.lz4', [0x04, 0x22, 0x4d, 0x18], 'lz4 -dc'],
    ['error.log.Z', [0x1f, 0x9d, 0x90, 0x41], 'zcat'],
    ['error log.zip', [0x50, 0x4b, 0x03, 0x04], 'unzip -p'],
  ])('%s', async (name, magic, command) => {
    const path = file(name, Buffer.from([...magic, ...Array.from({ length: 200 }, (_, i) => (i * 7919) % 256)]));
    const { code, errors } = await run([path]);
    const word = name.includes(' ') ? `'${path}'` : path;
    expect([code, errors]).toEqual([2, expect.stringContaining(`${command} ${word} | nginx-upstream report -\n`)]);
  });
});
