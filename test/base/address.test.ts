import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, canonicalIpv6, isWithin, peerName } from '../../collector/base/address.ts';

test.each<[string, readonly number[] | null]>([
  ['10.0.0.255', [10, 0, 0, 255]],
  ['::', new Array<number>(16).fill(0)],
  ['::1', [...new Array<number>(15).fill(0), 1]],
  ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
  ['::ffff:127.0.0.1', [...new Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1]],
  ['1::1.2.3.4', [0, 1, ...new Array<number>(10).fill(0), 1, 2, 3, 4]],
  ['fe80::1%eth0', null],
  ['10.0.0.256', null],
  ['10.0.0', null],
  ['1:2:3:4:5:6:7', null],
  ['1::2::3', null],
  ['1:2:3:4:5:6:7::8', null],
  ['localhost', null],
  ['', null],
])('the bytes of %s', (address, expected) => {
  expect(bytesOf(address)).toEqual(expected);
});

test.each<[string, string, boolean]>([
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '0.0.0.0/0', true],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['::1', '0.0.0.0/0', false],
  ['127.0.0.1', '::/0', false],
  ['10.1.2.3', '10.0.0.0/33', false],
  ['10.1.2.3', '10.0.0.0/x', false],
  ['unix:', '10.0.0.0/8', false],
  ['10.1.2.3', 'nonsense', false],
])('%s in %s: %s', (address, network, expected) => {
  expect(isWithin(address, network)).toBe(expected);
});

test('every IPv6 address keeps its bytes in the form of nginx', () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const written = canonicalIpv6(address);
      expect(bytesOf(written ?? '')).toEqual(bytesOf(address));
      expect(peerName(address, 80)).toBe(`[${written}]:80`);
    }),
  );
});
