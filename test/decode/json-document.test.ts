/** JSON of several entries that are not one a line: exports of CloudWatch, Elasticsearch, Loki, gcloud, and lists of any kind. */
import { describe, expect, test } from 'vitest';
import { createJsonDocument } from '../../collector/decode/json-document.ts';
import { createUnwrapper } from '../../collector/decode/unwrap.ts';

const error = (n: number): string =>
  `2026/11/22 07:30:45 [error] 7#7: *${n} connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a, request: "GET /{[ HTTP/1.1", upstream: "http://10.0.0.1:80/{[", host: "a", referrer: "\\u00e9}]"`;
const lines = [1, 2, 3].map(error);

/** What comes out, line by line, of bytes that arrive in pieces. */
function linesOf(text: string, size = text.length): string[] {
  let out = '';
  const document = createJsonDocument((bytes) => {
    out += bytes.toString();
  });
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) document.chunk(bytes.subarray(at, at + size));
  document.end();
  return out.split('\n').filter((line) => line !== '');
}

function unwrapped(text: string, size?: number): string[] {
  const unwrapper = createUnwrapper();
  return linesOf(text, size).flatMap((line) => unwrapper.line(line) ?? []);
}

const documents: Record<string, unknown> = {
  'docker, a list': lines.map((log) => ({ log: `${log}\n`, stream: 'stderr' })),
  'a list with a list inside': lines.map((message) => ({ message, tags: ['nginx', 'edge'], host: { ip: ['::1'] } })),
  'a list of strings': lines,
  'CloudWatch, get-log-events': {
    events: lines.map((message) => ({ timestamp: 1, message })),
    nextForwardToken: 'f/1',
  },
  'CloudWatch, get-query-results': {
    results: lines.map((value) => [
      { field: '@timestamp', value: '2026-11-22 07:30:45.000' },
      { field: '@message', value },
    ]),
  },
  Elasticsearch: {
    took: 1,
    hits: { total: { value: 3 }, hits: lines.map((message) => ({ _id: 'a', _source: { message } })) },
  },
  Loki: {
    data: { result: [{ stream: { app: 'nginx' }, values: lines.map((line) => ['1700000000000000000', line]) }] },
  },
  'gcloud logging read': lines.map((textPayload) => ({ insertId: '1', labels: { a: 'b c' }, textPayload })),
  OpenTelemetry: {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'the edge' } }] },
        scopeLogs: [{ logRecords: lines.map((stringValue) => ({ timeUnixNano: '1', body: { stringValue } })) }],
      },
    ],
  },
  'Fluent Bit': lines.map((log) => [1.5, { log, stream: 'stderr' }]),
};

describe.each(Object.entries(documents))('%s', (_, value) => {
  test.each([
    ['on one line', JSON.stringify(value)],
    ['with a line feed', `${JSON.stringify(value)}\n`],
    ['over several lines', JSON.stringify(value, null, 2)],
    ['with a mark of UTF-8', `\ufeff${JSON.stringify(value)}`],
  ])('%s, in pieces of any size', (__, text) => {
    for (const size of [1, 7, 64, text.length]) expect(unwrapped(text, size)).toEqual(lines);
  });
});

describe('objects one behind the other', () => {
  const objects = lines.map((message) => JSON.stringify({ message }));
  test.each([
    ['with nothing between', objects.join('')],
    ['with blanks', objects.join(' ')],
    ['with commas', `${objects.join(', ')}\n`],
    ['two a line', `${objects[0]}${objects[1]}\n${objects[2]}\n`],
    ['over several lines each', lines.map((message) => JSON.stringify({ message }, null, 2)).join('\n')],
  ])('%s', (_, text) => {
    expect(unwrapped(text)).toEqual(lines);
    expect(unwrapped(text, 5)).toEqual(lines);
  });
});

describe('everything else stays as it is', () => {
  test.each([
    ['plain lines', `${lines.join('\n')}\n`],
    ['lines that begin with a level', '[error] 7#7: *1 x\n[warn] 7#7: *1 x\n'],
    ['an object a line', lines.map((log) => `${JSON.stringify({ log })}\n`).join('')],
    ['JSON of an access log, also broken', '{"a":"b","t":}\n{"a":"b","t":0.1, 0.2}\n'],
    ['JSON of an access log with quotes of a client', '{"ua":"x"{","t":1}\n{"ua":"y","t":1}\n'],
    ['text in braces', '{ not json\n}\n'],
    ['kubectl', `[pod/a/b] ${lines[0]}\n`],
    ['one object without a line feed', JSON.stringify({ log: lines[0] })],
    ['nothing', ''],
  ])('%s', (_, text) => {
    for (const size of [1, 10, 1000]) expect(linesOf(text, size).join('\n')).toBe(text.trimEnd());
  });
});

test('what stands behind a list, and what is cut off, is not lost', () => {
  const list = JSON.stringify(lines.map((message) => ({ message })));
  expect(unwrapped(`${list}\n${error(7)}\n${error(8)}\n`)).toEqual([...lines, error(7), error(8)]);
  expect(linesOf(`[{"message":"one a"},{"message":"two`)).toEqual(['{"message":"one a"}', '{"message":"two']);
  expect(linesOf(`[{"message":"one a"},{"message":"two\n${error(7)}\n`)).toEqual([
    '{"message":"one a"}',
    '{"message":"two',
    error(7),
  ]);
});

test('entries that hold no line are handed on: they are no match, and said', () => {
  expect(linesOf('[{"status":502,"uri":"/"},{"status":200,"uri":"/"}]')).toEqual([
    '{"status":502,"uri":"/"}',
    '{"status":200,"uri":"/"}',
  ]);
});

test('memory is bounded: lists of any length, depth and width', () => {
  let longest = 0;
  let count = 0;
  const document = createJsonDocument((bytes) => {
    longest = Math.max(longest, bytes.length);
    count++;
  });
  const entry = Buffer.from(`${JSON.stringify({ message: error(1) })},`);
  document.chunk(Buffer.from('{"events":['));
  const many = Buffer.concat(Array.from({ length: 1000 }, () => entry));
  for (let n = 0; n < 20; n++) document.chunk(many);
  expect(count).toBe(20_000);
  document.chunk(Buffer.from('{"message":"'));
  for (let n = 0; n < 40; n++) {
    document.chunk(Buffer.alloc(100_000, 'x'));
    expect(document.held()).toBeLessThan(1_200_000);
  }
  document.chunk(Buffer.from('"},'));
  expect(count).toBe(20_001);
  for (let n = 0; n < 40; n++) document.chunk(Buffer.alloc(100_000, '['));
  expect(document.held()).toBeLessThan(1_200_000);
  document.end();
  expect(longest).toBeLessThan(1_200_000);
});
