/** `parse` is given what holds no lines: it names what that is and the command that makes lines of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { parseError } from '../../collector/commands/parse/error.ts';
import { tempDir } from '../support/temp.ts';

const line =
  '2026/11/22 07:00:00 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, ' +
  'server: shop.example, request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "shop.example"\n';
const bigEndian = (utf16: string): Buffer => Buffer.from(utf16, 'utf16le').swap16();

function tar(content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('error.log');
  header.write('ustar', 257);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc(1024)]);
}

async function run(files: readonly string[], input: Buffer) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [shown, complained] = [text(stdout), text(stderr)];
  const code = await parseError.run(files, { stdin: Readable.from([input]), stdout, stderr });
  stderr.end();
  return { code, lines: (await shown).split('\n').filter(Boolean), errors: await complained };
}

test.each([
  [
    'UTF-16LE with a mark',
    Buffer.from(`\ufeff${line}`, 'utf16le'),
    'is UTF-16LE text: convert it on the way: iconv -f UTF-16LE -t UTF-8 ',
  ],
  ['UTF-16LE without one', Buffer.from(line, 'utf16le'), 'is UTF-16LE text'],
  ['UTF-16BE with a mark', bigEndian(`\ufeff${line}`), 'is UTF-16BE text'],
  ['UTF-16BE without one', bigEndian(line), 'is UTF-16BE text'],
  ['gzip', gzipSync(line), 'is compressed with gzip: unpack it on the way: gzip -dc '],
  ['a tar archive', tar(line), 'is a tar archive: unpack it on the way: tar -xOf '],
])('%s', async (_, bytes, message) => {
  const path = join(tempDir('parse'), 'error.log');
  writeFileSync(path, bytes);
  expect(await run([], bytes)).toMatchObject({ code: 2, lines: [], errors: expect.stringContaining(`-: ${message}`) });
  const { code, lines, errors } = await run([path, '-'], Buffer.from(line));
  expect([code, lines.length]).toEqual([1, 1]);
  expect(errors).toContain(`${path}: ${message}`);
  expect(errors).toContain(`${path} | nginx-upstream parse error\n`);
});

test.each([
  ['a run of NULs before it, as copytruncate leaves', Buffer.concat([Buffer.alloc(5000), Buffer.from(line)])],
  ['a mark of UTF-8', Buffer.from(`\ufeff${line}`)],
  ['bytes of another encoding', Buffer.concat([Buffer.from([0xff, 0xfe, 0xe9]), Buffer.from(`\n${line}`)])],
  ['a lone letter', Buffer.from('a\0b\n')],
  ['nothing', Buffer.alloc(0)],
])('lines all the same: %s', async (_, bytes) => {
  const { code, errors } = await run([], bytes);
  expect([code, errors]).toEqual([0, '']);
});

test('a list of JSON on one line: an object for each entry', async () => {
  const entries = JSON.stringify([1, 2, 3].map(() => ({ log: line, stream: 'stderr' })));
  const { code, lines, errors } = await run([], Buffer.from(entries));
  expect([code, errors, lines.length]).toEqual([0, '', 3]);
  expect(lines.map((each) => JSON.parse(each).kind)).toEqual(['refused', 'refused', 'refused']);
});
