/** 500,000 refused lines of 1,000 peers in the logs of 50 sites: every one is counted, whatever the clock does meanwhile. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { refusedLine, runtime } from '../../runtime/world.ts';

const sites = Array.from({ length: 50 }, (_, at) => `/l/site-${at}.log`);
const day = 86_400_000;

test.each([
  ['a steady clock', () => 0],
  ['the clock a day ahead, then a day behind', (round: number) => (round % 2 === 0 ? day : -day)],
])('%s', { timeout: 240_000 }, async (_, shift) => {
  let round = 0;
  let us = 1_000_000_000;
  const clock = { wallMs: () => Date.now() + shift(round), monotonicUs: () => us, sleep: () => Promise.resolve() };
  const world = runtime(Object.fromEntries(sites.map((path) => [path, ''])), { ports: { clock } });
  world.apply('max_peers: 50\nprobe: off\njobs:\n  - name: j\n    error_log: /l/site-*.log\n');
  const tick = async () => {
    us += 1_000_000;
    await world.tick();
  };
  for (let at = 0; at < 6; at++) await tick();
  for (; round < 10; round++) {
    // Each with its own number: what is equal to the last byte is treated as a copy.
    const lines = Array.from({ length: 1000 }, (_, at) => refusedLine(`10.${at >> 8}.${at & 255}.1:80`));
    for (const [site, path] of sites.entries()) {
      const at = join(world.host.prefix, path);
      if (round % 3 === 1 && site % 5 === 0) {
        renameSync(at, `${at}.1`);
        writeFileSync(at, '');
      }
      appendFileSync(at, lines.join(''));
    }
    await tick();
  }
  for (let at = 0; at < 20; at++) await tick();
  expect(world.values('j.connect_failures')['refused']).toBe(500_000);
  expect(world.values('j.log_lines')).toMatchObject({ read: 500_000, unmatched: 0, lost: 0 });
  const peers = [...world.charts].filter((id) => id.startsWith('j.peer_failures_'));
  expect(peers.length).toBeLessThanOrEqual(60);
});
