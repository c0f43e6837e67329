/** The support's Netdata counts exactly, raises alarms, can be stalled and restarted. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { request } from '../../support/network/request.ts';
import { descendants, isAlive } from '../../support/process.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { never, waitUntil } from '../../support/wait.ts';

/** Counts 1, 8, 8, 8 … events: from a baseline of 0, in the way that keeps sums exact. */
const COUNTER = `#!/bin/bash
echo "CHART count.er '' 'counter' 'events/s' 'fam' 'count.er' line 1000 1 'store_first'"
echo "DIMENSION d d incremental 1 1"
printf 'BEGIN count.er\\nSET d = 0\\nEND\\nBEGIN count.er\\nSET d = 1\\nEND\\n'
total=1
while sleep 1; do
  [ $total -lt 8 ] && total=8
  printf 'BEGIN count.er\\nSET d = %s\\nEND\\n' $total
done
`;

const ALARM = `
template: counted
      on: count.er
  lookup: max -3s unaligned of d
   every: 1s
    crit: $this > 3
    info: counted
      to: silent
`;

function states(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map(
    (task) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'))?.[1] ?? '',
  );
}

test('sums are exact, an alarm is raised; a stalled Netdata continues; stopping one that is stalled leaves nothing', async () => {
  const netdata = await startNetdata({ plugins: { 'count.plugin': COUNTER }, health: { 'count.conf': ALARM } });
  await netdata.waitForSum('count.er', 'd', 8);
  expect(await netdata.sum('count.er', 'd')).toBe(8);
  const alarm = await netdata.waitForAlarm('counted', 'CRITICAL', { chart: 'count.er' });
  expect(alarm.info).toBe('counted');
  expect((await netdata.alarmLog()).map(({ name }) => name)).toContain('counted');
  expect(Object.keys(await netdata.alarms(false))).toEqual(['count.er.counted']);
  const newest = async (): Promise<number> => (await netdata.data('count.er')).rows.at(-1)?.time ?? 0;
  const before = await newest();
  netdata.signal('SIGSTOP');
  // Every thread of it: one that still runs may answer.
  await waitUntil(() => states(netdata.pid).every((state) => state === 'T'), { what: 'it to be stopped' });
  await expect(request(`${netdata.url}/api/v1/info`, { timeout: 300 })).rejects.toThrow(/no answer/);
  netdata.signal('SIGCONT');
  await netdata.waitFor(async () => (await newest()) > before, 'new data');
  expect(netdata.errorLog()).toContain('count.plugin');
  const all = [netdata.pid, ...descendants(netdata.pid)];
  netdata.signal('SIGSTOP');
  await netdata.stop();
  expect(all.filter(isAlive)).toEqual([]);
});

test('with dbengine, what was stored is there after a restart, and nothing is counted twice', async () => {
  const first = await startNetdata({ plugins: { 'count.plugin': COUNTER }, memory: 'dbengine' });
  await first.waitForSum('count.er', 'd', 8);
  await first.stop();
  const again = await startNetdata({ plugins: { 'count.plugin': COUNTER }, memory: 'dbengine', dir: first.dir });
  await again.waitForSum('count.er', 'd', 16);
  await never(async () => (await again.sum('count.er', 'd')) !== 16, { what: 'another sum', during: 1_500 });
});
