/** The plugin's jobs in this process, beside real nginx. */
import { dialectOf } from '../../../charts/dialect.ts';
import { defaultSettings } from '../../../collector/config/settings.ts';
import { createJobs } from '../../../collector/runtime/jobs.ts';
import { createCheckpoint } from '../../../collector/source/tail/checkpoint.ts';
import { nodeAccounts } from '../../../collector/system/accounts.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { type FileSystem, nodeFileSystem } from '../../../collector/system/fs.ts';
import { connectOnce } from '../../../collector/system/network/net.ts';
import { bindUdp } from '../../../collector/system/network/udp.ts';
import { startChild } from '../../../collector/system/process/child.ts';
import { atEnd } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

interface Watched {
  /** Its processes. */
  family(): number[];
  refusals(): number;
}

/**
 * The jobs as the plugin runs them, but each tick is a second later than the one before, however long it takes; of all
 * nginx on this machine they see these.
 */
export function watch(daemons: readonly [Watched, ...Watched[]], settings = defaultSettings) {
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
    ownUid: process.getuid?.() ?? 0,
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
    /** What charts show last, `CHART.DIMENSION`. */
    values,
    tick,
    /** Long enough that nobody is treated as one who has just come. */
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
