/**
 * Every parser, with inputs that nobody would write, for FUZZ_SECONDS each (3 by default): it returns, it never throws, and
 * eight times the input is about eight times the work. What broke is printed with the seed: FUZZ_SEED=N runs it again.
 */

import { setImmediate } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { parseSettings } from '../../../collector/config/parse.ts';
import { criLog, dockerJson } from '../../../collector/decode/container.ts';
import { journalEntry } from '../../../collector/decode/journal.ts';
import { lineSplitter } from '../../../collector/decode/lines.ts';
import { syslogLine } from '../../../collector/decode/syslog.ts';
import { sourceDefaults } from '../../../collector/discover/find/build.ts';
import { createCommandReader } from '../../../collector/netdata/command-reader.ts';
import { readConfiguration } from '../../../collector/nginx/configuration.ts';
import { readDump } from '../../../collector/nginx/syntax/dump.ts';
import { readTree } from '../../../collector/nginx/syntax/tree.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { parseErrorLine } from '../../../collector/parse/error/line.ts';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { parseStubStatus } from '../../../collector/parse/stub-status.ts';
import { parseLogSpec, specText } from '../../../collector/source/log-spec.ts';
import { parseStatusUrl } from '../../../collector/source/status-url.ts';
import { growsLinearly } from '../../support/growth.ts';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 3);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

/** Mulberry32: the same numbers for the same seed. */
function random(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const error =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, ' +
  'server: x, request: "GET /?a=b HTTP/1.1", upstream: "http://[::1]:80/", host: "x", referrer: "http://r/"';
const access =
  '192.0.2.1 - u [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 5 "-" "x" 0.001 "a:80, unix:/s : b:80" "502, 200 : -" "-, 0.000 : 1.5"';
const format =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time "$upstream_addr" "$upstream_status" "$upstream_connect_time"';
const conf = `user x; error_log /l/e "warn"; http { log_format a escape=json '{"s":$status}' "$upstream_addr"; upstream u { server a:80 max_fails=3 down; server unix:/s backup; keepalive 2; }
map $host $t { default u; ~^(a|b)$ $1; } server { listen [::]:80 ssl; server_name x; access_log /l/$host.log a if=$t; location ~ ^/(.*)$ { proxy_pass http://$t/$1; } location /s { stub_status; allow 127.0.0.1; deny all; } } include *.c[o]nf; }`;
const yaml =
  "update_every: 2\njobs:\n  - name: a\n    error_log: [/l/*.log, 'docker:/c/x']\n    access_log:\n      - path: syslog:udp://127.0.0.1:5514\n        format: '$status'\n    stub_status: http://x/s\n";
const stub = 'Active connections: 2 \nserver accepts handled requests\n 3 3 5 \nReading: 0 Writing: 1 Waiting: 1 \n';
const pieces = [
  ...'\0\n\r\t "\'\\,:;{}[]()#$*?~%-=@/'.split(''),
  ...[
    '\u{1f600}',
    '\ud800',
    '\u202e',
    '\ufeff',
    '0',
    '-1',
    '9'.repeat(40),
    'x'.repeat(300),
    '\\x22',
    '%00',
    '": ',
    ', upstream: "',
    'while ',
    '&a',
    '*a',
    '!!binary',
    '<<: ',
    '${',
    '"}]}',
    '\u001b[',
  ],
];
const corpus = [error, access, conf, yaml, stub];

function mutate(text: string, next: () => number): string {
  let out = text;
  for (let changes = Math.ceil(next() * 6); changes > 0; changes--) {
    const at = Math.floor(next() * (out.length + 1));
    const length = Math.floor(next() * 20);
    const other = corpus[Math.floor(next() * corpus.length)] ?? '';
    const from = Math.floor(next() * other.length);
    const insert =
      next() < 0.7 ? (pieces[Math.floor(next() * pieces.length)] ?? '') : other.slice(from, from + length * 4);
    const rest = next() < 0.5 ? at : at + length;
    out = next() < 0.05 ? out + out : out.slice(0, at) + insert + out.slice(rest);
    if (out.length > 20_000) out = out.slice(0, 20_000);
  }
  return out;
}

const sinks = { line: () => undefined, overlong: () => undefined, cut: () => undefined };
const container = { wanted: 'error', maxLength: 65_536, onForeign: () => undefined } as const;
const matcherOf = (escaping: string) => {
  const read = readLogFormat(`log_format a escape=${escaping} '${format}';`);
  if ('problem' in read) throw new Error(read.problem);
  return createAccessMatcher(read.format, true).match;
};
const matchers = { default: matcherOf('default'), json: matcherOf('json'), none: matcherOf('none') };
const records = {
  line: () => undefined,
  forged: () => undefined,
  continuation: () => undefined,
  foreign: () => undefined,
};
const readConf = (text: string): unknown => {
  const tree = readTree('/n', {
    readFile: (path) => (path === '/n' ? { text } : { failure: 'missing' }),
    readFolder: () => ['a.conf'],
  });
  return readConfiguration(tree, sourceDefaults('/n'));
};

const parsers: Record<string, { from: string; parse: (text: string) => unknown }> = {
  'error lines': { from: error, parse: parseErrorLine },
  'error records': {
    from: `${error}\n${error}`,
    parse: (text) => {
      const reader = errorLineReader(records);
      for (const each of text.split('\n')) reader.read(each);
      reader.end();
    },
  },
  'access lines': { from: access, parse: (text) => matchers.default(Buffer.from(`${text}\n`), 0) },
  'access lines, escape=json': { from: access, parse: (text) => matchers.json(Buffer.from(`${text}\n`), 0) },
  'access lines, escape=none': { from: access, parse: (text) => matchers.none(Buffer.from(`${text}\n`), 0) },
  log_format: {
    from: format,
    parse: (text) => {
      const read = readLogFormat(text);
      if ('format' in read) createAccessMatcher(read.format, true).match(Buffer.from(`${access}\n`), 0);
    },
  },
  'nginx.conf': { from: conf, parse: readConf },
  'nginx -T': { from: `# configuration file /n:\n${conf}\n# configuration file /a.conf:\n${conf}`, parse: readDump },
  YAML: { from: yaml, parse: parseSettings },
  'log specs': { from: 'docker:/c/[a-z]*/$host\\x.log', parse: (text) => specText(parseLogSpec(text)) },
  'status URLs': { from: 'http://unix:/run/s.sock:/nginx status', parse: (text) => parseStatusUrl(text, text) },
  docker: {
    from: JSON.stringify({ log: `${error}\n`, stream: 'stderr', time: 'x', attrs: {} }),
    parse: (text) => {
      const sink = dockerJson(sinks, container);
      sink.chunk(Buffer.from(`${text}\n`));
      sink.cut();
    },
  },
  CRI: {
    from: `2026-11-22T07:30:45.1Z stderr F ${error}`,
    parse: (text) => {
      const sink = criLog(sinks, container);
      sink.chunk(Buffer.from(`${text}\n`));
      sink.cut();
    },
  },
  journal: { from: JSON.stringify({ MESSAGE: error, __CURSOR: 's=1', _HOSTNAME: 'h' }), parse: journalEntry },
  syslog: { from: `<187>Nov 22 07:30:45 host nginx: ${error}`, parse: syslogLine },
  stub_status: { from: stub, parse: parseStubStatus },
  lines: {
    from: `${error}\n${access}`,
    parse: (text) => {
      const sink = lineSplitter({ maxLength: 200, onLine: () => undefined, onOverlong: () => undefined });
      sink.chunk(Buffer.from(text));
      sink.cut();
    },
  },
  stdin: {
    from: 'FUNCTION tx 10 "nginx-upstreams view:peers"\nFUNCTION_PAYLOAD t 1 "x" "0x8" ""\n{}\nFUNCTION_PAYLOAD_END\n',
    parse: (text) => createCommandReader().push(Buffer.from(text)),
  },
};

// What is closed is let go of in the next turn, and a test here is one turn.
afterEach(() => setImmediate());

describe(`seed ${seed}`, () => {
  test.each(Object.entries(parsers))('%s: never throws, and returns', (_, { from, parse }) => {
    const next = random(seed);
    const until = performance.now() + seconds * 1000;
    let tried = 0;
    let text = from;
    const tryAll = () => {
      for (; performance.now() < until; tried++) {
        text = next() < 0.2 ? from : mutate(text, next);
        parse(text);
      }
    };
    try {
      // Interrupts what does not return, also a pattern that tries everything again and again.
      runInNewContext('tryAll()', { tryAll }, { timeout: seconds * 1000 + 60_000 });
    } catch (problem) {
      throw new Error(`seed ${seed}, input ${tried}: ${JSON.stringify(text.slice(0, 2000))}`, { cause: problem });
    }
    expect(tried).toBeGreaterThan(5);
  });

  // A format is compiled once, at its own cost.
  const grows = Object.entries(parsers).filter(([name]) => name !== 'log_format');
  test.each(grows)('%s: eight times the input, about eight times the work', (_, { from, parse }) => {
    for (const unit of [from, ...'\0\n "\\{[(#$%:'.split(''), ', upstream: "']) {
      try {
        growsLinearly(
          (count) => {
            const text = unit.repeat(count);
            return () => parse(text);
          },
          Math.ceil(4_000 / unit.length),
        );
      } catch (problem) {
        throw new Error(`of ${JSON.stringify(unit)}`, { cause: problem });
      }
    }
  });
});
