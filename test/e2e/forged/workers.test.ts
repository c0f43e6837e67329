/** A real nginx whose clients forge lines of its error log, and whose workers come and go: what is counted as what. */
import { appendFileSync, existsSync, renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../../collector/config/settings.ts';
import { request } from '../../support/network/request.ts';
import { isAlive } from '../../support/process.ts';
import { waitUntil } from '../../support/wait.ts';
import { forgedLine, forgery, isForged, startDaemon, stranger, textOf } from './kit.ts';
import { watch } from './watch-kit.ts';

test('forged lines count as such, and every real refusal counts: before, during and after reload, crash and upgrade', {
  timeout: 300_000,
}, async () => {
  const daemon = await startDaemon();
  const plugin = watch([daemon]);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  const refuse = async (times: number) => {
    // A worker that is killed takes its connections with it.
    for (let i = 0; i < times; i++) await request(`${daemon.front}/dead`).catch(() => null);
  };
  const forge = (pid = stranger) => request(`${daemon.front}${forgery(daemon.dead, pid)}`);
  /** Refusals before, while and after something happens to a settled nginx: all are counted, and none as forged. */
  const through = async (happens: () => void, isOver: () => boolean) => {
    await plugin.settle();
    const before = { forged: plugin.counted().forged, refused: daemon.refusals() };
    await refuse(5);
    let isDone = false;
    const asking = Promise.all(Array.from({ length: 4 }, () => refuse(30))).then(() => {
      isDone = true;
    });
    for (let count = 0; count < 3; count++) await plugin.tick();
    happens();
    while (!isDone) await plugin.tick();
    await asking;
    await plugin.until(`the end of ${happens}`, isOver);
    await refuse(5);
    await plugin.allCounted();
    expect(daemon.refusals() - before.refused).toBeGreaterThan(60);
    expect(plugin.counted().forged).toBe(before.forged);
  };

  await refuse(3);
  await plugin.allCounted();
  await plugin.settle();
  await forge();
  await refuse(2);
  await forge();
  await plugin.allCounted();
  expect(textOf(daemon.errorLog).split('\n').filter(isForged)).toHaveLength(2);
  expect(plugin.counted()).toEqual({ refused: 5, forged: 2 });

  const [old, ...others] = daemon.workers(daemon.master());
  expect(others).toHaveLength(1);
  await through(
    () => process.kill(daemon.master(), 'SIGHUP'),
    () => !isAlive(old ?? 0) && daemon.workers(daemon.master()).length === 2,
  );

  const victim = daemon.workers(daemon.master())[0] ?? 0;
  await through(
    () => process.kill(victim, 'SIGKILL'),
    () => !isAlive(victim) && daemon.workers(daemon.master()).length === 2,
  );

  // Workers that come, write and die, all between two ticks: nobody has ever seen those in the middle.
  await plugin.settle();
  for (let count = 0; count < 4; count++) {
    await refuse(4);
    const killed = daemon.workers(daemon.master());
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await waitUntil(() => daemon.workers(daemon.master()).filter((pid) => !killed.includes(pid)).length === 2, {
      what: 'new workers',
    });
  }
  await plugin.allCounted();
  expect(plugin.counted().forged).toBe(2);

  await through(
    () => {
      renameSync(daemon.errorLog, daemon.rotated);
      process.kill(daemon.master(), 'SIGUSR1');
    },
    () => existsSync(daemon.errorLog),
  );

  const before = daemon.master();
  await through(
    () => process.kill(before, 'SIGUSR2'),
    () => daemon.master() !== before && daemon.workers(daemon.master()).length === 2,
  );
  await through(
    () => process.kill(before, 'SIGQUIT'),
    () => !isAlive(before),
  );

  // The nginx of now has been there for long enough: what is forged is seen again.
  await plugin.settle();
  await forge();
  await refuse(1);
  await plugin.allCounted();
  expect(plugin.counted().forged).toBe(3);

  // Nor does it help to guess the pid of a worker: the rest of the client's text stands behind the line.
  const real = daemon.refusals();
  await forge(daemon.workers(daemon.master())[0]);
  await refuse(1);
  await plugin.until('the last refusal', () => plugin.counted().forged === 4);
  expect(plugin.counted().refused).toBe(real + 1);
  expect(plugin.said.filter((text) => text.includes('processes of another nginx write there'))).toEqual([]);
});

test('another nginx that is not watched may write to the log, too: while it runs, every line is believed', {
  timeout: 60_000,
}, async () => {
  const [daemon, other] = [await startDaemon(), await startDaemon()];
  const [job] = defaultSettings.jobs;
  const told = { ...defaultSettings, jobs: job === undefined ? [] : [{ ...job, nginxConf: daemon.conf }] };
  const plugin = watch([daemon, other], told);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  const forge = async (expected: { refused: number; forged: number }) => {
    await plugin.settle();
    // Behind a record of ours, where a forged line could lie, but with nothing that betrays it.
    await request(`${daemon.front}/x`);
    appendFileSync(daemon.errorLog, `${forgedLine(daemon.dead, stranger)}\n`);
    await plugin.tick();
    await plugin.tick();
    await plugin.tick();
    expect(plugin.counted()).toEqual(expected);
  };
  await forge({ refused: 1, forged: 0 });
  for (const pid of other.family()) process.kill(pid, 'SIGKILL');
  await forge({ refused: 1, forged: 1 });
});
