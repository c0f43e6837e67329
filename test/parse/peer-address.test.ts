import { expect, test } from 'vitest';
import { parseSocketAddress } from '../../collector/parse/peer-address.ts';

/** The words as the kernel of a little-endian machine writes them; CI and developers have no other. */
const hex = (words: readonly number[]) =>
  words.map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');

test.each([
  ['127.0.0.1:8080', '0100007F', 8080],
  ['10.1.2.255:65535', 'FF02010A', 65535],
  ['[::1]:80', '00000000000000000000000001000000', 80],
  ['[2001:db8:0:1::2]:443', 'B80D0120010000000000000002000000', 443],
  ['[FE80::1:2:3:4]:1', '000080FE000000000200010004000300', 1],
  ['[1:2:3:4:5:6:7:8]:9', '02000100040003000600050008000700', 9],
  ['[::]:80', '00000000000000000000000000000000', 80],
  ['[::ffff:127.0.0.1]:80', '0100007F', 80],
  ['[::ffff:7f00:1]:80', '0100007F', 80],
  ['[64:ff9b::10.0.0.1]:80', '9BFF64000000000000000000'.concat('0100000A'), 80],
])('%s', (peer, words, port) => {
  const address = parseSocketAddress(peer);
  expect(address === null ? null : { words: hex(address.words), port: address.port }).toEqual({ words, port });
});

test.each([
  'unix:/run/x.sock',
  'backend',
  'backend:80',
  '127.0.0.1',
  '127.0.0.1:65536',
  '256.0.0.1:80',
  '1.2.3:80',
  '[::1]',
  '[::1::2]:80',
  '[1:2:3:4:5:6:7]:80',
  '[1:2:3:4:5:6:7:8:9]:80',
  '[1:2:3:4:5:6:7::8]:80x',
  '[1:2:3:4::5:6:7:8]:80',
  '[::1.2.3]:80',
  '[12345::]:80',
  '[1.2.3.4::]:80',
  ':80',
  '',
])('%j is no address and port', (peer) => {
  expect(parseSocketAddress(peer)).toBeNull();
});
