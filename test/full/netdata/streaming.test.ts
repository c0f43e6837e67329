/** Two children and a parent over streaming: charts, labels and alerts arrive, and counters add up. */
import { expect, test } from 'vitest';
import { freePort, freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { startTraffic } from '../../support/network/traffic.ts';
import { startParent, streamTo } from '../../support/servers/fleet.ts';
import { type Alarm, type Chart, type Netdata, startNetdata } from '../../support/servers/netdata.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { waitUntilEqual } from '../../support/wait.ts';

async function startChild(hostname: string, parent: Netdata, nginx: Nginx): Promise<Netdata> {
  return startNetdata({
    hostname,
    files: { 'stream.conf': streamTo(parent) },
    plugin: { conf: `peer_charts: all\njobs:\n  - name: edge\n    nginx_conf: ${nginx.conf}\n` },
    health: 'alerts',
  });
}

test('a parent shows the charts and alerts of each child under its labels, and counters add up', async () => {
  const parent = await startParent();
  const dead = await freePort();
  const [first = 0, second = 0] = await freePorts(2);
  const peer = `127.0.0.1:${dead}`;
  const start = (port: number) =>
    startNginx({
      http: `upstream app { server ${peer}; } server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; } }`,
    });
  const nginxes = await Promise.all([start(first), start(second)]);
  const names = ['child-1', 'child-2'] as const;
  await Promise.all(names.map((name, i) => startChild(name, parent, nginxes[i] as Nginx)));
  const at = (name: string, path: string) => parent.api(`/host/${name}/api/v1/${path}`);
  const chart = `nginx_upstream_edge.peer_failures_app_${peer.replaceAll(/[.:]/g, '_')}`;
  const values = async (name: string): Promise<readonly (number | null)[]> => {
    const { data } = (await at(name, `data?chart=${chart}&dimensions=refused&after=-600&points=600&format=json`)) as {
      data: (readonly [number, number | null])[];
    };
    return data.map(([, value]) => value);
  };
  const sum = async (name: string): Promise<number> =>
    Math.round((await values(name)).reduce<number>((total, value) => total + (value ?? 0), 0));
  for (const name of names) {
    const found = await parent.waitFor(
      async () => ((await at(name, 'charts')) as { charts: Record<string, Chart> }).charts[chart],
      `${chart} of ${name} on the parent`,
      40_000,
    );
    expect(found.chart_labels).toMatchObject({ upstream: 'app', peer, address: '127.0.0.1', port: String(dead) });
    // The first value of a counter that reaches a parent is what later ones are counted from.
    await parent.waitFor(async () => (await values(name)).includes(0), `a value of ${name} on the parent`, 40_000);
  }

  for (const [port, count] of [
    [first, 7],
    [second, 5],
  ] as const) {
    for (let i = 0; i < count; i++) await request(`http://127.0.0.1:${port}/`);
  }
  await waitUntilEqual(async () => [await sum('child-1'), await sum('child-2')], [7, 5], {
    what: 'both sums on the parent',
    timeout: 30_000,
  });

  startTraffic(`http://127.0.0.1:${first}/`, 4);
  const alarm = await parent.waitFor(
    async () => {
      const { alarms } = (await at('child-1', 'alarms')) as { alarms: Record<string, Alarm> };
      return Object.values(alarms).find(({ name }) => name === 'nginx_upstream_refused');
    },
    'the alert of child-1 on the parent',
    // A chart's first minute is blind to look-ups over a minute, and the parent's copy begins later than the child's.
    150_000,
  );
  expect(alarm.info).toContain(peer);
  const { alarms } = (await at('child-2', 'alarms')) as { alarms: Record<string, Alarm> };
  expect(Object.values(alarms).map(({ name }) => name)).toEqual([]);
}, 240_000);
