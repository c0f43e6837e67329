/** Logs of sizes that break tailers: 5 GB of history, 2 GiB without a newline. */
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startPlugin } from '../../e2e/logs/kit.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const refused =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n';

const status = (pid: number, key: string) =>
  Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
const io = (pid: number) => Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);

test('T28 5 GB of history: nothing of it is read, and what comes then counts', async () => {
  const log = join(tempDir('large'), 'error.log');
  writeFileSync(log, '');
  truncateSync(log, 5 * 1024 ** 3);
  const file = openSync(log, 'a');
  writeSync(file, '\n');
  const plugin = await startPlugin([`error_log: ${log}`]);
  await plugin.said(/5368709121 bytes from before the start are not counted/);
  const times = Array.from(
    plugin.messages().matchAll(/^time=(\S+) .*?(?:configuration read|not counted)/gm),
    ([, at = '']) => Date.parse(at),
  );
  const took = (times[1] ?? 0) - (times[0] ?? 0);
  const read = io(plugin.child.pid);
  writeSync(file, refused);
  closeSync(file);
  await plugin.waitFor(() => plugin.value('connect_failures', 'refused'), 1);
  console.log(
    `from reading the configuration to having opened the log: ${took} ms; ${read} bytes read since the process began`,
  );
  expect(read).toBeLessThan(50_000_000);
});

test('T9 2 GiB without a newline: one overlong line, memory stays flat', async () => {
  const log = join(tempDir('large'), 'error.log');
  writeFileSync(log, '');
  const plugin = await startPlugin([`error_log: ${log}`]);
  const file = openSync(log, 'a');
  const block = Buffer.alloc(16 * 1024 * 1024, 'x');
  for (let n = 0; n < 128; n += 1) writeSync(file, block);
  writeSync(file, `\n${refused}`);
  closeSync(file);
  await waitUntil(() => plugin.value('connect_failures', 'refused') === 1, {
    what: 'the line behind it',
    timeout: 240_000,
  });
  expect(plugin.value('log_lines', 'overlong')).toBe(1);
  const peak = status(plugin.child.pid, 'VmHWM');
  console.log(`peak resident memory ${Math.round(peak / 1024)} MB`);
  // A tenth of what a line would take that is kept.
  expect(peak).toBeLessThan(200 * 1024);
}, 300_000);
