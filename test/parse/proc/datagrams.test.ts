import { expect, test } from 'vitest';
import { parseSocketAddress } from '../../../collector/parse/peer-address.ts';
import { type Listener, scanDatagrams } from '../../../collector/parse/proc/socket-rows.ts';

const head =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops';
/** As Linux 6.1 prints them: dnsmasq on 127.0.0.1:53 with 512 bytes unread, a client's connected socket, chronyd on [::1]. */
const bound =
  '  101: 0100007F:0035 00000000:0000 07 00000000:00000200 00:00000000 00000000   113        0 23456 2 0000000000000000 0';
const connected =
  ' 7283: 0500000A:A1B2 0108080A:0035 01 00000000:00000000 00:00000000 00000000  1000        0 34567 2 0000000000000000 0';
const bound6 =
  '14503: 00000000000000000000000001000000:0143 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 45678 2 0000000000000000 0';

function read(text: string): readonly Listener[] {
  const found: Listener[] = [];
  const bytes = Buffer.from(text);
  scanDatagrams(bytes, bytes.length, (socket) => found.push(socket));
  return found;
}

const wordsOf = (address: string) => parseSocketAddress(address)?.words;

test.each([
  ['one that takes datagrams from anybody', bound, [{ port: 53, queued: 512, uid: 113, inode: 23456 }]],
  ['over IPv6', bound6, [{ port: 323, queued: 0, uid: 0, inode: 45678 }]],
  ['connected to a peer', connected, []],
  ['connected by its address only', bound.replace(' 00000000:0000 ', ' 0108080A:0000 '), []],
  ['connected by its port only', bound.replace(' 00000000:0000 ', ' 00000000:0035 '), []],
  ['in another state', bound.replace(' 07 ', ' 01 '), []],
  ['a row that is cut off', bound.slice(0, 80), []],
  ['digits that are none', bound.replace('0100007F', '01000x7F'), []],
  ['nothing', '', []],
])('sockets that are bound over UDP: %s', (_, row, expected) => {
  expect(read(`${head}\n${row}\n`)).toMatchObject(expected);
  expect(read(`${head}\n${row}\n`)).toHaveLength(expected.length);
});

test('their addresses are those of /proc/net/tcp', () => {
  expect(read(`${bound}\n${bound6}\n`).map(({ words }) => words)).toEqual([
    wordsOf('127.0.0.1:53'),
    wordsOf('[::1]:323'),
  ]);
});
