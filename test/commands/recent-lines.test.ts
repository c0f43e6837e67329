/** The end of an error log: how far back, and whose clock. */
import { utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readRecentLines } from '../../collector/commands/recent-lines.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { tempDir } from '../support/temp.ts';

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

const now = Math.floor(Date.now() / 1000) * 1000;

test('lines of the window, and no older ones', () => {
  const path = log(line(now - 900_000) + line(now - 60_000) + line(now), now);
  const { lines, read } = readRecentLines([path], now - 600_000, nodeFileSystem);
  expect([lines.map(({ ms }) => ms), read]).toEqual([[now - 60_000, now], [path]]);
});

test('nginx in a container with another time zone: the file tells', () => {
  const path = log(line(now - 7_200_000 - 5000) + line(now - 7_200_000), now + 300);
  expect(readRecentLines([path], now - 600_000, nodeFileSystem).lines.map(({ ms }) => ms)).toEqual([now - 5000, now]);
});

test('an old file whose last line is as old has no zone', () => {
  const path = log(line(now - 86_400_000), now - 86_400_000);
  expect(readRecentLines([path], now - 600_000, nodeFileSystem).lines).toEqual([]);
});

test('docker and CRI put something around each line', () => {
  const docker = log(`${JSON.stringify({ log: line(now), stream: 'stderr', time: 'x' })}\nnot json\n`, now);
  const cri = log(`2026-11-22T08:00:00.000000000Z stderr F ${line(now)}`, now);
  const specs = [`docker:${docker}`, `cri:${cri}`];
  expect(readRecentLines(specs, now - 600_000, nodeFileSystem).lines).toHaveLength(2);
});

test('every file of a pattern once, rotated ones with their log, and what matches nothing is named', () => {
  const one = log(line(now), now, 'a.log');
  const folder = dirname(one);
  writeFileSync(join(folder, 'b.log'), line(now));
  writeFileSync(join(folder, 'b.log.1'), line(now - 1000));
  writeFileSync(join(folder, 'b.log.2.gz'), 'no text');
  const { lines, read, unread } = readRecentLines(
    [`${folder}/*.log*`, one, `${folder}/$host.error`],
    now - 600_000,
    nodeFileSystem,
  );
  expect([read, lines.length]).toEqual([[one, join(folder, 'b.log')], 3]);
  expect(unread).toEqual([{ log: `${folder}/*.error`, reason: 'no file matches it' }]);
});

test('a log too long for its window says since when it was looked at', () => {
  const path = log(line(now).repeat(40_000), now);
  const { sinceMs, lines } = readRecentLines([path], now - 600_000, nodeFileSystem);
  expect(sinceMs).toBe(now);
  expect(lines.length).toBeGreaterThan(1000);
});

test('what cannot be read is named, with the reason', () => {
  const specs = ['/nonexistent/error.log', 'stderr', 'syslog:udp://127.0.0.1:5514', 'journal:nginx'];
  const { unread } = readRecentLines(specs, 0, nodeFileSystem);
  expect(unread.map(({ log: name }) => name)).toEqual(specs);
  for (const { reason } of unread.slice(2)) expect(reason).toMatch(/reads files only.* are not in this answer/);
});
