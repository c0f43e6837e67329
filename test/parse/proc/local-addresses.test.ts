import { expect, test } from 'vitest';
import { parseSocketAddress } from '../../../collector/parse/peer-address.ts';
import { localAddresses } from '../../../collector/parse/proc/local-addresses.ts';

const fibTrie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.0
           /24 link UNICAST
        |-- 10.0.0.5
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
Local:
        |-- 10.0.0.5
           /32 host LOCAL
`;
const ifInet6 = `00000000000000000000000000000001 01 80 10 80       lo
20010db8000000000000000000000005 02 40 00 80     eth0
`;

test('the addresses of a namespace', () => {
  const local = localAddresses(fibTrie, ifInet6);
  const has = (peer: string) => local.has(parseSocketAddress(peer)?.words.join('.') ?? '');
  for (const peer of ['10.0.0.5:80', '127.0.0.1:80', '[::1]:80', '[2001:db8::5]:80'])
    expect(has(peer), peer).toBe(true);
  for (const peer of ['10.0.0.0:80', '10.0.0.255:80', '10.0.0.6:80', '[2001:db8::6]:80'])
    expect(has(peer), peer).toBe(false);
});

test.each([
  ['', ''],
  ['|-- x\n   /32 host LOCAL', 'zz 01'],
  ['\0', '\0'],
])('%j and %j hold none', (a, b) => {
  expect(localAddresses(a, b).size).toBe(0);
});
