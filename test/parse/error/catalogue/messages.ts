/** The tables of nginx's messages and actions, and lines made of them (nginx-messages.test.ts). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const table = (name: string): readonly (readonly string[])[] =>
  readFileSync(join(import.meta.dirname, name), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'));
export const messages = table('nginx-messages.tsv');
export const actions = table('nginx-actions.tsv');

const request = ', client: 192.0.2.7, server: a, request: "GET / HTTP/1.1"';
const listen = ', client: 192.0.2.7, server: 0.0.0.0:1';
const bytes = ', bytes from/to client:0/0, bytes from/to upstream:0/0';
/** What the handlers append, by where a message is written. */
const contexts: Readonly<Record<string, string>> = {
  none: '',
  timer: ', context: ngx.timer',
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
export function lineOf(level: string, message: string, where: string): string {
  const [, context = '', action] = /^([^:]*)(?::(.*))?$/.exec(where) ?? [];
  const connection = context === 'none' || context === 'ocsp' ? '' : '*1 ';
  const doing = action === undefined ? '' : ` while ${action}`;
  return `2026/11/22 07:30:45 [${level}] 7#7: ${connection}${message}${doing}${contexts[context]}`;
}
