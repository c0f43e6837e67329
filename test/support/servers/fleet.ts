/**
 * A fleet: children with our plugin, each reading the logs of an nginx that is played by this process, and one parent.
 *
 *   const fleet = await startFleet({ children: 5 });
 *   await fleet.play(30);                        // seconds of logs, the same rate at each child; fleet.truth adds up
 *   await fleet.sum('client_outcomes', 'shop0', 'ok')    // over all children, from the parent
 *   await fleet.cost(20);                        // what the parent spends while the logs are played on
 */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../run.ts';
import { tempDir } from '../temp.ts';
import { sleep } from '../wait.ts';
import { type Alarm, type Chart, type Netdata, startNetdata } from './netdata.ts';
import { tool } from './packages.ts';

const key = '11111111-2222-3333-4444-555555555555';
const upstreams = 5;
const peersPerUpstream = 10;

/** Lines that each child gets in a second, of each upstream: requests that are answered, and of these by a second try. */
export const requestsPerSecond = 4;

export interface FleetOptions {
  readonly children: number;
  /** More lines of nginx-upstream.conf, for every child: `peer_charts: failing`. */
  readonly conf?: string;
  readonly updateEvery?: number;
  /** One of ten requests first meets a peer that refuses; false plays a quiet fleet. */
  readonly failing?: boolean;
}

/** What was played, over all children. */
export interface Truth {
  requests: number;
  refused: number;
  /** Of each connect time in ms how many. */
  readonly connects: Map<number, number>;
}

export interface Cost {
  /** Shares of one core. */
  readonly parentCpu: number;
  readonly childCpu: number;
  readonly pluginCpu: number;
  readonly parentMb: number;
  readonly bytesPerSecond: number;
}

export interface Fleet {
  readonly parent: Netdata;
  readonly children: readonly Netdata[];
  readonly names: readonly string[];
  readonly truth: Truth;
  play(seconds: number): Promise<void>;
  cost(seconds: number): Promise<Cost>;
  /** What the parent keeps of a child. */
  of(
    name: string,
  ): Promise<{ readonly charts: readonly Chart[]; readonly dimensions: number; readonly alarms: readonly Alarm[] }>;
  /** Events of a dimension over all children whose chart has these labels, by what the parent stores, or each child. */
  sum(
    context: string,
    labels: Readonly<Record<string, string>>,
    dimension: string,
    where?: 'parent' | 'children',
  ): Promise<number>;
}

const deadPeer = (upstream: number): string => `10.0.${upstream}.${peersPerUpstream}:8080`;

/** The peers of shop0, shop1, … at the beginning; the last of each is the one that refuses. */
export const firstPeers: readonly (readonly string[])[] = Array.from({ length: upstreams }, (_, u) =>
  Array.from({ length: peersPerUpstream }, (_, p) => `10.0.${u}.${p + 1}:8080`),
);

/** An nginx.conf with these peers, by upstream. */
export const fleetConfiguration = (folder: string, peers = firstPeers): string => {
  const groups = peers.map((each, u) => `upstream shop${u} { ${each.map((peer) => `server ${peer};`).join(' ')} }`);
  const places = peers.map((_, u) => `location /${u} { proxy_pass http://shop${u}; } `);
  return `error_log ${folder}/error.log;
events {}
http {
log_format up '$remote_addr [$time_local] "$request" $status rt=$request_time up=$proxy_host ua="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" uht="$upstream_header_time" urt="$upstream_response_time"';
access_log ${folder}/access.log up;
${groups.join('\n')}
server { listen 127.0.0.1:1; ${places.join('\n')} }
}
`;
};

/**
 * A parent with dbengine, as Netdata is by default: one that keeps its metrics in memory (`ram`, `alloc`, `save`) loses a
 * second of every chart that a child announces again, for a new label or dimension (seen on 1.37.1).
 */
export const startParent = (): Promise<Netdata> =>
  startNetdata({
    hostname: 'parent',
    memory: 'dbengine',
    files: {
      'stream.conf': `[${key}]\n  enabled = yes\n  default memory mode = dbengine\n  health enabled by default = yes\n`,
    },
    health: 'alerts',
  });

/** The stream.conf of a child. */
export const streamTo = ({ port }: Netdata): string =>
  `[stream]\n  enabled = yes\n  destination = 127.0.0.1:${port}\n  api key = ${key}\n  reconnect delay seconds = 1\n`;

/** Starts the parent, then the children one after the other; all end with the test. */
export async function startFleet({
  children: count,
  conf = '',
  updateEvery = 1,
  failing = true,
}: FleetOptions): Promise<Fleet> {
  const parent = await startParent();
  const names = Array.from({ length: count }, (_, i) => `child-${i + 1}`);
  const folders = names.map(() => tempDir('fleet'));
  const children: Netdata[] = [];
  for (const [i, hostname] of names.entries()) {
    const folder = folders[i] ?? '';
    mkdirSync(folder, { recursive: true });
    for (const name of ['access.log', 'error.log']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'nginx.conf'), fleetConfiguration(folder));
    children.push(
      await startNetdata({
        hostname,
        files: { 'stream.conf': streamTo(parent) },
        plugin: {
          conf: `update_every: ${updateEvery}\nprobe: off\n${conf}jobs:\n  - name: edge\n    nginx_conf: ${folder}/nginx.conf\n`,
        },
        health: 'alerts',
      }),
    );
  }
  const truth: Truth = { requests: 0, refused: 0, connects: new Map() };
  let second = 0;

  function playSecond(): void {
    for (const folder of folders) {
      const access: string[] = [];
      const error: string[] = [];
      for (let u = 0; u < upstreams; u++) {
        for (let n = 0; n < requestsPerSecond; n++) {
          const peer = `10.0.${u}.${1 + ((second + n) % (peersPerUpstream - 1))}:8080`;
          const connectMs = (second * 7 + n * 13 + u) % 60;
          const isRetried = failing && (second + n) % 10 === 0;
          truth.requests++;
          truth.connects.set(connectMs, (truth.connects.get(connectMs) ?? 0) + 1);
          access.push(accessLine(u, peer, connectMs, isRetried ? deadPeer(u) : null));
          if (!isRetried) continue;
          truth.refused++;
          error.push(errorLine(u, deadPeer(u)));
        }
      }
      appendFileSync(join(folder, 'access.log'), access.join(''));
      appendFileSync(join(folder, 'error.log'), error.join(''));
    }
    second++;
  }

  async function play(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      playSecond();
      await sleep(1000);
    }
  }

  const at = (name: string, path: string): Promise<unknown> => parent.api(`/host/${name}/api/v1/${path}`);
  const atChild = (name: string, path: string): Promise<unknown> | undefined =>
    children[names.indexOf(name)]?.api(`/api/v1/${path}`);

  const of: Fleet['of'] = async (name) => {
    const { charts } = (await at(name, 'charts')) as { charts: Record<string, Chart> };
    const ours = Object.values(charts).filter(({ context }) => context.startsWith('nginx_upstream.'));
    const { alarms } = (await at(name, 'alarms?all')) as { alarms: Record<string, Alarm> };
    return {
      charts: ours,
      dimensions: ours.reduce((total, { dimensions }) => total + Object.keys(dimensions).length, 0),
      alarms: Object.values(alarms).filter(({ name: alarm }) => alarm.startsWith('nginx_upstream_')),
    };
  };

  const sum: Fleet['sum'] = async (context, labels, dimension, where = 'parent') => {
    const ask = where === 'parent' ? at : atChild;
    let total = 0;
    for (const name of names) {
      const { charts } = (await ask(name, 'charts')) as { charts: Record<string, Chart> };
      const wanted = Object.values(charts).filter(
        (chart) =>
          chart.context === `nginx_upstream.${context}` &&
          Object.entries(labels).every(([label, value]) => chart.chart_labels[label] === value),
      );
      for (const { id } of wanted) {
        // As docs/fleet.md asks: one point, the sum of what each second had.
        const query = `after=-900&points=1&group=sum&options=unaligned&format=json`;
        const path = `data?chart=${id}&dimensions=${encodeURIComponent(dimension)}&${query}`;
        const { data } = (await ask(name, path)) as { data: (number | null)[][] };
        total += data.reduce(
          (all, [, ...values]) => all + values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
          0,
        );
      }
    }
    return Math.round(total);
  };

  const cost: Fleet['cost'] = async (seconds) => {
    const plugins = children.map((child) => child.pluginPid() ?? 0);
    const read = async () => ({
      parent: cpuSeconds(parent.pid),
      children: children.map(({ pid }) => cpuSeconds(pid)),
      plugins: plugins.map(cpuSeconds),
      bytes: await receivedBytes(parent.port),
      at: performance.now(),
    });
    const before = await read();
    await play(seconds);
    const after = await read();
    const passed = (after.at - before.at) / 1000;
    const mean = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((total, value, i) => total + value - (b[i] ?? 0), 0) / a.length / passed;
    return {
      parentCpu: (after.parent - before.parent) / passed,
      childCpu: mean(after.children, before.children),
      pluginCpu: mean(after.plugins, before.plugins),
      parentMb: residentMb(parent.pid),
      bytesPerSecond: (after.bytes - before.bytes) / passed,
    };
  };

  return { parent, children, names, truth, play, cost, of, sum };
}

/**
 * The percentile by nearest rank, as far as non-overlapping buckets show it: the bound of the bucket it falls into.
 *
 * @param counts upper bound in ms → connections
 * @param share 0.95 for p95
 */
export function bucketOf(counts: ReadonlyMap<number, number>, share: number): number | null {
  const ascending = [...counts].sort(([a], [b]) => a - b);
  const total = ascending.reduce((all, [, count]) => all + count, 0);
  let below = 0;
  for (const [bound, count] of ascending) {
    below += count;
    if (total > 0 && below >= share * total) return bound;
  }
  return null;
}

const two = (value: number): string => String(value).padStart(2, '0');

function errorTime(at: Date): string {
  const date = `${at.getFullYear()}/${two(at.getMonth() + 1)}/${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function accessTime(at: Date): string {
  const month = at.toLocaleString('en-US', { month: 'short' });
  const offset = -at.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${two(at.getDate())}/${month}/${at.getFullYear()}:${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`;
}

/** A request of an upstream that a peer answered, at once or after another had refused. */
export function accessLine(upstream: number, peer: string, connectMs: number, refused: string | null): string {
  const first = refused === null ? '' : `${refused}, `;
  const connect = `0.${String(connectMs).padStart(3, '0')}`;
  const [failedStatus, failedTime] = refused === null ? ['', ''] : ['502, ', '-, '];
  return (
    `192.0.2.1 [${accessTime(new Date())}] "GET /${upstream} HTTP/1.1" 200 rt=0.100 up=shop${upstream} ua="${first}${peer}" ` +
    `us="${failedStatus}200" uct="${failedTime}${connect}" uht="${failedTime}0.090" urt="${refused === null ? '' : '0.000, '}0.100"\n`
  );
}

export function errorLine(upstream: number, peer: string): string {
  return (
    `${errorTime(new Date())} [error] 100#100: *7 connect() failed (111: Connection refused) while connecting to upstream, ` +
    `client: 192.0.2.1, server: , request: "GET /${upstream} HTTP/1.1", upstream: "http://${peer}/${upstream}", host: "shop"\n`
  );
}

/** User and system time so far (proc(5): fields 14 and 15 of stat, counted from behind the name), at 100 ticks a second. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function residentMb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What the connections of the parent's port have received so far: ss counts the bytes that were acknowledged. */
async function receivedBytes(port: number): Promise<number> {
  const ss = await tool('ss');
  const { stdout } = await run(ss.path, ['-tinH', 'state', 'established', `( sport = :${port} )`], { env: ss.env });
  return Array.from(stdout.matchAll(/bytes_received:(\d+)/g), ([, bytes]) => Number(bytes)).reduce((a, b) => a + b, 0);
}
