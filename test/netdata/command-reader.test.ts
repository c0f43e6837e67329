import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCommandReader, type NetdataCommand } from '../../collector/netdata/command-reader.ts';

const id = 'dd7b6fd246564130af8af2ae87442dbb';
const get = `FUNCTION ${id} 5 "nginx-upstreams view:peers 'quoted arg'" "0x8" "method=none,role=any,permissions=0x8,ip=localhost"\n`;
const post = (body: string) =>
  `FUNCTION_PAYLOAD ${id} 7 "nginx-upstreams" "0x1b" "method=none" "application/json"\n${body}\nFUNCTION_PAYLOAD_END\n`;
const called = {
  is: 'call',
  call: {
    transaction: id,
    timeoutSeconds: 5,
    text: "nginx-upstreams view:peers 'quoted arg'",
    access: 8,
    payload: null,
  },
};
const posted = (payload: string) => ({
  is: 'call',
  call: { transaction: id, timeoutSeconds: 7, text: 'nginx-upstreams', access: 0x1b, payload },
});

function read(text: string, chunk = text.length): NetdataCommand[] {
  const reader = createCommandReader();
  const bytes = Buffer.from(text);
  const commands: NetdataCommand[] = [];
  for (let at = 0; at < bytes.length; at += chunk) commands.push(...reader.push(bytes.subarray(at, at + chunk)));
  return commands;
}

describe('what Netdata writes', () => {
  test.each([
    ['a call', get, [called]],
    ['a call with a body', post('{"after":-60}'), [posted('{"after":-60}')]],
    ['a body that ends in a newline', post('{}\n'), [posted('{}\n')]],
    [
      'a body of several lines, with words of the protocol',
      post('QUIT\nFUNCTION_CANCEL 1\n FUNCTION_PAYLOAD_END'),
      [posted('QUIT\nFUNCTION_CANCEL 1\n FUNCTION_PAYLOAD_END')],
    ],
    ['an empty body', post(''), [posted('')]],
    ['a cancel', `FUNCTION_CANCEL ${id}\n`, [{ is: 'cancel', transaction: id }]],
    ['progress, which needs no answer', `FUNCTION_PROGRESS ${id}\n${get}`, [called]],
    [
      'a call without rights, as a version before might write it',
      `FUNCTION ${id} 5 "nginx-upstreams"\n`,
      [{ is: 'call', call: { ...called.call, text: 'nginx-upstreams', access: 0 } }],
    ],
    [
      'UTF-8',
      get.replace('peers', 'pëers'),
      [{ is: 'call', call: { ...called.call, text: "nginx-upstreams view:pëers 'quoted arg'" } }],
    ],
  ])('%s', (_, text, commands) => {
    for (const chunk of [text.length, 1, 2, 3, 7]) expect(read(text, chunk)).toEqual(commands);
  });

  test.each([
    ['an unknown word', 'HELLO x\n'],
    ['a transaction that is none', 'FUNCTION ../../x 5 "nginx-upstreams" "0x8" ""\n'],
    ['a transaction with a line of the protocol', `FUNCTION ${id}\rDISABLE 5 "nginx-upstreams" "0x8" ""\n`],
    ['no function', `FUNCTION ${id} 5\n`],
    ['a function without a name', `FUNCTION ${id} 5 "" "0x8"\n`],
    ['a transaction with a blank', `FUNCTION "${id} 200 text/plain 0" 5 "nginx-upstreams" "0x8" ""\n`],
    ['a word that begins so', `FUNCTION_RESULT_BEGIN ${id} 5 "nginx-upstreams" "0x8"\n`],
    ['a timeout that is over', `FUNCTION ${id} 0 "nginx-upstreams" "0x8" ""\n`],
    ['no timeout', `FUNCTION ${id} x "nginx-upstreams" "0x8" ""\n`],
    ['NUL bytes', '\0\0\n'],
    ['the end of a body that never began', 'FUNCTION_PAYLOAD_END\n'],
  ])('%s is no command, and what follows is read', (_, text) => {
    expect(read(text + get)).toEqual([called]);
  });
});

describe('bounds', () => {
  test('a line without end is not kept', () => {
    const reader = createCommandReader();
    for (let i = 0; i < 200; i++) reader.push(Buffer.alloc(65_536, 'x'));
    expect(reader.push(Buffer.from(`\n${get}`))).toEqual([called]);
  });

  test('a huge body is cut, and its end is found', () => {
    const commands = read(post(`${'y'.repeat(50_000)}\n`.repeat(100)) + get, 10_000);
    expect(commands).toHaveLength(2);
    const [first] = commands;
    expect(first?.is === 'call' && first.call.payload?.length).toBe(65_536);
  });

  test('any bytes, cut anywhere, are read as when they come at once', () => {
    const piece = fc.oneof(
      fc.constantFrom(get, post('{}'), post('a\nb'), 'FUNCTION_PAYLOAD_END\n', '\n', 'QUIT', '"', 'FUNCTION '),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 50 }), (pieces, chunk) => {
        const text = pieces.join('');
        expect(read(text, chunk)).toEqual(read(text));
      }),
    );
  });
});
