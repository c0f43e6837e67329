/** What is really sent when upstreams and peers fail: the peer, its cause and how sure that is stand in the text, at the end, too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { labelOf, outages, startOutageStage, statusesOf } from '../support/alert-outages.ts';
import { watchAlerts } from '../support/alerts.ts';
import { senderConf } from '../support/custom-sender.ts';
import { startNetdata } from '../support/netdata.ts';
import { tool } from '../support/packages.ts';
import { tempDir } from '../support/temp.ts';
import { waitUntil } from '../support/wait.ts';

const wanted = ['page503', 'unlogged', 'slow_retry', 'dropping', 'hanging'];
/** As a label has it: words and how sure they are. */
const cause = /[a-z ]+ \((certain|likely|unknown)\)/;

test('a notification for each alert, with peer and cause; the clearing one keeps it', async () => {
  const { path: notify } = await tool('alarm-notify');
  const stage = await startOutageStage();
  const sent = join(tempDir('sent'), 'alerts.txt');
  const netdata = await startNetdata({
    plugin: { conf: `jobs:\n${stage.conf}` },
    health: 'alerts',
    hostname: 'web1',
    notify,
    files: { 'health_alarm_notify.conf': senderConf(sent) },
  });
  const watch = watchAlerts(netdata);
  await watch.settled('collector', { job: 'edge' }, 15);
  const chosen = outages.filter(({ upstream }) => wanted.includes(upstream));
  const began = watch.now();
  await Promise.all(chosen.map((outage) => outage.begin(stage)));
  const expected = chosen.flatMap((outage) =>
    outage.alerts.map(([alert, status]) => ({ alert, status, on: labelOf(outage, stage) })),
  );
  await Promise.all(
    expected.map(({ alert, status, on }) =>
      Promise.any(statusesOf(alert, status).map((each) => watch.raised(alert, each, on, began, 60_000))),
    ),
  );
  const read = () => {
    const lines = readFileSync(sent, 'utf8').split('\n');
    return lines.flatMap((line, i) => (/ on web1 since /.test(line) ? [`${line}\n${lines[i + 1]}`] : []));
  };
  const find = (statuses: readonly string[], alert: string, upstream: string) =>
    read().find(
      (text) =>
        statuses.some((status) => text.startsWith(`${status}: ${alert} on `)) &&
        new RegExp(`\\b${upstream}\\b`).test(text),
    );
  for (const { alert, status, on } of expected) {
    const text = await waitUntil(() => find(statusesOf(alert, status), alert, on.upstream ?? ''), {
      what: `${status} ${alert} of ${on.upstream} to be sent`,
      timeout: 60_000,
      interval: 500,
      hint: read,
    });
    process.stdout.write(`${text}\n\n`);
    expect(text).toMatch(/127\.0\.0\.1:\d+/);
    expect(text).toMatch(cause);
  }
  await Promise.all(chosen.map((outage) => outage.end(stage)));
  const clear = await waitUntil(() => find(['CLEAR'], 'clients_affected', 'page503'), {
    what: 'the clearing one',
    timeout: 200_000,
    interval: 500,
    hint: read,
  });
  process.stdout.write(`${clear}\n`);
  expect(clear).toMatch(cause);
}, 400_000);
