/**
 * nginx's source, message by message: every ngx_log_error, ngx_connection_error and ngx_ssl_error of the folders that
 * have to do with upstreams, as nginx 1.31.5 has them, with what stands where the source has a placeholder. The tables
 * beside this file are the data; docs/nginx-messages.md is made of them (`npx vitest run FILE --update` writes it).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';

const table = (name: string): readonly (readonly string[])[] =>
  readFileSync(join(import.meta.dirname, name), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'));
const messages = table('nginx-messages.tsv');
const actions = table('nginx-actions.tsv');

const request = ', client: 192.0.2.7, server: a, request: "GET / HTTP/1.1"';
const listen = ', client: 192.0.2.7, server: 0.0.0.0:1';
const bytes = ', bytes from/to client:0/0, bytes from/to upstream:0/0';
/** What the handlers append, by where a message is written. */
const contexts: Readonly<Record<string, string>> = {
  none: '',
  request: `${request}, host: "a"`,
  http: `${request}, upstream: "http://127.0.0.1:80/", host: "a"`,
  client: ', client: 192.0.2.7, server: a',
  stream: `${listen}, upstream: "127.0.0.1:80"${bytes}`,
  'stream-client': `${listen}${bytes}`,
  mail: `${listen}, login: "a", upstream: 127.0.0.1:25`,
  'mail-auth': `${listen}, login: "a"`,
  'mail-client': listen,
  ocsp: ' while requesting certificate status, responder: a',
};

/** @param where a context, and behind a colon the action: `http:connecting to upstream` */
function lineOf(level: string, message: string, where: string): string {
  const [, context = '', action] = /^([^:]*)(?::(.*))?$/.exec(where) ?? [];
  const connection = context === 'none' || context === 'ocsp' ? '' : '*1 ';
  const doing = action === undefined ? '' : ` while ${action}`;
  return `2026/11/22 07:30:45 [${level}] 7#7: ${connection}${message}${doing}${contexts[context]}`;
}

test('every message has its kind', () => {
  const wrong = messages.filter(([, level = '', message = '', where = '', kind]) => {
    const line = lineOf(level, message, where);
    return parseErrorLine(line)?.kind !== kind || parseStrictErrorLine(line)?.kind !== kind;
  });
  expect(wrong).toEqual([]);
  expect(messages.length).toBeGreaterThan(900);
});

describe('every action has its side', () => {
  test.each(actions)('%s', (action = '', _source = '', side = '') => {
    const kindOf = (call: string) => parseErrorLine(lineOf('error', `${call} failed (104: x)`, `http:${action}`))?.kind;
    const isUpstream = side === 'upstream' || side === 'upstream when reading';
    const failed = action.startsWith('SSL') ? 'tls' : 'reset';
    expect(kindOf('recv()')).toBe(isUpstream ? failed : 'unrelated');
    expect(kindOf('send()')).toBe(side === 'upstream' ? failed : 'unrelated');
  });
});

test('docs/nginx-messages.md has them all', async () => {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
  const sources = [...new Set(messages.map(([source]) => source ?? ''))];
  const isFailure = ([, , , , kind]: readonly string[]) => kind !== 'unrelated';
  const row = ([, level = '', message = '', where = '', kind = '']: readonly string[]) =>
    `| ${level} | \`${cell(message)}\` | ${where.replace(/^[^:]*:/, '').replace('none', '')} | ${kind} |`;
  const parts = sources.map((source) => {
    const rows = messages.filter((each) => each[0] === source);
    const failures = rows.filter(isFailure);
    const rest = rows.filter((each) => !isFailure(each));
    const table = ['| level | message | while | kind |', '| --- | --- | --- | --- |', ...failures.map(row)];
    const unrelated = rest.map(([, level = '', message = '']) => `- ${level}: \`${cell(message)}\``);
    return [
      `### ${source}`,
      ...(failures.length > 0 ? ['', ...table] : []),
      ...(rest.length > 0 ? ['', '`unrelated`:', '', ...new Set(unrelated)] : []),
    ].join('\n');
  });
  const text = `# nginx's messages and the kinds they get

Every message that nginx 1.31.5 can write from the parts that deal with upstreams, with the kind that the plugin gives it.
Placeholders are filled with samples: \`name\`, \`text\`, \`1\`. Where a message carries an errno, the number in brackets decides
(docs/decisions/0100). This page is generated from the tables in test/parse/error/.

## Actions

| \` while …\` | side | source |
| --- | --- | --- |
${actions.map(([action = '', source = '', side = '']) => `| ${action} | ${side} | ${source} |`).join('\n')}

## Messages

${parts.join('\n\n')}
`;
  await expect(text).toMatchFileSnapshot('../../../docs/nginx-messages.md');
});
