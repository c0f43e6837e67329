import { describe, expect, test } from 'vitest';
import { criLog, dockerJson, type Wanted } from '../../collector/decode/container.ts';
import { journalEntry } from '../../collector/decode/journal.ts';
import { intoBytes } from '../../collector/decode/onward.ts';
import { syslogLine } from '../../collector/decode/syslog.ts';

const error = '2026/11/22 07:30:45 [error] 7#7: *1 connect() failed (111: Connection refused)';
const access = '127.0.0.1 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157';

describe('syslog', () => {
  const cases: Record<string, [datagram: string, line: string | null]> = {
    'an error line': [`<187>Nov 22 07:30:45 web1 nginx: ${error}`, error],
    'an empty host name, in the first lines after a start': [`<187>Nov 22 07:30:45  nginx: ${error}`, error],
    nohostname: [`<187>Nov 22 07:30:45 nginx: ${error}`, error],
    'an access line, a day of one digit, another tag': [`<190>Nov  2 07:30:45 web1 edge_7: ${access}`, access],
    'a line that looks like a frame again': [
      '<190>Nov 22 07:30:45 web1 nginx: <190>Nov 22 07:30:45 web1 nginx: x',
      '<190>Nov 22 07:30:45 web1 nginx: x',
    ],
    'nohostname and a line with colons': ['<190>Nov 22 07:30:45 nginx: GET: x: y', 'GET: x: y'],
    'an empty line': ['<190>Nov 22 07:30:45 web1 nginx: ', ''],
    'RFC 5424': ['<187>1 2026-11-22T07:30:45Z web1 nginx 7 - - x', null],
    'no frame': [error, null],
    'a tag with a pid, as rsyslog writes it': [`<187>Nov 22 07:30:45 web1 nginx[7]: ${error}`, null],
    nothing: ['', null],
  };
  test.each(Object.entries(cases))('%s', (_, [datagram, line]) => {
    expect(syslogLine(datagram)).toBe(line);
  });
});

function collect(kind: typeof dockerJson, wanted: Wanted, ...chunks: string[]) {
  const got = { text: '', cuts: 0, overlong: 0, foreign: 0 };
  const onward = intoBytes(
    {
      chunk: (bytes) => {
        got.text += bytes.toString();
      },
      cut: () => {
        got.cuts += 1;
      },
    },
    () => {
      got.overlong += 1;
    },
  );
  const onForeign = () => {
    got.foreign += 1;
  };
  const sink = kind(onward, { wanted, maxLength: 100_000, onForeign });
  for (const chunk of chunks) sink.chunk(Buffer.from(chunk));
  sink.cut();
  return got;
}

const docker = (log: string, stream = 'stderr') =>
  `${JSON.stringify({ log, stream, time: '2026-11-22T07:30:45.000000001Z' })}\n`;
const cri = (text: string, stream = 'stderr', tag = 'F') => `2026-11-22T07:30:45.000000001Z ${stream} ${tag} ${text}\n`;

describe('docker json-file', () => {
  test('error lines from stderr, access lines from stdout', () => {
    const file = docker(`${error}\n`) + docker(`${access}\n`, 'stdout');
    expect(collect(dockerJson, 'error', file)).toMatchObject({ text: `${error}\n`, cuts: 1 });
    expect(collect(dockerJson, 'access', file).text).toBe(`${access}\n`);
  });

  test('both logs on stdout', () => {
    const file = docker(`${error}\n`, 'stdout') + docker(`${access}\n`, 'stdout');
    expect(collect(dockerJson, 'error', file).text).toBe(`${error}\n`);
    expect(collect(dockerJson, 'access', file).text).toBe(`${access}\n`);
  });

  test('continuations of a FastCGI message follow on stderr', () => {
    const file = docker('FastCGI sent in stderr: "PHP message\n') + docker('#1 {main}" while reading\n');
    expect(collect(dockerJson, 'error', file).text).toBe(
      'FastCGI sent in stderr: "PHP message\n#1 {main}" while reading\n',
    );
  });

  test('a line over 16 KiB comes in parts, with the other stream in between', () => {
    const long = `${error}${'x'.repeat(40_000)}`;
    const parts = [long.slice(0, 16_384), long.slice(16_384, 32_768), `${long.slice(32_768)}\n`];
    const file = parts.map((part) => docker(part) + docker(`${access}\n`, 'stdout')).join('');
    expect(collect(dockerJson, 'error', file).text).toBe(`${long}\n`);
  });

  test('parts without an end stay bounded and are counted once', () => {
    const file = docker('x'.repeat(16_384)).repeat(10) + docker('end\n') + docker(`${error}\n`);
    expect(collect(dockerJson, 'error', file)).toMatchObject({ text: `${error}\n`, overlong: 1 });
  });

  test('what is no record is foreign; a newline inside a line makes no second one', () => {
    const file = `{"log":\n[]\nnull\n{"log":1,"stream":"stderr"}\n${docker('a\nb\r\n')}`;
    expect(collect(dockerJson, 'error', file)).toMatchObject({ text: 'a b\n', foreign: 4 });
  });
});

describe('CRI', () => {
  test('full lines of both streams, also with more tags', () => {
    const file = cri(error) + cri(access, 'stdout') + cri('tagged', 'stderr', 'F:x'.toUpperCase());
    expect(collect(criLog, 'error', file).text).toBe(`${error}\ntagged\n`);
    expect(collect(criLog, 'access', file).text).toBe(`${access}\n`);
  });

  test('partial lines, with the other stream in between', () => {
    const file = cri('one ', 'stderr', 'P') + cri(access, 'stdout') + cri('two ', 'stderr', 'P') + cri('three');
    expect(collect(criLog, 'error', file).text).toBe('one two three\n');
  });

  test('an empty line, and what is no record', () => {
    expect(collect(criLog, 'error', `${cri('')}garbage\n`)).toMatchObject({ text: '\n', foreign: 1 });
  });
});

describe('the journal', () => {
  const cases: Record<string, [line: string, entry: ReturnType<typeof journalEntry>]> = {
    "podman's newline at the end": [
      JSON.stringify({ MESSAGE: 'a line\n', CONTAINER_NAME: 'web', __CURSOR: 's=1' }),
      { message: 'a line', cursor: 's=1' },
    ],
    'a message': [`{"MESSAGE":"${error}","__CURSOR":"s=1"}`, { message: error, cursor: 's=1' }],
    'bytes that are not printable': ['{"MESSAGE":[104,105,27]}', { message: 'hi\u001b', cursor: null }],
    'several messages in one entry': ['{"MESSAGE":["one","two"]}', { message: 'one', cursor: null }],
    'a host name and a tag in front, as nginx writes them to /dev/log': [
      `{"MESSAGE":"web1 nginx: ${error}","_HOSTNAME":"web1"}`,
      { message: error, cursor: null },
    ],
    'a message that begins with the host name': [
      '{"MESSAGE":"web1 is up","_HOSTNAME":"web1"}',
      { message: 'web1 is up', cursor: null },
    ],
    'left out because it is too large': ['{"MESSAGE":null,"__CURSOR":"s=2"}', { message: null, cursor: 's=2' }],
    'no message': ['{"__CURSOR":"s=2"}', null],
    'no JSON': ['-- No entries --', null],
    'no object': ['7', null],
  };
  test.each(Object.entries(cases))('%s', (_, [line, entry]) => {
    expect(journalEntry(line)).toEqual(entry);
  });
});
