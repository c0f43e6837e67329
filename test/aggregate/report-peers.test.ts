/** Peers of a report: names, upstreams, and how many there may be. */
import { expect, test } from 'vitest';
import { createReportPeers, nameUpstream } from '../../collector/aggregate/report/peers.ts';

test('over the limit: one shared peer, nothing is lost, most failures first', () => {
  const peers = createReportPeers(2);
  for (const [at, name] of ['a:1', 'b:1', 'c:1', 'd:1', 'a:1'].entries()) peers.at(name).failures.refused += at + 1;
  expect(peers.all().map(({ peer, failures }) => [peer, failures])).toEqual([
    ['other', { refused: 7 }],
    ['a:1', { refused: 6 }],
    ['b:1', { refused: 2 }],
  ]);
});

test.each<readonly [string, readonly string[], string]>([
  ['nothing names one', [], 'a:1'],
  ['only the error log, which knows none', ['a:1'], 'a:1'],
  ['the access log says', ['a:1', 'app'], 'app'],
  ['two upstreams share it', ['web', 'app'], 'app / web'],
])('upstream: %s', (_, names, expected) => {
  const peers = createReportPeers();
  for (const name of names) nameUpstream(peers.at('a:1'), name);
  peers.at('a:1');
  expect(peers.all().map(({ upstream }) => upstream)).toEqual([expected]);
});
