/** The end of an error log: how far back, and whose clock. */
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readRecentLines } from '../../../collector/commands/diagnose/recent/lines.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import type { Execute } from '../../../collector/system/process/exec.ts';
import { forgeries, notFoundRecord, shapes } from '../../support/logs/forging.ts';
import { tempDir } from '../../support/temp.ts';

function stamp(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString();
  return `${local.slice(0, 10).replaceAll('-', '/')} ${local.slice(11, 19)}`;
}

function line(ms: number, peer = '127.0.0.1:1'): string {
  return `${stamp(ms)} [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: _, request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`;
}

function log(text: string, modifiedMs: number, name = 'error.log'): string {
  const path = join(tempDir('log'), name);
  writeFileSync(path, text);
  utimesSync(path, modifiedMs / 1000, modifiedMs / 1000);
  return path;
}

/** A journalctl that says this. */
function journal(stdout: string, stderr = '', code: number | null = 0, isUsed = true) {
  const asked: (readonly string[])[] = [];
  const execute: Execute = async (_, args) => {
    asked.push(args);
    if (args.includes('--lines=1')) return { code: 0, stdout: isUsed ? '{}' : '', stderr: '' };
    return { code, stdout, stderr };
  };
  return { asked, ports: { fs: nodeFileSystem, execute, follow: (path: string) => path, hostPrefix: '' } };
}

const { ports } = journal('', 'not found', null);

const now = Math.floor(Date.now() / 1000) * 1000;

test('lines that a client had nginx print are none, in a file and in the journal', async () => {
  const claim = { connection: '*7 ', pid: 7, time: stamp(now), upstream: 'shop', peer: '10.0.0.1:80' };
  const records = Object.entries(shapes).flatMap(([name, shape]) =>
    Object.values(forgeries).map((forge) => notFoundRecord(shape(forge(claim), name.includes('cut') ? 73 : 0), claim)),
  );
  const path = log(`${line(now)}${records.join('\n')}\n${line(now)}`, now);
  const ofFile = await readRecentLines([path], now - 600_000, ports);
  const entries = `${line(now)}${records.join('\n')}\n${line(now)}`
    .split('\n')
    .filter((text) => /\[\w+\] \d+#|, client: /.test(text))
    .map((MESSAGE) => `{"MESSAGE":${JSON.stringify(MESSAGE)},"__REALTIME_TIMESTAMP":"${now}000"}`);
  const ofJournal = await readRecentLines(['journal:nginx'], now - 600_000, journal(entries.join('\n')).ports);
  for (const { lines } of [ofFile, ofJournal]) {
    const failures = lines.filter(({ line: { kind } }) => kind !== 'unrelated');
    expect(failures.map(({ line: { upstream } }) => upstream?.peer)).toEqual(['127.0.0.1:1', '127.0.0.1:1']);
  }
});

test('lines of the window, and no older ones', async () => {
  const path = log(line(now - 900_000) + line(now - 60_000) + line(now), now);
  const { lines, read } = await readRecentLines([path], now - 600_000, ports);
  expect([lines.map(({ ms }) => ms), read]).toEqual([[now - 60_000, now], [path]]);
});

test('nginx in a container with another time zone: the file shows it', async () => {
  const path = log(line(now - 7_200_000 - 5000) + line(now - 7_200_000), now + 300);
  expect((await readRecentLines([path], now - 600_000, ports)).lines.map(({ ms }) => ms)).toEqual([now - 5000, now]);
});

test('an old file whose last line is as old has no zone', async () => {
  const path = log(line(now - 86_400_000), now - 86_400_000);
  expect((await readRecentLines([path], now - 600_000, ports)).lines).toEqual([]);
});

test('a file that was touched hours after its last line has no zone', async () => {
  const path = log(line(now - 3_600_000 - 100_000), now);
  expect((await readRecentLines([path], now - 600_000, ports)).lines).toEqual([]);
});

test('docker and CRI put something around each line', async () => {
  const docker = log(`${JSON.stringify({ log: line(now), stream: 'stderr', time: 'x' })}\nnot json\n`, now);
  const cri = log(`2026-11-22T08:00:00.000000000Z stderr F ${line(now)}`, now);
  const specs = [`docker:${docker}`, `cri:${cri}`];
  expect((await readRecentLines(specs, now - 600_000, ports)).lines).toHaveLength(2);
});

test('every file of a pattern once, rotated ones with their log, and what matches nothing is named', async () => {
  const one = log(line(now), now, 'a.log');
  const folder = dirname(one);
  writeFileSync(join(folder, 'b.log'), line(now));
  writeFileSync(join(folder, 'b.log.1'), line(now - 1000));
  writeFileSync(join(folder, 'b.log.2.gz'), 'no text');
  const { lines, read, unread } = await readRecentLines(
    [`${folder}/*.log*`, one, `${folder}/$host.error`],
    now - 600_000,
    ports,
  );
  expect([read, lines.length]).toEqual([[one, join(folder, 'b.log')], 3]);
  expect(unread).toEqual([{ log: `${folder}/*.error`, reason: 'no file matches it' }]);
});

test('a log too long for its window says since when it was read', async () => {
  const path = log(line(now).repeat(40_000), now);
  const { sinceMs, lines } = await readRecentLines([path], now - 600_000, ports);
  expect(sinceMs).toBe(now);
  expect(lines.length).toBeGreaterThan(1000);
});

test('what cannot be read is named, with the reason', async () => {
  const specs = ['/nonexistent/error.log', 'stderr', 'syslog:udp://127.0.0.1:5514', 'journal:nginx'];
  const { unread } = await readRecentLines(specs, 0, ports);
  expect(unread.map(({ log: name }) => name)).toEqual(specs);
  expect(unread[2]?.reason).toMatch(/only the running plugin receives it, .* are not in this answer/);
  expect(unread[3]?.reason).toBe('journalctl: not found');
});

test('the journal: bounded, by its own clock, newest first or not', async () => {
  const entry = (ms: number, message: unknown) =>
    JSON.stringify({ __REALTIME_TIMESTAMP: `${ms}000`, _HOSTNAME: 'web', MESSAGE: message });
  const output = [
    entry(now, line(now - 7_200_000).trimEnd()),
    entry(now - 5000, `web nginx: ${line(now).trimEnd()}`),
    entry(now, '127.0.0.1 - - "GET /%0a [error] 1# HTTP/1.1" 200'),
    'no entry',
    '{"MESSAGE":null}',
  ];
  const { asked, ports: ours } = journal(`${output.join('\n')}\n`);
  const { lines, read, unread, sinceMs } = await readRecentLines(['journal:nginx'], now - 600_000, ours);
  expect([lines.map(({ ms }) => ms), read, unread, sinceMs]).toEqual([[now - 5000, now], ['journal:nginx'], [], null]);
  expect(asked[0]).toEqual(expect.arrayContaining(['-o', 'json', `--since=@${now / 1000 - 600}`, '_COMM=nginx']));
});

test.each([
  ['nothing was logged', '', '', 1, undefined, true],
  ['there is none', '', '', 1, /is empty/, false],
  ['no right', '', 'Hint: You are currently not seeing messages from other users', 0, /as root/, true],
  ['no journalctl', '', '', null, /is not installed/, true],
  ['it complains', '', 'Compiled without pattern matching support', 1, /pattern matching/, true],
])('the journal: %s', async (_, stdout, stderr, code, reason, isUsed) => {
  const { unread } = await readRecentLines(['journal:nginx'], 0, journal(stdout, stderr, code, isUsed).ports);
  expect(unread.map((each) => each.reason)).toEqual(reason === undefined ? [] : [expect.stringMatching(reason)]);
});

test.each([
  ['its own standard error', '/dev/stderr', /^only the process that started nginx/],
  ['nothing that is kept', '/dev/full', /^it is not a file/],
  ['a folder', '/', /^it is a folder/],
])('a log that is no file is not read, and not called silent: %s', async (_, target, reason) => {
  const path = join(tempDir('log'), 'error.log');
  symlinkSync(target, path);
  const { read, unread } = await readRecentLines([target, path], 0, ports);
  expect(read).toEqual([]);
  expect(unread.map((each) => each.reason.replace(/^it leads to \S+: /, ''))).toEqual(
    [1, 2].map(() => expect.stringMatching(reason)),
  );
});

test("in a container a link is followed as nginx would, not to this program's own standard error", async () => {
  const path = log(line(now), now);
  const follow = () => '/dev/stdout';
  const { read, unread } = await readRecentLines([path], 0, { ...ports, follow });
  expect([read, unread[0]?.reason]).toEqual([[], expect.stringContaining('it leads to /dev/stdout')]);
});
