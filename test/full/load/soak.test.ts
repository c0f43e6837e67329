/**
 * A long day in short: traffic, rotations, reloads of the settings, peers and logs that come and go. Memory, descriptors,
 * charts and state files stay flat. One minute in test:full, SOAK_MINUTES=20 in `npm run soak`.
 */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { liveHeap, snapshotOptions } from '../../support/live-heap.ts';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 1);

interface Sample {
  readonly residentKb: number;
  readonly descriptors: number;
  readonly stateBytes: number;
  readonly saidBytes: number;
}

const line = (peer: string) =>
  `2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ` +
  `client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`;
const access = (peer: string) => `200 ${peer} 200 0.001 0.002\n`;

test(`${minutes} minutes of everything: flat`, { timeout: (minutes + 3) * 60_000 }, async () => {
  const dir = tempDir('soak');
  const lib = join(dir, 'lib');
  const logs = join(dir, 'logs');
  for (const folder of [lib, logs]) mkdirSync(folder);
  const settings = (round: number) =>
    writeFileSync(
      join(dir, 'nginx-upstream.conf'),
      `max_peers: 20\nprobe: off\njobs:\n  - name: steady\n    error_log: ${logs}/error.log\n    access_log:\n      - path: ${logs}/access.log\n` +
        `        format: '$status $upstream_addr $upstream_status $upstream_connect_time $upstream_response_time'\n` +
        `  - name: files\n    error_log: ${logs}/site-*.log\n` +
        (round % 2 === 0 ? `  - name: comes_and_goes\n    error_log: ${logs}/error.log.extra\n` : ''),
    );
  for (const name of ['error.log', 'access.log']) writeFileSync(join(logs, name), '');
  settings(0);
  const env = { ...process.env, NETDATA_USER_CONFIG_DIR: dir, NETDATA_LIB_DIR: lib };
  const snapshots = join(dir, 'snapshots');
  const child = start(process.execPath, [...snapshotOptions(snapshots), builtPlugin, '1'], { env });
  await waitUntil(() => child.stdout().includes('BEGIN nginx_upstream_steady.'), { what: 'the first tick' });
  const samples: Sample[] = [];
  const kept: number[] = [];
  let errors = 0;
  let requests = 0;

  function sample(): Sample {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const files = readdirSync(lib).map((name) => statSync(join(lib, name)).size);
    return {
      residentKb: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]),
      descriptors: readdirSync(`/proc/${child.pid}/fd`).length,
      stateBytes: files.reduce((sum, size) => sum + size, 0),
      saidBytes: child.stderr().length,
    };
  }

  function rotate(name: string): void {
    const path = join(logs, name);
    if (existsSync(`${path}.1`)) renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
  }

  const began = Date.now();
  const until = began + minutes * 60_000;
  for (let round = 0; Date.now() < until; round++) {
    if (kept.length === 0 && Date.now() - began > minutes * 20_000) kept.push(await liveHeap(child.pid, snapshots));
    // Thirty peers at a time, others each half minute: the cap is 20.
    const peer = (at: number) => `10.0.${Math.floor(round / 30) % 250}.${at % 30}:80`;
    const some = Array.from({ length: 100 }, (_, at) => at);
    appendFileSync(join(logs, 'error.log'), some.map((at) => line(peer(at))).join(''));
    appendFileSync(join(logs, 'access.log'), some.map((at) => access(peer(at)).repeat(20)).join(''));
    appendFileSync(join(logs, `site-${round % 40}.log`), line('10.9.9.9:80'));
    errors += 100;
    requests += 2000;
    if (round % 20 === 19) rotate('error.log');
    if (round % 20 === 9) rotate('access.log');
    if (round % 15 === 14) rmSync(join(logs, `site-${(round + 20) % 40}.log`), { force: true });
    if (round % 10 === 5) settings(round / 10);
    if (round % 5 === 0) samples.push(sample());
    await sleep(1_000);
  }
  const last = (chart: string, dimension: string): number => {
    const pattern = new RegExp(
      `^BEGIN nginx_upstream_steady\\.${chart}\\n(?:SET .*\\n)*?SET ${dimension} = (\\d+)`,
      'gm',
    );
    return Number(Array.from(child.stdout().slice(-2_000_000).matchAll(pattern)).at(-1)?.[1]);
  };
  await waitUntil(() => last('connect_failures', 'refused') === errors && last('requests', '2xx') === requests, {
    what: `${errors} failures and ${requests} requests, exactly`,
    timeout: 10_000,
    hint: () => [last('connect_failures', 'refused'), last('requests', '2xx')],
  });
  kept.push(await liveHeap(child.pid, snapshots));
  const third = Math.floor(samples.length / 3);
  const highest = (some: readonly Sample[], of: (each: Sample) => number) => Math.max(...some.map(of));
  const middle = samples.slice(third, 2 * third);
  const end = samples.slice(2 * third);
  console.log(`soak: ${JSON.stringify({ minutes, errors, requests, kept, middle: middle.at(-1), end: end.at(-1) })}`);
  const [atFirst = 0, atLast = 0] = kept;
  // In its first minute it comes to 3.4 MB, as windows fill and code is compiled; to 0.3 MB in the next two.
  expect(atLast - atFirst, `bytes kept: ${kept.join(', then ')}`).toBeLessThan(6_000_000);
  expect(highest(samples, ({ residentKb }) => residentKb)).toBeLessThan(300_000);
  expect(highest(end, ({ descriptors }) => descriptors)).toBeLessThan(
    highest(middle, ({ descriptors }) => descriptors) + 30,
  );
  expect(highest(end, ({ stateBytes }) => stateBytes)).toBeLessThan(
    2 * highest(middle, ({ stateBytes }) => stateBytes) + 20_000,
  );
  // Thirty new peers fail each half minute for ever: their verdicts fill at most a bounded part of the log.
  const saidLines = child.stderr().split('\n').length;
  expect(saidLines, child.stderr().slice(-2_000)).toBeLessThan((minutes + 1) * 45 + 50);
  const { code } = await child.stop();
  expect(code).toBe(0);
});
