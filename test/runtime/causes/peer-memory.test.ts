import { expect, test } from 'vitest';
import type { DiagnosePorts } from '../../../collector/diagnose/facts/ports.ts';
import type { NginxConfiguration } from '../../../collector/nginx/types.ts';
import { createPeerWatch } from '../../../collector/runtime/causes/peer-memory.ts';

/** A host of no processes, which counts how often it is surveyed. */
function watched() {
  let looks = 0;
  let nowUs = 0;
  const proc = {
    text: () => '',
    pieces: () => true,
    networkOf: () => 'net',
    pids: () => {
      looks += 1;
      return [];
    },
  };
  const ports = { proc, wallMs: () => nowUs / 1000 } as unknown as DiagnosePorts;
  // Each reading of the clock is 30 ms later: a check that costs so much is due every 30 s.
  const clock = { monotonicUs: () => (nowUs += 30_000) };
  const watch = createPeerWatch(ports, clock, () => null, { set: () => undefined } as never);
  const seen = { masterPid: 1, configuration: { upstreams: [] } as unknown as NginxConfiguration };
  const looksAt = (us: number): number => {
    watch.look(seen, us, 'when due');
    return looks;
  };
  return { watch, looksAt };
}

test('a container that has just been seen in the logs is checked before it can be gone', () => {
  const { watch, looksAt } = watched();
  // The first two say what it costs.
  expect([looksAt(0), looksAt(1)]).toEqual([1, 2]);
  expect(looksAt(4_000_000)).toBe(2);
  watch.seenInLogs(['172.18.0.2:3000']);
  expect(looksAt(6_000_000)).toBe(3);
  watch.seenInLogs(['172.18.0.2:3000']);
  expect(looksAt(10_000_000)).toBe(3);
  watch.seenInLogs(['172.18.0.2:3000', '172.18.0.3:3000']);
  expect(looksAt(12_000_000)).toBe(4);
  expect(looksAt(20_000_000)).toBe(4);
});
