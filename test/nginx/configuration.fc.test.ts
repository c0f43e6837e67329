import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLexer } from '../../collector/base/syntax/lexer.ts';
import { createAttribution, namesToResolve } from '../../collector/nginx/peers.ts';
import { configurationOf } from './memory-files.ts';

const time = { interruptAfterTimeLimit: 2_000, numRuns: 5_000 };

/** Words and characters that mean something, in any order. */
const soup = fc
  .array(
    fc.constantFrom(
      ...'http stream server upstream location set map log_format access_log error_log include proxy_pass listen if'.split(
        ' ',
      ),
      ...'$x ${x} $ { } ; " \' \\ # \n [::1]:80 unix:/x http://x:1/ 10.0.0.1 x_by_lua_block --[[ ]] ~^a{2} off *'.split(
        ' ',
      ),
      ' ',
      '\n',
    ),
    { maxLength: 60 },
  )
  .map((words) => words.join(' '));

test('any text has a meaning, none throws', () => {
  fc.assert(
    fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), (text) => {
      const configuration = configurationOf(text, { '/etc/nginx/*': text });
      const { upstreamOf } = createAttribution(configuration);
      for (const peer of ['10.0.0.1:80', 'x', ...namesToResolve(configuration)]) {
        expect(upstreamOf(peer, 'x', 'http')).not.toBe('');
      }
    }),
    time,
  );
});

/** A naive lexer for words without quotes, backslashes and variables: split and look. */
function naive(text: string): string[][] {
  const plain = text.replace(/#[^\n]*/g, ' ');
  return plain
    .replace(/[;{]/g, ' $& ')
    .split(/[;{]/)
    .map((statement) => statement.split(/\s+/).filter((word) => word !== ''));
}

test('plain text is cut as a naive reading cuts it', () => {
  const word = fc.constantFrom('a', 'listen', '80', '10.0.0.1:80', 'x=y', 'é');
  const statement = fc.tuple(
    fc.array(word, { minLength: 1, maxLength: 4 }),
    fc.constantFrom(' ', '\n', '\t', ' # it\n'),
  );
  const ending = fc.constantFrom(';', ' ;', '{', '\n{');
  fc.assert(
    fc.property(fc.array(fc.tuple(statement, ending), { maxLength: 8 }), (statements) => {
      const text = statements.map(([[words, blank], end]) => words.join(blank) + end).join('\n');
      const lexer = createLexer(text);
      const ours = statements.map(() => lexer.next().words.map((each) => each.text));
      expect(ours).toEqual(naive(text).slice(0, statements.length));
      expect(lexer.next().end).toBe('eof');
    }),
    time,
  );
});
