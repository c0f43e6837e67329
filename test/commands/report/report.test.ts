/** `report` as a person types it: known counts, any order, packed, bad input, hostile lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../../collector/commands/command.ts';
import { createProgress } from '../../../collector/commands/report/input/progress.ts';
import { report } from '../../../collector/commands/report/report.ts';
import { forgeries, notFoundRecord, shapes } from '../../support/logs/forging.ts';
import { nearestRank, reportFormat, reportLogs } from '../../support/logs/report-logs.ts';
import { tempDir } from '../../support/temp.ts';

async function run(args: readonly string[], input: readonly (string | Buffer)[] = [], tty = false) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (tty) Object.assign(stdout, { isTTY: true, columns: 90 });
  const stdin = Readable.from(input.map((piece) => Buffer.from(piece)));
  const [shown, complained] = [text(stdout), text(stderr)];
  const code = await report.run(args, { stdin, stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, out: await shown, errors: await complained };
}

interface Json {
  errors: { lines: number; unmatched: number; byKind: Record<string, number> };
  access: { lines: number; unmatched: number; byStatus: Record<string, number> };
  peers: {
    peer: string;
    upstream: string;
    failures: Record<string, number>;
    attempts: number;
    connectMs: Record<string, number | null>;
  }[];
  timeline: Record<string, unknown>[];
}

async function json(args: readonly string[], input: readonly (string | Buffer)[] = []) {
  const { code, out, errors } = await run(['--json', ...args], input);
  return { code, errors, found: JSON.parse(out) as Json };
}

function generated() {
  const outages = [
    { peer: '10.0.0.1:8080', kind: 'refused', fromMinute: 5, minutes: 4 },
    { peer: '10.0.0.2:8080', kind: 'timed_out', fromMinute: 20, minutes: 2 },
  ] as const;
  const pieces = reportLogs({ minutes: 30, perSecond: 4, outages });
  let [error, access] = ['', ''];
  for (let piece = pieces.next(); piece !== null; piece = pieces.next()) {
    error += piece.error;
    access += piece.access;
  }
  return { error, access, expected: pieces.expected };
}

const logs = generated();

// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of
const colours = /\u001b\[\d{1,2}m/g;

/** A folder with files of these contents; gives their paths. */
function files(contents: Readonly<Record<string, string | Buffer>>): (name: string) => string {
  const dir = tempDir('report');
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(dir, name), content);
  return (name) => join(dir, name);
}

function expectGenerated({ errors, access, peers, timeline }: Json): void {
  const { expected } = logs;
  expect(errors).toEqual({ lines: expected.errorLines, unmatched: 0, byKind: expected.byKind });
  expect(access).toEqual({ lines: expected.accessLines, unmatched: 0, byStatus: expected.byStatus });
  expect(timeline).toEqual(expected.timeline);
  expect(Object.fromEntries(peers.map(({ peer, attempts }) => [peer, attempts]))).toEqual(expected.attempts);
  for (const { peer, upstream, connectMs } of peers) {
    const samples = expected.connectMs[peer] ?? [];
    expect(upstream).toBe('app');
    expect(connectMs).toEqual({
      count: samples.length,
      p50: nearestRank(samples, 50),
      p90: nearestRank(samples, 90),
      p95: nearestRank(samples, 95),
      p99: nearestRank(samples, 99),
      max: nearestRank(samples, 100),
    });
  }
}

/** In two at a line's end near the middle, as rotation leaves it. */
function halves(log: string): readonly [string, string] {
  const at = log.indexOf('\n', log.length / 2) + 1;
  return [log.slice(0, at), log.slice(at)];
}

describe('equal to what the generator counted', () => {
  const [oldError, newError] = halves(logs.error);
  const [oldAccess, newAccess] = halves(logs.access);
  const path = files({
    'error.log': newError,
    'error.log.1': oldError,
    'access.log': newAccess,
    'access.log.1.gz': gzipSync(oldAccess),
    'members.gz': Buffer.concat([gzipSync(oldAccess), gzipSync(newAccess)]),
  });
  test.each<readonly [string, readonly string[]]>([
    ['newest first', ['error.log', 'error.log.1', 'access.log', 'access.log.1.gz']],
    ['mixed, oldest first', ['access.log.1.gz', 'error.log.1', 'access.log', 'error.log']],
    ['several members in one .gz', ['members.gz', 'error.log', 'error.log.1']],
  ])('%s', async (_, names) => {
    const { code, found, errors } = await json(['--format', reportFormat, ...names.map(path)]);
    expect([code, errors]).toEqual([0, '']);
    expectGenerated(found);
  });
  test('the format that check prints needs no option; - is stdin, in small pieces', async () => {
    const input = logs.error.match(/[\s\S]{1,1000}/g) ?? [];
    const { code, found } = await json([path('members.gz'), '-'], input);
    expect(code).toBe(0);
    expectGenerated(found);
  });
  test('--conf: the format by the log’s path, and upstreams by the configuration', async () => {
    const conf = files({
      'nginx.conf': `events {} http { log_format long '${reportFormat}'; log_format short '$remote_addr $status';
        upstream app { server 10.0.0.1:8080; server 10.0.0.2:8080; }
        server { access_log /var/log/nginx/access.log long; location / { proxy_pass http://app; } } }`,
    })('nginx.conf');
    const names = ['access.log', 'access.log.1.gz', 'error.log', 'error.log.1'].map(path);
    const { found } = await json(['--conf', conf, ...names]);
    expectGenerated(found);
  });
});

test('without access log nobody knows what was masked', async () => {
  const { found } = await json([], [logs.error]);
  expect(found.timeline.map(({ masked }) => masked)).toEqual([null, null]);
  expect(found.peers.map(({ peer, upstream }) => [peer, upstream])).toEqual([
    ['10.0.0.1:8080', '10.0.0.1:8080'],
    ['10.0.0.2:8080', '10.0.0.2:8080'],
  ]);
});

test('lines that are not understood are counted, and no failure', async () => {
  const { code, found } = await json([], [`${logs.error.slice(0, 3000)}\nnonsense\n\nmore`]);
  expect([code, found.errors.unmatched]).toEqual([0, 2]);
});

test.each([
  ['error lines', () => logs.error, '\n'],
  ['access lines', () => logs.access, '\n'],
  ['error lines, CR LF', () => logs.error, ' \r\n'],
  ['access lines, CR LF', () => logs.access, '\t\r\n'],
  ['a mixed stream', () => logs.error.split('\n').slice(0, 40).join('\n') + logs.access, '\n \n'],
  ['behind compose', () => logs.error.replace(/^(?=.)/gm, 'web-1  | '), '\n'],
])('blank lines between %s count for nothing', async (_, log, blank) => {
  const without = await json(['--format', reportFormat], [log()]);
  const blanks = await json(['--format', reportFormat], [blank + log().replaceAll('\n', `\n${blank}`)]);
  expect(blanks.found).toEqual(without.found);
});

test('the line behind docker compose', async () => {
  const wrapped = (log: string) => log.replace(/^(?=.)/gm, 'web-1  | ');
  const path = files({ 'a.log': wrapped(logs.access), 'e.log': wrapped(logs.error) });
  const { found } = await json([path('a.log'), path('e.log')]);
  expectGenerated(found);
});

describe('bad input: a clear message, and the rest is reported', () => {
  const packed = gzipSync(logs.error);
  const path = files({
    'good.log': logs.error,
    'cut.gz': packed.subarray(0, Math.floor(packed.length / 2)),
    binary: Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)),
    'empty.log': '',
    'empty.gz': gzipSync(''),
    syslog: 'Nov 22 07:30:45 host sshd[12]: Accepted publickey for root\n'.repeat(60),
    'log.bz2': Buffer.from('BZh91AY&SY'),
    'log.lz4': Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 1]),
    'log.zip': Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8]),
    'log.xz': Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 1, 2, 3, 10]),
  });
  mkdirSync(path('folder'));
  test.each([
    ['cut.gz', 'the .gz file is cut off: what was read of it is counted, its end is missing', 1, 0],
    ['binary', 'is a binary file, not a log', 1, 2],
    ['folder', 'is a directory: name the files in it', 1, 2],
    ['missing', 'no such file', 1, 2],
    ['empty.log', 'is empty: nothing was written to it', 0, 0],
    ['empty.gz', 'is empty: nothing was written to it', 0, 0],
    ['syslog', 'holds no line of an nginx error log', 1, 2],
    ['log.xz', 'is compressed with xz: unpack it on the way: xz -dc ', 1, 2],
    ['log.bz2', 'is compressed with bzip2: unpack it on the way: bzip2 -dc ', 1, 2],
    ['log.lz4', 'is compressed with lz4: unpack it on the way: lz4 -dc ', 1, 2],
    ['log.zip', 'is compressed with zip: unpack it on the way: unzip -p ', 1, 2],
  ])('%s', async (name, message, code, alone) => {
    const both = await json([path(name), path('good.log')]);
    expect(both.code).toBe(code);
    expect(both.errors).toContain(`${path(name)}: ${message}`);
    expect(both.errors.trim().split('\n')).toHaveLength(1);
    const extra = both.found.errors.lines - logs.expected.errorLines;
    if (name === 'cut.gz') expect(extra).toBeGreaterThan(100);
    else expect(extra).toBe(0);
    expect(both.found.errors.unmatched).toBe(0);
    expect((await run([path(name)])).code).toBe(name === 'cut.gz' ? 1 : alone);
  });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a hostile line is shown harmlessly', async () => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('TERM', 'xterm');
  const hostile =
    '2026/11/22 07:00:00 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 1.2.3.4, ' +
    'server: x, request: "GET /\u001b]0;owned\u0007\u001b[2J<script>\u009b HTTP/1.1", upstream: "http://10.0.0.1:80/\u001b[31m", host: "\u202e"\n';
  const evilPeer = hostile.replace('10.0.0.1:80', '\u001b[31m<b>evil\u0007:80');
  const evilName = join(tempDir('report'), 'a\u001b[31mb.log');
  for (const tty of [false, true]) {
    const { out, errors } = await run(['-', evilName], [hostile, evilPeer, 'GET /a\nHealthy: nothing failed\n'], tty);
    const own = out.replace(colours, '');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
    expect(own + errors).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(out.includes('\u001b[31m')).toBe(tty);
    expect(out).not.toMatch(/^Healthy/m);
    expect(out).not.toContain('\u001b[31m<b>');
  }
});

test('for a person: headline, incidents, plot, peers, causes', async () => {
  const path = files({ 'access.log': logs.access, 'error.log': logs.error });
  const { out } = await run([path('access.log'), path('error.log')], [], true);
  const plain = out.replace(colours, '');
  const words = plain.replace(/\s+/g, ' ');
  expect(words).toContain(
    '1,440 upstream failures at 2 peers in 2 incidents, 2026-11-22 07:05:00 to 2026-11-22 07:21:59.',
  );
  expect(words).toContain('The largest: 10.0.0.1:8080 refused, 960 times in 4 min.');
  expect(words).toContain('720 requests got a 502, 503 or 504; a retry at another peer saved 720.');
  expect(plain).toMatch(/07:05:00 {2}2026-11-22 07:08:59 {2}10\.0\.0\.1:8080 {2}refused +960 +240\n/);
  expect(plain).toMatch(/^ {2}began +clients\n.*07:05:00 {2}480 failed, 480 hidden by a retry$/m);
  expect(plain).toContain('  240 ┤████');
  expect(plain).toMatch(/10\.0\.0\.2:8080 {2}app {7}timed_out 480/);
  expect(words).toContain('refused (960): the peer’s host answered that nothing listens on the port');
  for (const line of plain.split('\n').filter((each) => each.includes('┤')))
    expect(line.length).toBeLessThanOrEqual(90);
  // A terminal of 90 columns: nothing is wrapped by the terminal itself.
  for (const line of plain.trimEnd().split('\n')) expect(line.length, line).toBeLessThanOrEqual(90);
});

test('logs in which nothing failed', async () => {
  const quiet = reportLogs({ minutes: 1, perSecond: 1, outages: [] });
  let access = '';
  for (let piece = quiet.next(); piece !== null; piece = quiet.next()) access += piece.access;
  const { out, code } = await run([], [access]);
  expect(code).toBe(0);
  expect(out).toContain('No client was affected, and no retry was needed.');
});

test.each<readonly [readonly string[], string]>([
  [['--what'], 'unknown option --what'],
  [['--format'], '--format needs a FORMAT'],
  [['--format', '$'], '--format: invalid variable name'],
  [['--format', 'main'], "'main' is not the text of a log_format"],
  [['--format', 'combined2'], "'combined2' is not the text of a log_format"],
  [['--format', '$bogus'], "no variable of '$bogus' shows how a request ended"],
  [['--format', '$remote_addr [$time_local] "$request"'], 'shows how a request ended'],
  [['--format', 'log_format main "$host"'], 'shows how a request ended'],
  [['--format', 'combined', '--conf', 'x'], '--conf x: no such file'],
  [['--format', 'main', '--conf', fileURLToPath(import.meta.url)], '--format main: no such log_format in'],
  [['--conf', '/nonexistent/nginx.conf'], '--conf /nonexistent/nginx.conf: no such file'],
  [['--conf', '/'], 'is a directory'],
  [['--conf', '/dev/null'], '--conf /dev/null: is no regular file'],
  [['--conf', 'dump:/dev/null'], '--conf /dev/null: is no regular file'],
])('misused: %j', async (args, words) => {
  const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
  const failure = report.run(args, streams);
  await expect(failure).rejects.toThrow(UsageError);
  await expect(failure).rejects.toThrow(words);
});

test.each([
  ['UTF-16, as PowerShell writes it', Buffer.from('\ufeffevents {}\r\nhttp {}\r\n', 'utf16le'), 'is UTF-16LE text: '],
  ['a packed copy', gzipSync('events {} http {}'), 'is compressed with gzip: '],
])('a configuration that is no text: %s', async (_, bytes, words) => {
  const conf = join(tempDir('report'), 'nginx.txt');
  writeFileSync(conf, bytes);
  const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
  for (const told of [conf, `dump:${conf}`]) {
    const failure = report.run(['--conf', told], streams);
    await expect(failure).rejects.toThrow(UsageError);
    await expect(failure).rejects.toThrow(`--conf ${conf}: ${words}make text of it and name that: `);
    await expect(failure).rejects.toThrow(`${conf} > nginx.txt`);
  }
});

test('progress: on a terminal only, and taken away', async () => {
  let nowUs = 0;
  const clock = { monotonicUs: () => nowUs };
  const told = async (isTTY: boolean) => {
    const stderr = Object.assign(new PassThrough(), { isTTY });
    const progress = createProgress(stderr, 4e6, clock);
    nowUs += 1e6;
    progress.add('/logs/a\u001b.log', 1e6);
    progress.add('/logs/a\u001b.log', 1e6);
    progress.clear();
    stderr.end();
    return text(stderr);
  };
  expect(await told(true)).toBe('\r\u001b[Kread 1 of 4 MB, 1 MB/s: a\uFFFD.log\r\u001b[K');
  expect(await told(false)).toBe('');
});

test('lines that a client had nginx print are no failures, also behind the prefixes of docker compose', async () => {
  const claim = { connection: '*7 ', pid: 7, time: '2026/11/22 07:30:45', upstream: 'shop', peer: '10.0.0.1:80' };
  const records = Object.entries(shapes).flatMap(([name, shape]) =>
    Object.values(forgeries).map((forge) => notFoundRecord(shape(forge(claim), name.includes('cut') ? 73 : 0), claim)),
  );
  const real = forgeries['timed_out']?.({ ...claim, peer: '10.0.0.2:80' }) ?? '';
  const log = [real, ...records, real, ''].join('\n');
  for (const written of [log, log.replaceAll(/^(?=.)/gm, 'nginx-1  | ')]) {
    const { found } = await json([], [written]);
    expect(found.peers.map(({ peer, failures }) => [peer, failures])).toEqual([['10.0.0.2:80', { timed_out: 2 }]]);
    expect(Object.keys(found.errors.byKind).sort()).toEqual(['timed_out', 'unrelated']);
  }
});

describe('error and access lines in one stream, and inside what people’s files have around them', () => {
  /** As they were written: by their times. */
  const timeOf = (line: string) => /\d\d:\d\d:\d\d/.exec(line)?.[0] ?? '';
  const mixed = [...logs.error.trimEnd().split('\n'), ...logs.access.trimEnd().split('\n')].sort((a, b) =>
    timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0,
  );
  const isError = (line: string) => line.startsWith('2026/');
  const stream = (line: string) => (isError(line) ? 'stderr' : 'stdout');
  const inLogfmt = (text: string) => text.replace(/["\\]/g, (c) => `\\${c}`);
  test.each<[string, (line: string) => string]>([
    ['nothing: `docker logs`', (line) => line],
    [
      'docker’s json-file',
      (line) => JSON.stringify({ log: `${line}\n`, stream: stream(line), time: '2026-11-22T07:30:45Z' }),
    ],
    ['CRI', (line) => `2026-11-22T07:30:45.123456789Z ${stream(line)} F ${line}`],
    ['journalctl -o json', (line) => JSON.stringify({ __CURSOR: 's', _HOSTNAME: 'h', MESSAGE: line })],
    ['journalctl -o export', (line) => `__CURSOR=s\n__REALTIME_TIMESTAMP=1\n_PID=7\nMESSAGE=${line}\n_UID=0\n`],
    ['JSON of a shipper', (line) => JSON.stringify({ level: 'info', message: line })],
    ['logfmt', (line) => `ts=1 level=info msg="${inLogfmt(line)}"`],
    ['logcli', (line) => `2026-11-22T07:30:45Z {app="nginx"} ${line}`],
    ['kubectl logs --prefix', (line) => `[pod/nginx-1/nginx] ${line}`],
    ['docker compose', (line) => `nginx-1  | ${line}`],
    ['docker compose in colours', (line) => `\u001b[36mnginx-1  | \u001b[0m${line}`],
    ['swarm', (line) => `web_nginx.1.i4lo6342kqgk@node1    | ${line}`],
    ['docker logs --timestamps', (line) => `2026-11-22T07:30:45.123456789Z ${line}`],
    ['journalctl', (line) => `Nov 22 07:30:45 web1 nginx[812]: ${line}`],
    ['journalctl -o short-iso', (line) => `2026-11-22T07:30:45+0000 web1 nginx[812]: ${line}`],
    ['journalctl -o verbose', (line) => `Sun 2026-11-22 07:30:45 UTC [s=1a;i=2]\n    _PID=812\n    MESSAGE=${line}`],
    ['stern', (line) => `nginx-7d5b9c-x2k4j nginx ${line}`],
    ['stern -o json', (line) => JSON.stringify({ message: line, podName: 'a', containerName: 'nginx' })],
    ['fluentd', (line) => `2026-11-22 07:30:45.000000000 +0000 docker.a: ${JSON.stringify({ log: `${line}\n` })}`],
    ['fluent-bit', (line) => `[0] kube.a: [1795332645.21, {"log"=>"${line}\\n", "stream"=>"${stream(line)}"}]`],
    ['Vector', (line) => JSON.stringify({ host: 'a', message: line, source_type: 'file', timestamp: 'x' })],
    ['Loki', (line) => JSON.stringify({ labels: { app: 'a' }, line, timestamp: '2026-11-22T07:30:45Z' })],
    ['Elasticsearch', (line) => JSON.stringify({ _id: 'a', _source: { message: line } })],
    ['grep over several files', (line) => `/var/log/nginx/${isError(line) ? 'error' : 'access'}.log.1:${line}`],
    ['CR LF', (line) => `${line}\r`],
  ])('%s: the same numbers as of two plain files', async (_, wrap) => {
    const { found, code } = await json(['--format', reportFormat], [`${mixed.map(wrap).join('\n')}\n`]);
    expect(code).toBe(0);
    expectGenerated(found);
  });

  test('a mark of UTF-8, and bytes of another encoding, in both logs', async () => {
    const path = files({
      'error.log': Buffer.concat([Buffer.from('\ufeff'), Buffer.from(logs.error)]),
      'access.log': Buffer.concat([Buffer.from('\ufeff'), Buffer.from(logs.access)]),
    });
    const { found } = await json(['--format', reportFormat, path('error.log'), path('access.log')]);
    expectGenerated(found);
    const latin = Buffer.from(`${logs.error.split('\n', 1)[0]}\n`.replace('GET /', 'GET /caf\u00e9'), 'latin1');
    expect((await json([], [latin])).found.errors).toMatchObject({ lines: 1, byKind: { refused: 1 } });
  });

  test('a few lines: two of an access log and one of an error log, whichever comes first', async () => {
    const access = '192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.0"';
    const error = logs.error.split('\n', 1)[0] ?? '';
    for (const lines of [
      [access, access, error],
      [error, access, access],
      [access, error, access],
      [error, error, access],
    ]) {
      const { found } = await json([], [`${lines.join('\n')}\n`]);
      const errors = lines.filter(isError).length;
      expect([found.errors.lines, found.errors.unmatched, found.access.lines]).toEqual([
        errors,
        0,
        lines.length - errors,
      ]);
      expect(found.peers[0]?.failures).toEqual({ refused: errors });
    }
  });

  test('access lines that begin long after the head of the file', async () => {
    const access = '192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.0"\n';
    const { found } = await json([], [logs.error.repeat(3) + access + logs.error + access]);
    expect([found.access.lines, found.access.unmatched, found.errors.unmatched]).toEqual([2, 0, 0]);
  });

  test('a stack trace between access lines is no access line', async () => {
    const php = (logs.error.split('\n', 1)[0] ?? '').replace(
      /\*\d+ .*?while connecting to upstream/,
      (text) =>
        `${text.split(' ', 1)[0]} FastCGI sent in stderr: "PHP message: x\nStack trace:\n#0 {main}" while reading response header from upstream`,
    );
    const { found } = await json(['--format', reportFormat], [`${logs.access}${php}\n${logs.access}`]);
    expect(found.access).toMatchObject({ unmatched: 0, lines: 2 * logs.expected.accessLines });
    expect(found.errors).toEqual({ lines: 3, unmatched: 2, byKind: { unrelated: 1 } });
  });

  test.each([
    ['UTF-16LE', (text: string) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])],
    ['UTF-16LE', (text: string) => Buffer.from(text, 'utf16le')],
    ['UTF-16BE', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16BE', (text: string) => Buffer.from(text, 'utf16le').swap16()],
  ])('%s is named as such', async (name, encode) => {
    const { code, errors } = await run([], [encode(logs.error)]);
    expect([code, errors]).toEqual([2, expect.stringContaining(`is ${name} text: convert it on the way: iconv`)]);
  });
});

describe('without a FILE on a terminal', () => {
  const terminal = () => Object.assign(Readable.from([]), { isTTY: true });
  async function typed(directives: string) {
    const folder = tempDir('found');
    const conf = join(folder, 'nginx.conf');
    writeFileSync(conf, `events {}\n${directives.replaceAll('DIR', folder)}\n`);
    writeFileSync(join(folder, 'nginx-upstream.conf'), `jobs:\n  - name: here\n    nginx_conf: ${conf}\n`);
    writeFileSync(join(folder, 'error.log'), logs.error);
    writeFileSync(join(folder, 'access.log'), logs.access);
    vi.stubEnv('NETDATA_USER_CONFIG_DIR', folder);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const [shown, complained] = [text(stdout), text(stderr)];
    const code = await report.run(['--json'], { stdin: terminal(), stdout, stderr });
    stderr.end();
    return { code, found: JSON.parse(await shown) as Json, errors: await complained, folder };
  }
  afterEach(() => vi.unstubAllEnvs());

  test('the logs of the nginx that is found are read, by its own formats, and named', async () => {
    const { code, found, errors, folder } = await typed(
      `error_log DIR/error.log;\nhttp { log_format mine '${reportFormat}'; access_log DIR/access.log mine; server { location / { proxy_pass http://10.0.0.1:8080; } } }`,
    );
    expect([code, errors]).toEqual([0, `reading ${folder}/error.log ${folder}/access.log\n`]);
    expect(found.errors.lines).toBe(logs.error.split('\n').length - 1);
    expect([found.access.lines, found.access.unmatched]).toEqual([logs.access.split('\n').length - 1, 0]);
  });

  test('where there is none, it says that the files have to be named', async () => {
    await expect(typed('error_log stderr;\nhttp { access_log off; }')).rejects.toThrow('name the files');
  });
});

describe('an archive loses no line in silence: it is named with the command that unpacks it', () => {
  const member = (name: string, content: string): Buffer => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\0`, 124);
    header.write('ustar', 257);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return Buffer.concat([header, body]);
  };
  const tar = Buffer.concat([member('error.log', logs.error), member('access.log', logs.access), Buffer.alloc(1024)]);
  test.each([
    ['logs.tar', tar],
    ['logs.tar.gz', gzipSync(tar)],
  ])('%s', async (name, bytes) => {
    const path = files({ [name]: bytes })(name);
    const { code, out, errors } = await run([path]);
    expect([code, out]).toEqual([2, '']);
    expect(errors).toContain(`is a tar archive: unpack it on the way: tar -xOf ${path} | nginx-upstream report -`);
  });
});
