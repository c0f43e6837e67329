/** Which peers have charts: those that failed, and those of which their sockets show it before any line of a log. */
import { expect, test } from 'vitest';
import { tally } from '../../collector/aggregate/failures/tally.ts';
import { createFailingPeers } from '../../collector/aggregate/windows/failing-peers.ts';
import { type PeerCause, type PeerSnapshot, peerCauses, peerKinds } from '../../collector/model.ts';

const peer = (cause: PeerCause | null, refused = 0): PeerSnapshot => ({
  upstream: 'app',
  peer: '10.0.0.1:80',
  origin: 'configured',
  failures: { ...tally(peerKinds), refused },
  causes: { ...tally(peerCauses), ...(cause === null ? {} : { [cause]: 1 }) },
});

test.each<[string, PeerSnapshot, boolean]>([
  ['in peace', peer(null), false],
  ['refused', peer('process_down', 3), true],
  ['it hangs, and nginx has not given up yet', peer('hangs'), true],
  ['a dropped SYN, and nginx has not given up yet', peer('no_answer'), true],
  ["nginx's own limits are no peer's", peer('worker_connections'), false],
])('%s', (_, seen, expected) => {
  const failing = createFailingPeers();
  failing.record([seen], 100);
  expect(failing.isRecent(seen)).toBe(expected);
});

test('it keeps its charts for an hour after its failure, however long the cause is said', () => {
  const failing = createFailingPeers();
  failing.record([peer('hangs')], 100);
  failing.record([peer(null)], 3700);
  expect(failing.isRecent(peer(null))).toBe(true);
  failing.record([peer(null)], 3701);
  expect(failing.isRecent(peer(null))).toBe(false);
});
