/** A real nginx whose clients forge lines of its error log, and whose workers come and go: what is counted as what. */
import { existsSync, renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dialectOf } from '../../charts/dialect.ts';
import { defaultSettings } from '../../collector/config/settings.ts';
import { createJobs } from '../../collector/runtime/jobs.ts';
import { createCheckpoint } from '../../collector/source/tail/checkpoint.ts';
import { nodeAccounts } from '../../collector/system/accounts.ts';
import { startChild } from '../../collector/system/child.ts';
import { systemClock } from '../../collector/system/clock.ts';
import { execute } from '../../collector/system/exec.ts';
import { type FileSystem, nodeFileSystem } from '../../collector/system/fs.ts';
import { connectOnce } from '../../collector/system/net.ts';
import { bindUdp } from '../../collector/system/udp.ts';
import { isAlive } from '../support/process.ts';
import { request } from '../support/request.ts';
import { atEnd } from '../support/temp.ts';
import { sleep, waitUntil } from '../support/wait.ts';
import { type Daemon, forgery, isForged, startDaemon, stranger, textOf } from './forged-kit.ts';

/**
 * The jobs as the plugin runs them, but each tick is a second later than the one before, however long it takes; of all
 * nginx on this machine they see these.
 */
function watch(daemons: readonly [Daemon, ...Daemon[]], settings = defaultSettings) {
  let seconds = 0;
  const monotonicUs = () => systemClock.monotonicUs() + seconds * 1e6;
  const clock = { ...systemClock, monotonicUs };
  const said: string[] = [];
  const log = { info: (text: string) => void said.push(text), warning: () => undefined, error: () => undefined };
  const readdir: FileSystem['readdir'] = (path) =>
    path === '/proc' ? daemons.flatMap((each) => each.family()).map(String) : nodeFileSystem.readdir(path);
  const fs = { ...nodeFileSystem, readdir };
  const jobs = createJobs({
    fs,
    accounts: nodeAccounts(),
    clock,
    cpuUs: () => 0,
    log,
    conditions: { set: () => undefined, drop: () => true },
    checkpoint: createCheckpoint(null, clock.wallMs),
    bindUdp,
    startChild,
    execute,
    resolve: () => Promise.resolve({ ok: true, addresses: [] }),
    connect: connectOnce,
    libDirectory: null,
    hostPrefix: '',
    testFault: null,
  });
  jobs.apply({ ...settings, probe: 'off' });
  atEnd(() => jobs.apply({ ...defaultSettings, jobs: [] }));
  const values = new Map<string, number>();

  async function tick(): Promise<void> {
    seconds++;
    jobs.drain();
    const load = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };
    const text = jobs.draw({ nowUs: clock.monotonicUs(), updateEvery: 1, dialect: dialectOf(undefined) }, load);
    for (const block of text.split('BEGIN ').slice(1)) {
      const [id = ''] = block.split(/[ \n]/, 1);
      for (const [, name, value] of block.matchAll(/^SET (\S+) = (-?\d+)$/gm))
        values.set(`${id}.${name}`, Number(value));
    }
    await sleep(5);
  }

  const until = (what: string, isSo: () => boolean) =>
    waitUntil(
      async () => {
        await tick();
        return isSo();
      },
      { what, hint: () => [daemons[0].refusals(), ...values, said] },
    );

  return {
    said,
    tick,
    /** Long enough that nobody is taken for one who has just come. */
    async settle() {
      for (let count = 0; count < 7; count++) {
        seconds += 20;
        await tick();
        // Time for a search: it is due at each of these.
        await sleep(50);
      }
    },
    counted: () => ({
      refused: values.get('nginx_upstream_local.connect_failures.refused') ?? null,
      forged: values.get('nginx_upstream_local.log_lines.forged') ?? null,
    }),
    until,
    allCounted: () =>
      until('all refusals to be counted', () => {
        return values.get('nginx_upstream_local.connect_failures.refused') === daemons[0].refusals();
      }),
  };
}

test('forged lines count as such, and every real refusal counts: before, during and after reload, crash and upgrade', {
  timeout: 90_000,
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

  // What is not caught: whoever guesses the pid of a worker.
  await forge(daemon.workers(daemon.master())[0]);
  await plugin.allCounted();
  expect(plugin.counted().forged).toBe(3);
  expect(plugin.said.filter((text) => text.includes('a process that is none of this nginx'))).toEqual([]);
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
    await request(`${daemon.front}${forgery(daemon.dead, stranger)}`);
    await plugin.tick();
    await plugin.tick();
    expect(plugin.counted()).toEqual(expected);
  };
  await forge({ refused: 1, forged: 0 });
  for (const pid of other.family()) process.kill(pid, 'SIGKILL');
  await forge({ refused: 1, forged: 1 });
});
