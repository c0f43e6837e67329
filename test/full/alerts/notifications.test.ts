/**
 * What is really sent when upstreams and peers fail, for each of their alerts: the peer, its cause and how sure that is
 * stand in the text, at the end, too. By Netdata's own alarm-notify.sh and the custom sender of docs/alerts.md.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseHealth } from '../../contract/health-lint.ts';
import { readSent, type Sent, senderConf } from '../../support/alerts/custom-sender.ts';
import { labelOf, outages, startOutageStage, statusesOf } from '../../support/alerts/outages.ts';
import { loudScenarios } from '../../support/alerts/scenarios.ts';
import { watchAlerts } from '../../support/alerts/watch.ts';
import { startAlertWorld } from '../../support/alerts/world.ts';
import { adaptedAlerts, startNetdata } from '../../support/servers/netdata.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** As a label has it: words and how sure they are. */
const cause = /[a-zA-Z ]+ \((certain|likely|unknown)\)/;
/** What was sent and says everything. */
const told = new Set<string>();
/** Its end is ten minutes away. */
const endless = ['peer_flapping'];

/** Delays are left out: the text is that of the transition, whenever it is delivered. */
function withoutDelays(): Record<string, string> {
  const files = Object.entries(adaptedAlerts('1.37.1'));
  return Object.fromEntries(files.map(([name, text]) => [name, text.replace(/^ *delay:.*\n/gm, '')]));
}

async function listener() {
  const file = join(tempDir('sent'), 'alerts.txt');
  const { path: notify } = await tool('alarm-notify');
  /** @param names what must stand in the text, to distinguish it from others' */
  const sent = (statuses: readonly string[], alert: string, names: readonly string[]): Promise<Sent> =>
    waitUntil(
      () =>
        readSent(file).find(
          (each) =>
            each.alert === alert &&
            statuses.includes(each.status) &&
            names.every((name) => new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(each.info)),
        ),
      {
        what: `${statuses} ${alert} of ${names} to be sent`,
        timeout: 200_000,
        interval: 500,
        hint: () => readSent(file),
      },
    );
  const options = {
    health: withoutDelays(),
    hostname: 'web1',
    notify,
    files: { 'health_alarm_notify.conf': senderConf(file) },
  };
  return { sent, options };
}

function expectAll({ status, alert, info }: Sent): void {
  process.stdout.write(`${status}: ${alert}: ${info}\n`);
  expect(info, `${status} ${alert}`).toMatch(cause);
  expect(info, `${status} ${alert}`).not.toMatch(/(Failing|Slow|Cause): none/);
  if (alert !== 'unresolved') expect(info, `${status} ${alert}`).toMatch(/127\.0\.0\.1:\d+/);
  told.add(status === 'CLEAR' ? `${alert} CLEAR` : alert);
}

test('outages', async () => {
  const wanted = ['page503', 'unlogged', 'slow_retry', 'dropping', 'hanging', 'NAMED'];
  const { sent, options } = await listener();
  const stage = await startOutageStage();
  const netdata = await startNetdata({ plugin: { conf: `jobs:\n${stage.conf}` }, ...options });
  const watch = watchAlerts(netdata);
  await watch.settled('collector', { job: 'edge' }, 15);
  const chosen = outages.filter(({ upstream }) => wanted.includes(upstream));
  await Promise.all(chosen.map((outage) => outage.begin(stage)));
  const expected = chosen.flatMap((outage) =>
    outage.alerts.map(([alert, status]) => ({ alert, status, upstream: labelOf(outage, stage).upstream ?? '' })),
  );
  for (const { alert, status, upstream } of expected) {
    expectAll(await sent(statusesOf(alert, status), alert, [upstream]));
  }
  await Promise.all(chosen.map((outage) => outage.end(stage)));
  for (const { alert, upstream } of expected) expectAll(await sent(['CLEAR'], alert, [upstream]));
}, 600_000);

test('peers that go one by one, and slow ones', async () => {
  const wanted = ['redundancy_lost', 'connect_time', 'survivors_slow', 'peer_flapping'];
  const { sent, options } = await listener();
  const world = await startAlertWorld(options);
  const chosen = loudScenarios.filter(({ alerts }) => alerts.some((alert) => wanted.includes(alert)));
  const rows = (await Promise.all(chosen.map(({ run }) => run(world)))).flat();
  for (const { alert, status, on } of rows) {
    const names = [on.upstream, on.peer].filter((name) => name !== undefined);
    expectAll(await sent([status], alert, names));
    if (!endless.includes(alert)) expectAll(await sent(['CLEAR'], alert, names));
  }
}, 600_000);

test('that was every alert of an upstream or a peer, and its end', () => {
  const files = Object.entries(adaptedAlerts('1.37.1')).filter(([name]) => name !== 'nginx_upstream_server.conf');
  const all = files
    .flatMap(([name, text]) => parseHealth(name, text))
    .map(({ name }) => name.slice('nginx_upstream_'.length));
  const ends = all.filter((alert) => !endless.includes(alert)).map((alert) => `${alert} CLEAR`);
  expect([...told].sort()).toEqual([...all, ...ends].sort());
});
