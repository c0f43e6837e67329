import { describe, expect, test } from 'vitest';
import { parseErrorLine, parseStrictErrorLine } from '../../../../collector/parse/error/line.ts';
import { actions, lineOf, messages } from './messages.ts';

test('every message has its kind', () => {
  const wrong = messages.filter(([, level = '', message = '', where = '', kind]) => {
    const line = lineOf(level, message, where);
    return parseErrorLine(line)?.kind !== kind || parseStrictErrorLine(line)?.kind !== kind;
  });
  expect(wrong).toEqual([]);
  expect(messages.length).toBeGreaterThan(1600);
});

describe('every action has its side', () => {
  test.each(actions)('%s', (action = '', _source = '', side = '') => {
    const kindOf = (call: string) => parseErrorLine(lineOf('error', `${call} failed (104: x)`, `http:${action}`))?.kind;
    const isUpstream = side === 'upstream' || side === 'upstream when reading';
    const failed = /SSL|ssl/.test(action) ? 'tls' : 'reset';
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

Every message that nginx 1.31.5 can write on a Unix, with the kind that the plugin gives it.
Behind them, by name, what Angie, OpenResty's Lua modules, Tengine and widely used modules add about upstreams.
\`[lua]\` lines are a script's own words and are \`unrelated\`: what a failed balancer costs is in the access log. Two libraries
of health checks are the exception: the line with which they take a peer out of rotation is \`disabled\`.
Placeholders are filled with samples: \`name\`, \`text\`, \`1\`. Where a message carries an errno, the number in brackets decides
(docs/decisions/0100). This page is generated from the tables in test/parse/error/.

## Actions

| \` while …\` | side | source |
| --- | --- | --- |
${actions.map(([action = '', source = '', side = '']) => `| ${action} | ${side} | ${source} |`).join('\n')}

## Messages

${parts.join('\n\n')}
`;
  await expect(text).toMatchFileSnapshot('../../../../docs/nginx-messages.md');
});
