/**
 * `npm run bench:fleet`: what children with our plugin (50 peers in 5 upstreams each) cost their parent, as a table.
 * FLEET=1,5,20 names the sizes, FLEET_SECONDS=30 how long each is measured, FLEET_CONF='peer_charts: failing' adds a
 * line to each child's nginx-upstream.conf.
 */
import { test } from 'vitest';
import { type Cost, type Fleet, requestsPerSecond, startFleet } from '../../test/support/servers/fleet.ts';
import type { Alarm } from '../../test/support/servers/netdata.ts';

const sizes = (process.env['FLEET'] ?? '1,5,20').split(',').map(Number);
const seconds = Number(process.env['FLEET_SECONDS'] ?? 30);
const conf = process.env['FLEET_CONF'] ? `${process.env['FLEET_CONF']}\n` : '';
/** Node compiles what is hot, and the parent's health waits for a minute after a child has connected. */
const warmUpSeconds = 75;

interface Row {
  readonly children: number;
  readonly failing: boolean;
  readonly cost: Cost;
  readonly charts: number;
  readonly dimensions: number;
  readonly alarms: number;
  /** At the child / at the parent. */
  readonly raised: string;
}

test('the fleet', async () => {
  const rows: Row[] = [];
  for (const failing of [false, true]) {
    for (const children of sizes) {
      rows.push(await measure(children, failing));
      console.log(table(rows).split('\n').at(-1));
    }
  }
  console.log(`${requestsPerSecond * 5} requests/s a child, ${seconds} s each\n\n${table(rows)}`);
});

async function measure(children: number, failing: boolean): Promise<Row> {
  const fleet = await startFleet({ children, failing, conf });
  try {
    await fleet.play(warmUpSeconds);
    const cost = await fleet.cost(seconds);
    const { charts, dimensions, alarms } = await fleet.of('child-1');
    const atTheChild = Object.values((await fleet.children[0]?.alarms(true)) ?? {});
    return {
      children,
      failing,
      cost,
      charts: charts.length,
      dimensions,
      alarms: atTheChild.length,
      raised: `${raisedOf(atTheChild)} / ${raisedOf(alarms)}`,
    };
  } finally {
    await end(fleet);
  }
}

function raisedOf(alarms: readonly Alarm[]): string {
  const raised = alarms.filter(({ status }) => status === 'WARNING' || status === 'CRITICAL').map(({ name }) => name);
  return [...new Set(raised)].map((name) => name.replace('nginx_upstream_', '')).join(', ') || 'none';
}

async function end({ parent, children }: Fleet): Promise<void> {
  await Promise.all(children.map((child) => child.stop()));
  await parent.stop();
}

function table(rows: readonly Row[]): string {
  const head = [
    'children',
    'peers',
    'parent: % of a core',
    'MB resident',
    'KB/s received',
    'a child: Netdata, % of a core',
    'plugin, % of a core',
    'charts · dimensions · alerts',
    'raised at a child / for it at the parent',
  ];
  const cells = rows.map(({ children, failing, cost, charts, dimensions, alarms, raised }) => [
    String(children),
    failing ? '5 of 50 refuse' : 'quiet',
    (cost.parentCpu * 100).toFixed(1),
    cost.parentMb.toFixed(0),
    (cost.bytesPerSecond / 1000).toFixed(1),
    (cost.childCpu * 100).toFixed(1),
    (cost.pluginCpu * 100).toFixed(1),
    `${charts} · ${dimensions} · ${alarms}`,
    raised,
  ]);
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
