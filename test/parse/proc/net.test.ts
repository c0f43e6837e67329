import { expect, test } from 'vitest';
import { ipv6Counter, localPortCount, netCounter, parseNetUnix } from '../../../collector/parse/proc/net.ts';

const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000054e2cab6: 00000002 00000000 00010000 0001 01 21597 /run/app.sock
0000000054e2cab7: 00000003 00000000 00000000 0001 03 21600 /run/app.sock
0000000054e2cab8: 00000003 00000000 00000000 0001 03 21601 /run/app.sock
0000000054e2cab9: 00000002 00000000 00000000 0001 02     0 /run/app.sock
00000000d738a5bd: 00000003 00000000 00000000 0001 03 21614
00000000d738a5be: 00000002 00000000 00010000 0001 01 21615 /run/with blank.sock
00000000d738a5bf: 00000002 00000000 00000000 0001 01 21616 /run/stale.sock
00000000d738a5c0: 00000002 00000000 00010000 0001 01 21617 @abstract
00000000d738a5c1: 00000002 00000000 00010000 0002 01 21618 /run/datagram.sock
00000000d738a5c2: 00000002 00000000 00010000 0001 01 21619 /run/other.sock
`;

test('unix: accepted and queued connections of the sockets asked for', () => {
  const paths = [
    '/run/app.sock',
    '/run/with blank.sock',
    '/run/stale.sock',
    '@abstract',
    '/run/datagram.sock',
    '/none',
  ];
  expect(Object.fromEntries(parseNetUnix(unix, new Set(paths)))).toEqual({
    '/run/app.sock': { accepted: 2, queued: 1, listening: true, inode: 21597 },
    '/run/with blank.sock': { accepted: 0, queued: 0, listening: true, inode: 21615 },
    '/run/stale.sock': { accepted: 0, queued: 0, listening: false, inode: null },
    '@abstract': { accepted: 0, queued: 0, listening: true, inode: 21617 },
  });
});

test.each(['', 'garbage', '0: 0 0 0 0 0 0 /run/app.sock'])('unix: %j has no sockets', (text) => {
  expect(parseNetUnix(text, new Set(['/run/app.sock'])).size).toBe(0);
});

const netstat = `TcpExt: SyncookiesSent ListenOverflows ListenDrops
TcpExt: 0 12 13
IpExt: InNoRoutes ListenOverflows
IpExt: 0 99
`;

test.each([
  ['TcpExt', 'ListenOverflows', 12],
  ['TcpExt', 'ListenDrops', 13],
  ['IpExt', 'InNoRoutes', 0],
  ['TcpExt', 'TcpExt:', null],
  ['TcpExt', 'Nothing', null],
  ['Tcp', 'ListenDrops', null],
])('netstat: %s %s', (group, name, expected) => {
  expect(netCounter(netstat, group, name)).toBe(expected);
});

test('netstat: a negative value, a missing value, no number, nothing', () => {
  expect(netCounter('Tcp: MaxConn X\nTcp: -1 5\n', 'Tcp', 'MaxConn')).toBe(-1);
  expect(netCounter('Tcp: A B\nTcp: 1\n', 'Tcp', 'B')).toBeNull();
  expect(netCounter('Tcp: A\nTcp: x\n', 'Tcp', 'A')).toBeNull();
  expect(netCounter('', 'Tcp', 'A')).toBeNull();
});

test.each([
  ['32768\t60999\n', 28232],
  ['1024 65535', 64512],
  ['5 4', null],
  ['', null],
  ['x y', null],
])('ip_local_port_range %j', (text, expected) => {
  expect(localPortCount(text)).toBe(expected);
});

test.each([
  ['as the kernel pads it', 'Ip6InReceives                   \t12\nIcmp6InDestUnreachs             \t7\n', 7],
  ['a longer name that begins alike', 'Icmp6InDestUnreachsX\t3\nIcmp6InDestUnreachs\t4\n', 4],
  ['not there: IPv6 is off', '', null],
  ['no number', 'Icmp6InDestUnreachs\tmany\n', null],
])('a counter of snmp6: %s', (_, text, expected) => {
  expect(ipv6Counter(text, 'Icmp6InDestUnreachs')).toBe(expected);
});
