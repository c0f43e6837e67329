/** Real lines that neither a debug log nor a record that nginx cut may cost. */
import { expect, test } from 'vitest';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { fields, head, refused, request, tellingSink } from './lines.ts';

const states = (text: string): string => {
  const found: string[] = [];
  const reader = errorLineReader(tellingSink((state) => found.push(state)));
  for (const line of text.split('\n')) reader.read(line);
  reader.end();
  return found.join(' ');
};
const debug = (message: string) => `${head('debug')}${message}`;
const uri = debug('http uri: "/a"');
const notFound = `${head()}open() "/srv/a\nb" failed (2: No such file or directory)${request}`;
const info = `${head('info')}client sent invalid header line: "x" while reading client request headers${request}`;
/** The debug line and the refusal together are as long as nginx's buffer. */
const filled = (level: string) => {
  const start = `${head(level)}http uri: "`;
  return `${start}${'x'.repeat(2047 - start.length - 2 - refused.length)}"`;
};

test.each([
  ['a quoted debug line ends where nginx would cut it, by chance', `${filled('debug')}\n${refused}`, 'line line'],
  [
    'the end of a file name that holds a line feed comes from the other worker',
    `${uri}\n${refused}\n${notFound}\n${refused}`,
    'line line line continuation line',
  ],
  [
    'one that is broken up by a line feed itself',
    `${debug('http uri: "/a')}\nb"\n${refused}`,
    'line continuation line',
  ],
  [
    'the header that nginx sends, over several lines',
    `${uri}\n${refused}\n${debug('http proxy header:')}\n"GET / HTTP/1.0\nHost: x\n\n"\n${refused}`,
    'line line line foreign foreign foreign foreign line',
  ],
  ['a line of level info', `${info}\n${refused}\n${uri}\n${refused}`, 'line line line line'],
  [
    'messages of a FastCGI application',
    `${uri}\n${head()}FastCGI sent in stderr: "a\nb" while reading upstream${fields}\n${refused}`,
    'line line continuation line',
  ],
])('no real line is lost at the level debug: %s', (_, text, expected) => {
  expect(states(text)).toBe(expected);
});

test.each([
  ['a URI', `${debug('http uri: "/a')}\n${refused}\nb"`, 'line forged continuation'],
  ['a URI, twice', `${debug('http filename: "/a')}\n${refused}\n${refused}\nb"`, 'line forged forged continuation'],
])('what a client has nginx print at the level debug is forged: %s', (_, text, expected) => {
  expect(states(text)).toBe(expected);
});

test('at other levels a record without its end is still broken up where nginx cuts it', () => {
  expect(states(`${filled('error')}\n${refused}`)).toBe('line forged');
});

test('what an application prints is over where nginx cuts it: failures between it and the next one count', () => {
  const begin = `${head()}FastCGI sent in stderr: "PHP message: x`;
  const cut = `${begin}\n${'#0 a.php'.padEnd(2047 - begin.length - 1, 'x')}`;
  const whole = `${head()}FastCGI sent in stderr: "a\nb" while reading response header from upstream${fields}`;
  expect(states(`${cut}\n${refused}\n${whole}\n${refused}`)).toBe('line continuation line line continuation line');
});
