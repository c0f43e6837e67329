/** What of an error log is judged by who can have written it, and what is believed because it may be older. */
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLogClaims } from '../../../collector/runtime/logs/claims.ts';
import { createJobLogs } from '../../../collector/runtime/logs/job-logs.ts';
import type { LogSpec } from '../../../collector/source/log-spec.ts';
import { createCheckpoint } from '../../../collector/source/tail/checkpoint.ts';
import { nodeAccounts } from '../../../collector/system/accounts.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { bindUdp } from '../../../collector/system/network/udp.ts';
import { startChild } from '../../../collector/system/process/child.ts';
import { atEnd, tempDir } from '../../support/temp.ts';

const known =
  '2026/11/22 07:30:45 [error] 10#10: *5 open() "/x" failed (2: No such file or directory), client: ::1, server: , host: "x"\n';
const strange = known.replaceAll('10#10', '99#99');
const both = known + strange;

function follow({ isOwn = true, isNew = false, before = known } = {}) {
  const path = join(tempDir('logs'), 'error.log');
  writeFileSync(path, before);
  let ms = 1_000_000;
  const counted: (number | null)[] = [];
  const logs = createJobLogs(
    't',
    { addAccessLog: () => expect.unreachable(), removeAccessLog: () => undefined },
    ({ pid }) => counted.push(pid),
    {
      fs: nodeFileSystem,
      accounts: nodeAccounts(),
      bindUdp,
      startChild,
      checkpoint: createCheckpoint(null, () => ms),
      now: () => ms,
      hostPrefix: '',
      claims: createLogClaims(),
      log: { info: () => undefined, warning: () => undefined, error: () => undefined },
      conditions: { set: () => undefined, drop: () => true },
    },
  );
  atEnd(() => logs.close());
  const log: LogSpec = { is: 'file', path, wrapping: 'none' };
  const plan = (own: boolean) =>
    logs.follow({ errorLogs: [{ log, spec: path, origin: path, isNew, isOwn: own }], accessLogs: [] });
  const tick = () => {
    ms += 1000;
    logs.drain(1000);
    logs.settle({ pids: new Set([10]), sinceMs: 0 });
    return { strangers: counted.filter((pid) => pid === 99).length, forged: logs.health().lines.forged };
  };
  plan(isOwn);
  return { path, plan, tick, logs, append: (text: string) => appendFileSync(path, text) };
}

test('what has come since the tick before is judged; what was there at the first one is not', () => {
  const { tick, append } = follow({ isNew: true, before: both });
  expect(tick()).toEqual({ strangers: 1, forged: 0 });
  append(both);
  expect(tick()).toEqual({ strangers: 1, forged: 1 });
});

test('a file that takes the place of the log, and one that was truncated, may hold anything', () => {
  const { path, tick, append } = follow();
  expect(tick()).toEqual({ strangers: 0, forged: 0 });
  writeFileSync(`${path}.other`, both);
  append(known);
  renameSync(`${path}.other`, path);
  expect(tick()).toEqual({ strangers: 1, forged: 0 });
  append(both);
  expect(tick()).toEqual({ strangers: 1, forged: 1 });
  truncateSync(path);
  append(both);
  expect(tick()).toEqual({ strangers: 2, forged: 1 });
  append(both);
  expect(tick()).toEqual({ strangers: 2, forged: 2 });
});

test('a log that is not, or no longer, this nginx’s alone', () => {
  const { plan, tick, append } = follow({ isOwn: false });
  tick();
  tick();
  append(both);
  expect(tick()).toEqual({ strangers: 1, forged: 0 });
  plan(true);
  tick();
  append(both);
  expect(tick()).toEqual({ strangers: 1, forged: 1 });
  plan(false);
  append(both);
  expect(tick()).toEqual({ strangers: 2, forged: 1 });
});

test('what was held back when a log is no longer followed is counted', () => {
  const { logs, tick, append } = follow();
  tick();
  tick();
  append(both);
  logs.drain(1000);
  append(both);
  logs.follow({ errorLogs: [], accessLogs: [] });
  expect(tick()).toEqual({ strangers: 2, forged: 0 });
});
