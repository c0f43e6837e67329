/** Netdata does not read, and the plugin is killed: what the checkpoint says was sent, was sent. */

import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtPlugin } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

const line =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n';

test('kill -9 while nobody reads: what comes next is neither lost nor sent twice', { timeout: 90_000 }, async () => {
  const dir = tempDir('stalled');
  const log = join(dir, 'error.log');
  const fifo = join(dir, 'stdout');
  const lib = join(dir, 'lib');
  mkdirSync(lib);
  writeFileSync(log, '');
  writeFileSync(join(dir, 'nginx-upstream.conf'), `jobs:\n  - name: t\n    error_log: ${log}\n`);
  await run('mkfifo', [fifo]);
  // Both ends, so that neither waits; never read until the plugin is dead.
  const pipe = openSync(fifo, 'r+');
  atEnd(() => closeSync(pipe));
  const child = spawn(process.execPath, [builtPlugin, '1'], {
    env: { ...process.env, NETDATA_USER_CONFIG_DIR: dir, NETDATA_LIB_DIR: lib },
    stdio: ['ignore', pipe, 'ignore'],
  });
  atEnd(() => void child.kill('SIGKILL'));
  const checkpoint = join(lib, 'nginx-upstream.checkpoint.json');
  const offset = (): number => {
    try {
      const { entries } = JSON.parse(readFileSync(checkpoint, 'utf8'));
      return entries[`t error ${log}`]?.value[0]?.offset ?? -1;
    } catch {
      return -1;
    }
  };
  await waitUntil(() => offset() >= 0, { what: 'the first checkpoint', timeout: 15_000 });
  // Peers make charts, and charts make text: the pipe is full soon. Some seconds later it is still.
  for (let round = 0; round < 40; round++) {
    appendFileSync(log, line.replace('10.0.0.1', `10.0.0.${round}`));
    await sleep(400);
  }
  child.kill('SIGKILL');
  await waitUntil(() => child.signalCode !== null, { what: 'the end' });
  const told = Math.max(0, ...refusedIn(drain(pipe)));
  const length = Buffer.byteLength(line.replace('10.0.0.1', '10.0.0.1'));
  const remembered = readFileSync(log, 'utf8').slice(0, offset()).split('\n').length - 1;
  expect(offset()).toBeGreaterThan(length);
  expect(remembered).toBe(told);
});

/** What the pipe holds: complete ticks, and perhaps the beginning of one. */
function drain(pipe: number): string {
  const bytes = Buffer.alloc(1_048_576);
  return bytes.toString('utf8', 0, readSync(pipe, bytes));
}

function refusedIn(text: string): readonly number[] {
  // The last one did not find room for everything.
  const first = /^BEGIN (\S+)/m.exec(text)?.[1] ?? '';
  const whole = text.slice(0, text.lastIndexOf(`BEGIN ${first}`));
  const chart = /^BEGIN nginx_upstream_t\.connect_failures.*\n(?:SET .*\n)*?SET refused = (\d+)/gm;
  return Array.from(whole.matchAll(chart), ([, count]) => Number(count));
}
