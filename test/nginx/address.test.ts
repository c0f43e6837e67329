import { expect, test } from 'vitest';
import { canonicalIpv6, peerName } from '../../collector/base/address.ts';
import { parseAddress } from '../../collector/nginx/address.ts';
import { parseSeconds } from '../../collector/nginx/syntax/values.ts';

test.each<[string, ReturnType<typeof parseAddress>]>([
  ['10.0.0.1', { kind: 'ip', host: '10.0.0.1', port: null, uri: '' }],
  ['10.0.0.1:8080', { kind: 'ip', host: '10.0.0.1', port: 8080, uri: '' }],
  ['app.local:80/x?y', { kind: 'name', host: 'app.local', port: 80, uri: '/x?y' }],
  ['256.0.0.1', { kind: 'name', host: '256.0.0.1', port: null, uri: '' }],
  ['[::1]:80/', { kind: 'ip', host: '::1', port: 80, uri: '/' }],
  ['[0:0:0:0:0:0:0:1]', { kind: 'ip', host: '::1', port: null, uri: '' }],
  ['unix:/run/a.sock', { kind: 'unix', peer: 'unix:/run/a.sock', uri: '' }],
  ['unix:/run/a.sock:/api/', { kind: 'unix', peer: 'unix:/run/a.sock', uri: '/api/' }],
  ['unix:', null],
  ['host:0', null],
  ['host:70000', null],
  ['host:x', null],
  ['[::g]:80', null],
  ['[::1', null],
  ['', null],
])('the address %s', (text, expected) => {
  expect(parseAddress(text)).toEqual(expected);
});

test.each<[string, string | null]>([
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:DB8::', '2001:db8::'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
  ['::ffff:7f00:1', '::ffff:127.0.0.1'],
  ['::1.2.3.4', '::1.2.3.4'],
  ['1::2::3', null],
  ['1:2:3:4:5:6:7', null],
  ['1:2:3:4:5:6:7::8', null],
])('nginx writes %s as %s', (text, expected) => {
  expect(canonicalIpv6(text)).toBe(expected);
});

test('a peer needs an address', () => {
  expect(peerName('::1', 80)).toBe('[::1]:80');
  expect(peerName('app', 80)).toBeNull();
});

test.each<[string, number | null]>([
  ['10', 10],
  ['10s', 10],
  ['1m30s', 90],
  ['1h 5m', 3900],
  ['2d', 172_800],
  ['0', 0],
  ['', null],
  ['10ms', null],
  ['-1', null],
  ['x', null],
])('the time %s', (text, expected) => {
  expect(parseSeconds(text)).toBe(expected);
});
