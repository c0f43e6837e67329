import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLexer } from '../../../collector/base/syntax/lexer.ts';
import { nginxLine } from '../../../collector/base/syntax/nginx-words.ts';
import {
  withFlush,
  withFormat,
  withHost,
  withLevel,
  without,
  withoutGzip,
  withParameter,
  withSyslogServer,
} from '../../../collector/discover/check/rules/edits.ts';

const edited = (text: string, edit: (args: readonly string[]) => readonly string[]): string => {
  const [name = '', ...args] = createLexer(text)
    .next()
    .words.map((word) => word.text);
  return nginxLine(name, edit(args));
};

test.each<[string, (args: readonly string[]) => readonly string[], string]>([
  [
    'server x resolve slow_start=30s route=a;',
    (args) => withParameter(args, 'max_fails', '3'),
    'server x resolve slow_start=30s route=a max_fails=3;',
  ],
  [
    'server x:80 max_fails=1 service=http resolve drain;',
    (args) => withParameter(args, 'max_fails', '3'),
    'server x:80 max_fails=3 service=http resolve drain;',
  ],
  [
    'server max_fails=x.example;',
    (args) => withParameter(args, 'max_fails', '0'),
    'server max_fails=x.example max_fails=0;',
  ],
  [
    'access_log /a f buffer=1k flush=2s if=$x;',
    (args) => withFormat(args, 'g'),
    'access_log /a g buffer=1k flush=2s if=$x;',
  ],
  ['access_log "/a b;c";', (args) => withFormat(args, 'g'), 'access_log "/a b;c" g;'],
  ['access_log /a;', (args) => withFlush(args, '1s'), 'access_log /a combined flush=1s;'],
  ['access_log if=x f if=$y;', (args) => without(args, 'if'), 'access_log if=x f;'],
  ['access_log /a f gzip flush=1m buffer=4k;', withoutGzip, 'access_log /a f flush=1m buffer=4k;'],
  ['access_log /a f gzip=3 flush=1m;', withoutGzip, 'access_log /a f flush=1m buffer=64k;'],
  ['access_log /a f gzip=3;', withoutGzip, 'access_log /a f;'],
  [
    'access_log syslog:server=unix:/dev/log,facility=local3,severity=info,tag=x f if=$y;',
    (args) => withSyslogServer(args, '127.0.0.1:5514'),
    'access_log syslog:server=127.0.0.1:5514,facility=local3,severity=info,tag=x f if=$y;',
  ],
  [
    'error_log syslog:server=a.example error;',
    (args) => withLevel(args, 'warn'),
    'error_log syslog:server=a.example warn;',
  ],
  ['error_log /e debug_http debug_event;', (args) => withLevel(args, 'warn'), 'error_log /e warn;'],
  ['error_log /e;', (args) => withLevel(args, 'warn'), 'error_log /e warn;'],
  [
    'proxy_pass http://localhost:3000/localhost;',
    (args) => withHost(args, 'localhost', '127.0.0.1'),
    'proxy_pass http://127.0.0.1:3000/localhost;',
  ],
  ['fastcgi_pass localhost:9000;', (args) => withHost(args, 'localhost', '127.0.0.1'), 'fastcgi_pass 127.0.0.1:9000;'],
  [
    'proxy_pass $scheme://localhost;',
    (args) => withHost(args, 'localhost', '127.0.0.1'),
    'proxy_pass $scheme://localhost;',
  ],
])('%s', (before, edit, after) => {
  expect(edited(before, edit)).toBe(after);
});

test('every word is written so that nginx reads it back', () => {
  const char = fc.constantFrom(...'ab$ \t\n\r\\"\'{};#}~.é☃(/'.split(''));
  const word = fc.array(char, { maxLength: 8 }).map((chars) => chars.join(''));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (args) => {
      const { words, end, problems } = createLexer(nginxLine('x', args)).next();
      expect([problems, end, words.map(({ text }) => text)]).toEqual([[], ';', ['x', ...args]]);
    }),
    { numRuns: 3_000, interruptAfterTimeLimit: 3_000 },
  );
});
