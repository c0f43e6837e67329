import { expect, test } from 'vitest';
import { createTcpScanner, indexPeers } from '../../../collector/parse/proc/net-tcp.ts';
import { socketStates as st } from '../../../collector/parse/proc/socket-rows.ts';

// Rows as Linux 6.1 and 6.18 wrote them.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 00000000:07E8 00000000:0000 0A 00000000:00000003 00:00000000 00000000   990        0 635 1 00000000d432962c 100 0 0 10 0                     
   1: 0100007F:CD86 0100007F:1F90 06 00000000:00000000 03:00000000 00000000     0        0 0 3 00000000fcabcbd2                                      
   2: 0100007F:CD88 0100007F:1F90 01 00000000:00000000 00:00000000 00000000    33        0 21601 1 00000000fcabcbd3 20 4 30 10 -1                    
   3: 0100007F:1F90 0100007F:CD88 01 00000000:00000000 00:00000000 00000000    33        0 21602 1 00000000fcabcbd4 20 4 30 10 -1                    
   4: 0200000A:CD8A 0300000A:1F90 02 00000001:00000000 01:000000C8 00000001    33        0 21603 2 00000000fcabcbd5 200 0 0 1 7                      
   5: 0200000A:CD8C 0300000A:1F90 08 00000000:00000001 00:00000000 00000000    33        0 21604 1 00000000fcabcbd6 20 4 30 10 -1                    
   6: 0200000A:CD8E 0300000A:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 21605 1 00000000fcabcbd7 20 4 30 10 -1                    
12345: 0200000A:CD90 0300000A:1F90 04 00000000:00000000 00:00000000 00000000     0        0 0 1 00000000fcabcbd8 20 4 30 10 -1                        
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 23456 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:CD86 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000    33        0 30001 1 0000000000000000 20 4 30 10 -1
   2: 0000000000000000FFFF00000100007F:CD8A 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000    33        0 30002 1 0000000000000000 20 4 30 10 -1
   3: 000000000000000000000000010000FF:CD8A 000000000000000000000000010000FF:1F90 01 00000000:00000000 00:00000000 00000000    33        0 30002 1 0000000000000000 20 4 30 10 -1
`;

const peers = ['127.0.0.1:8080', '10.0.0.3:8080', '[::1]:8080', 'unix:/run/x', 'backend'];

function scan(texts: readonly string[], owners: readonly number[] = [33]) {
  const scanner = createTcpScanner(indexPeers(peers), new Set(owners));
  for (const text of texts) {
    const bytes = Buffer.from(text);
    expect(scanner.scan(bytes, bytes.length)).toBe(bytes.length);
  }
  return scanner;
}

test('counts by remote address and state, IPv4', () => {
  const scanner = scan([tcp]);
  expect(scanner.count('127.0.0.1:8080', st.timeWait)).toBe(1);
  expect(scanner.count('127.0.0.1:8080', st.established)).toBe(1);
  expect(scanner.count('10.0.0.3:8080', st.synSent)).toBe(1);
  expect(scanner.count('10.0.0.3:8080', st.closeWait)).toBe(1);
  expect(scanner.count('10.0.0.3:8080', st.established)).toBe(1);
  expect(scanner.count('10.0.0.3:8080', st.finWait1)).toBe(1);
  expect(scanner.count('[::1]:8080', st.established)).toBe(0);
  expect(scanner.count('unix:/run/x', st.established)).toBe(0);
});

test('counts IPv6, and a v4-mapped remote end as IPv4', () => {
  const scanner = scan([tcp6]);
  expect(scanner.count('[::1]:8080', st.established)).toBe(1);
  expect(scanner.count('127.0.0.1:8080', st.established)).toBe(1);
});

test('two spellings of an address are one peer', () => {
  const scanner = createTcpScanner(indexPeers(['[::1]:8080', '[0:0:0:0:0:0:0:1]:8080']), new Set());
  scanner.scan(Buffer.from(tcp6), tcp6.length);
  expect(scanner.count('[::1]:8080', st.established)).toBe(1);
  expect(scanner.count('[0:0:0:0:0:0:0:1]:8080', st.established)).toBe(1);
});

test('what nginx holds: connections to peers and accepted ones, neither TIME-WAIT nor those of others', () => {
  const served = `  10: 0100007F:07E8 0100007F:D001 01 00000000:00000000 00:00000000 00000000    33        0 41 1 0 20 4 30 10 -1
  11: 0100007F:07E8 0100007F:D002 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1
  12: 0100007F:07E8 0100007F:D003 06 00000000:00000000 03:00000000 00000000    33        0 0 3 0
  13: 0100007F:07E9 0100007F:D003 01 00000000:00000000 00:00000000 00000000    33        0 42 1 0 20 4 30 10 -1
`;
  const scanner = scan([tcp, served, tcp6]);
  expect(scanner.toPeers()).toBe(5);
  expect(scanner.accepted()).toBe(1);
  expect(scan([tcp, served, tcp6], []).toPeers()).toBe(0);
  expect(scan([tcp, served, tcp6], [33, 1000]).toPeers()).toBe(6);
});

test('who listens, with depth, owner and inode', () => {
  expect(scan([tcp, tcp6]).listeners()).toEqual([
    { words: [0], port: 2024, queued: 3, uid: 990, inode: 635 },
    { words: [0, 0, 0, 0], port: 80, queued: 0, uid: 0, inode: 23456 },
  ]);
});

test.each([
  '',
  '\n',
  ' \n   : \n0\n0:\n0: \n',
  '   0: 0100007F:CD88 0100007F:1F90\n',
  '   0: 0100007F:CD88 0100007F:1F90 ZZ 00000000:00000000 00:00000000 00000000    33        0 21601 1\n',
  '   0: 0100007F:CD88 0100007G:1F90 01 00000000:00000000 00:00000000 00000000    33        0 21601 1\n',
  '   0: 0100007F:CD88 0100007F:1F9X 01 00000000:00000000 00:00000000 00000000    33        0 21601 1\n',
  '   0: 0100007F:CD88 0100007F:1F90 FF 00000000:00000000 00:00000000 00000000    33        0 21601 1\n',
  '   0: 0100007F:CDXX 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 21601 1\n',
  '   0: 0100007F:CD88 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33\n',
])('%j counts for nothing', (text) => {
  const scanner = scan([text]);
  for (const peer of peers) for (const state of Object.values(st)) expect(scanner.count(peer, state)).toBe(0);
  expect(scanner.listeners()).toEqual([]);
});

test('an unfinished row is left for the next call', () => {
  const bytes = Buffer.from(tcp);
  const scanner = createTcpScanner(indexPeers(peers), new Set([33]));
  const cut = tcp.indexOf('0300000A');
  const consumed = scanner.scan(bytes, cut);
  expect(consumed).toBe(tcp.lastIndexOf('\n', cut) + 1);
  scanner.scan(bytes.subarray(consumed), bytes.length - consumed);
  expect(scanner.count('10.0.0.3:8080', st.synSent)).toBe(1);
});
