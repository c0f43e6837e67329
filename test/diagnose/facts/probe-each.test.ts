/** By what a peer of another host is refused: the kernel counts ICMP for all connections together. */
import { expect, test } from 'vitest';
import type { DiagnosePorts } from '../../../collector/diagnose/facts/ports.ts';
import type { Prober } from '../../../collector/diagnose/facts/probe.ts';
import { probeEach } from '../../../collector/diagnose/facts/probe-each.ts';
import type { Namespaces } from '../../../collector/diagnose/places/namespaces.ts';
import { host } from '../facts-kit.ts';

const namespaces = { nginx: { name: host, pids: [1] }, others: [], shared: true } as unknown as Namespaces;

/** Each probe takes a turn of the loop; an ICMP message comes to those that are named `icmp`. */
function world() {
  let icmp = 0;
  let running = 0;
  let most = 0;
  const prober: Prober = {
    async probe({ peer }) {
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (peer.startsWith('icmp')) icmp++;
      running--;
      return { is: 'refused' };
    },
  };
  const text = () => `Icmp: InMsgs InDestUnreachs\nIcmp: 7 ${icmp}\n`;
  return { prober, ports: { proc: { text } } as unknown as DiagnosePorts, most: () => most };
}

const wanted = (peer: string, isAlone = true) => ({ target: { peer, host: 'x', port: 1, obstacle: null }, isAlone });

test.each<[string, readonly (ReturnType<typeof wanted> | null)[], readonly (number | null | undefined)[]]>([
  ['one by a reset', [wanted('reset')], [0]],
  ['one by ICMP', [wanted('icmp')], [1]],
  ['both at the same look: each its own', [wanted('reset'), wanted('icmp'), wanted('reset')], [0, 1, 0]],
  ['others connect at once, and count for nothing', [wanted('reset'), wanted('icmp', false)], [0, null]],
  ['a unix socket between them is not probed', [null, wanted('icmp')], [undefined, 1]],
  ['no more than three one after the other', ['a', 'b', 'c', 'icmp'].map((peer) => wanted(peer)), [0, 0, 0, null]],
])('%s', async (_, all, expected) => {
  const { prober, ports } = world();
  const probed = await probeEach(all, prober, namespaces, ports);
  expect(probed.map((each) => each?.icmp)).toEqual(expected);
});

test('what need not be alone is probed at once', async () => {
  const { prober, ports, most } = world();
  await probeEach([wanted('a', false), wanted('b', false), wanted('c')], prober, namespaces, ports);
  expect(most()).toBe(2);
});
