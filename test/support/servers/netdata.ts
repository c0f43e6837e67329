/**
 * A real Netdata 1.37.1 for one test: private folders and port, nothing collected but our plugin, ended with the test.
 *
 *   const netdata = await startNetdata({ plugin: { conf: yaml } });            // dist/nginx-upstream.plugin
 *   const netdata = await startNetdata({ plugins: { 'fake.plugin': script } }); // or any other program
 *   await netdata.chart('nginx_upstream_local.requests');                      // waits until it is there
 *   await netdata.waitForCount(chart, 'refused', 7);                           // exact: the counter as Netdata took it
 *   await netdata.waitForAlarm('nginx_upstream_no_live', 'CRITICAL');
 *   netdata.errorLog(); netdata.pluginPid(); netdata.signal('SIGSTOP');        // SIGCONT; USR2 reloads health.d
 *   await netdata.stop(); const again = await startNetdata({ dir: netdata.dir, … }); // restart with its database
 *
 * It answers when startNetdata resolves; charts come when the plugin has written (about 2 s later). It runs as the
 * current user. Its folders: dir/{etc,cache,lib,log,stock}; health.d and nginx-upstream.conf lie in dir/etc.
 * /tmp/netdata-ipc, which 1.37.1 has built in, is shared by all: do not use netdatacli.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { netdataConf, privateSections } from '../../../demo/netdata-conf.ts';
import { freePort } from '../network/ports.ts';
import { request } from '../network/request.ts';
import { type Child, descendants, start } from '../process.ts';
import { repository } from '../repository.ts';
import { tempDir } from '../temp.ts';
import { waitUntil } from '../wait.ts';
import { tool } from './packages.ts';

const PLUGIN = 'nginx-upstream.plugin';

export interface NetdataOptions {
  /** Ours: dist/nginx-upstream.plugin, with this text as nginx-upstream.conf, and command options. */
  readonly plugin?: { readonly conf?: string; readonly options?: string };
  /** Other plugins by file name (`x.plugin`): the text of an executable file, or an absolute path to copy. */
  readonly plugins?: Readonly<Record<string, string>>;
  /** health.d files by name: text, or an absolute path to copy. `alerts` takes the repository's own, adapted. */
  readonly health?: Readonly<Record<string, string>> | 'alerts';
  /** `ram` by default: gone when it ends. `dbengine` keeps it in dir/cache. */
  readonly memory?: 'ram' | 'alloc' | 'dbengine' | 'save';
  readonly env?: Readonly<Record<string, string>>;
  /** More lines of netdata.conf, by section: `{ health: ['enabled = no'] }`. */
  readonly conf?: Readonly<Record<string, readonly string[]>>;
  /** More files of its user configuration, by name: `stream.conf`, `health_alarm_notify.conf`. */
  readonly files?: Readonly<Record<string, string>>;
  /** `test` by default. */
  readonly hostname?: string;
  /** What it runs for each notification; /bin/true by default. */
  readonly notify?: string;
  /** The folder of one that was stopped, to start it again with what it stored. */
  readonly dir?: string;
  readonly port?: number;
}

export interface Chart {
  readonly id: string;
  readonly type: string;
  readonly family: string;
  readonly context: string;
  readonly title: string;
  readonly units: string;
  readonly plugin: string;
  readonly chart_type: string;
  readonly priority: number;
  readonly first_entry: number;
  readonly last_entry: number;
  readonly update_every: number;
  readonly dimensions: Readonly<Record<string, { readonly name: string }>>;
  readonly chart_labels: Readonly<Record<string, string>>;
  readonly chart_variables: Readonly<Record<string, number>>;
}

export interface Data {
  /** Names of the dimensions, in order. */
  readonly dimensions: string[];
  /** Oldest first. null is a gap. */
  readonly rows: { readonly time: number; readonly values: Readonly<Record<string, number | null>> }[];
}

export type AlarmStatus = 'REMOVED' | 'UNDEFINED' | 'UNINITIALIZED' | 'CLEAR' | 'WARNING' | 'CRITICAL';

export interface Alarm {
  readonly id: number;
  readonly name: string;
  readonly chart: string;
  readonly family: string;
  readonly status: AlarmStatus;
  readonly value: number | null;
  readonly info: string;
  readonly last_status_change: number;
  readonly recipient: string;
  readonly [key: string]: unknown;
}

export interface DataQuery {
  /** Seconds: negative = before now, else an absolute time. All that is stored by default. */
  readonly after?: number;
  readonly before?: number;
  readonly points?: number;
  readonly group?: string;
  readonly dimensions?: string;
  readonly options?: string;
}

export interface Netdata {
  readonly pid: number;
  readonly child: Child;
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  /** Where its user configuration is: nginx-upstream.conf, health.d/, custom-plugins.d/. */
  readonly etc: string;
  /** GET, JSON parsed; path from the root, as in `/api/v1/charts`. */
  api(path: string): Promise<unknown>;
  charts(): Promise<Record<string, Chart>>;
  /** Waits until the chart, with all these dimensions, is there. */
  chart(id: string, dimensions?: readonly string[], timeout?: number): Promise<Chart>;
  data(chart: string, query?: DataQuery): Promise<Data>;
  /** The newest stored value. */
  last(chart: string, dimension: string): Promise<number | null>;
  /**
   * Events counted by an incremental dimension: its rates over the stored seconds added up and rounded. The newest
   * second is spread over two by Netdata, so a sum is complete a tick later. Where a tick came late, on a machine under
   * load, Netdata draws a gap and what came meanwhile is in no stored second: at most what was counted, not always all.
   */
  sum(chart: string, dimension: string, query?: DataQuery): Promise<number>;
  /** Waits until `sum` is as expected; fails at once when it is more. */
  waitForSum(chart: string, dimension: string, expected: number, timeout?: number): Promise<void>;
  /** The counter of an incremental dimension as the plugin sent it last; null: it has none. */
  counted(chart: string, dimension: string): Promise<number | null>;
  /**
   * Waits until the counter, as the plugin has sent it to Netdata, is as expected; fails at once when it is
   * more. Exact however late ticks come; a plugin that is started again counts from 0.
   */
  waitForCount(chart: string, dimension: string, expected: number, timeout?: number): Promise<void>;
  /** All alarms, `chart.name` → alarm; with `all` false only the raised ones. */
  alarms(all?: boolean): Promise<Record<string, Alarm>>;
  alarmLog(): Promise<Alarm[]>;
  /** Waits until an alarm of this name (on this chart, if given) has the status. */
  waitForAlarm(name: string, status: AlarmStatus, options?: { chart?: string; timeout?: number }): Promise<Alarm>;
  waitFor<T>(condition: () => T | Promise<T>, what: string, timeout?: number): Promise<NonNullable<T>>;
  /** Of the first plugin, or of the named one; null while it does not run. */
  pluginPid(name?: string): number | null;
  errorLog(): string;
  /** To Netdata itself; SIGUSR2 makes it read health.d again. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after 10 s; the plugins too. Its folder stays until the test is over. */
  stop(): Promise<void>;
}

/** Rejects, with the end of its error log, when it does not answer within 30 s. */
export async function startNetdata(options: NetdataOptions = {}): Promise<Netdata> {
  const program = await tool('netdata');
  const dir = options.dir ?? tempDir('netdata');
  const port = options.port ?? (await freePort());
  const etc = join(dir, 'etc');
  const custom = join(etc, 'custom-plugins.d');
  for (const name of ['etc/custom-plugins.d', 'etc/health.d', 'stock/health.d', 'cache', 'lib', 'log', 'home']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  writePlugins(custom, options);
  // Without what it reports of the machine 1.37.1 crashes when it streams to a parent.
  if (options.files?.['stream.conf'] !== undefined) {
    const systemInfo = join(dirname((await tool('alarm-notify')).path), 'system-info.sh');
    copyFileSync(systemInfo, join(custom, 'system-info.sh'));
  }
  if (options.plugin?.conf !== undefined) writeFileSync(join(etc, 'nginx-upstream.conf'), options.plugin.conf);
  for (const [name, text] of Object.entries(options.files ?? {})) writeFileSync(join(etc, name), text);
  writeHealth(join(etc, 'health.d'), options.health, /\d+(\.\d+)+/.exec(program.version)?.[0] ?? '');
  const conf = join(etc, 'netdata.conf');
  writeFileSync(conf, confText(dir, port, join(program.root, 'usr/share/netdata/web'), options));
  const child = start(program.path, ['-D', '-c', conf], {
    // Plugins find node by PATH (#!/usr/bin/env node).
    env: { ...program.env, PATH: withNode(process.env['PATH']), HOME: join(dir, 'home'), ...options.env },
    stdin: 'ignore',
    cwd: dir,
    grace: 10_000,
  });
  const url = `http://127.0.0.1:${port}`;
  const errorLog = (): string => readText(join(dir, 'log/error.log'));
  const hint = (): string => `${child.stderr()}${errorLog()}`.slice(-3_000);
  const api = async (path: string): Promise<unknown> => {
    const { status, body } = await request(`${url}${path}`, { timeout: 10_000 });
    if (status !== 200) throw new Error(`${path}: ${status} ${body.slice(0, 300)}`);
    return JSON.parse(body);
  };
  await waitUntil(() => child.exit() ?? api('/api/v1/info'), { what: 'Netdata to answer', timeout: 30_000, hint });
  if (child.exit()) throw new Error(`Netdata did not start: ${hint()}`);

  const waitFor: Netdata['waitFor'] = (condition, what, timeout = 15_000) =>
    waitUntil(condition, { what, timeout, interval: 100, hint });
  const charts = async (): Promise<Record<string, Chart>> =>
    ((await api('/api/v1/charts')) as { charts: Record<string, Chart> }).charts;
  const data = async (chart: string, query: DataQuery = {}): Promise<Data> => {
    const { after, before, points, group, dimensions, options: flags } = query;
    const first = after ?? ((await api(`/api/v1/chart?chart=${encodeURIComponent(chart)}`)) as Chart).first_entry - 1;
    const asked: Record<string, string | number | undefined> = {
      chart,
      after: first,
      before,
      points,
      group,
      dimensions,
    };
    const text = Object.entries({ ...asked, options: flags, format: 'json' }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
    );
    const raw = (await api(`/api/v1/data?${text.join('&')}`)) as { labels: string[]; data: (number | null)[][] };
    const names = raw.labels.slice(1);
    const rows = raw.data.map(([time, ...values]) => ({
      time: Number(time),
      values: Object.fromEntries(names.map((name, index) => [name, values[index] ?? null])),
    }));
    return { dimensions: names, rows: rows.sort((a, b) => a.time - b.time) };
  };
  const sum: Netdata['sum'] = async (chart, dimension, query) => {
    const { dimensions, rows } = await data(chart, query);
    if (!dimensions.includes(dimension)) throw new Error(`${chart} has no ${dimension}, but ${dimensions.join(' ')}`);
    return Math.round(rows.reduce((total, { values }) => total + (values[dimension] ?? 0), 0));
  };
  /** `netdata_CONTEXT_total{chart="ID",family="…",dimension="NAME"} 16 1795896844134` */
  const counted: Netdata['counted'] = async (chart, dimension) => {
    const { body } = await request(`${url}/api/v1/allmetrics?format=prometheus&data=as-collected`, { timeout: 10_000 });
    const words = [`chart="${chart}"`, `dimension="${dimension}"`];
    const line = body.split('\n').find((each) => words.every((word) => each.includes(word)));
    return line === undefined ? null : Number(/\} (-?\d+)/.exec(line)?.[1]);
  };
  const alarms: Netdata['alarms'] = async (all = true) =>
    ((await api(`/api/v1/alarms${all ? '?all' : ''}`)) as { alarms: Record<string, Alarm> }).alarms;
  return {
    pid: child.pid,
    child,
    url,
    port,
    dir,
    etc,
    api,
    charts,
    chart: (id, dimensions = [], timeout = 20_000) =>
      waitFor(
        async () => {
          const chart = (await charts())[id];
          const names = Object.values(chart?.dimensions ?? {}).map(({ name }) => name);
          return chart && dimensions.every((name) => names.includes(name)) ? chart : null;
        },
        `the chart ${id} ${dimensions.join(' ')}`,
        timeout,
      ),
    data,
    last: async (chart, dimension) => (await data(chart)).rows.at(-1)?.values[dimension] ?? null,
    sum,
    waitForSum: async (chart, dimension, expected, timeout = 15_000) => {
      let seen: unknown;
      await waitUntil(
        async () => {
          seen = await sum(chart, dimension).catch((error: unknown) => error);
          return seen === expected || (typeof seen === 'number' && seen > expected);
        },
        { what: `${expected} ${dimension} on ${chart}`, timeout, interval: 200, hint: () => `sum: ${seen}\n${hint()}` },
      );
      if (seen !== expected) throw new Error(`${seen} ${dimension} on ${chart}, not ${expected}`);
    },
    counted,
    waitForCount: async (chart, dimension, expected, timeout = 15_000) => {
      let seen: number | null = null;
      await waitUntil(
        async () => {
          seen = await counted(chart, dimension);
          return (seen ?? 0) >= expected;
        },
        {
          what: `${expected} ${dimension} of ${chart}`,
          timeout,
          interval: 200,
          hint: () => `count: ${seen}\n${hint()}`,
        },
      );
      if (seen !== expected) throw new Error(`${seen} ${dimension} of ${chart}, not ${expected}`);
    },
    alarms,
    alarmLog: async () => (await api('/api/v1/alarm_log')) as Alarm[],
    waitForAlarm: (name, status, { chart, timeout = 30_000 } = {}) => {
      let same: Alarm[] = [];
      return waitUntil(
        async () => {
          same = Object.values(await alarms()).filter(
            (alarm) => alarm.name === name && (chart ?? alarm.chart) === alarm.chart,
          );
          return same.find((alarm) => alarm.status === status);
        },
        { what: `${name} to be ${status}`, timeout, interval: 200, hint: () => same },
      );
    },
    waitFor,
    pluginPid: (name) => {
      const wanted = name ?? (options.plugin ? PLUGIN : Object.keys(options.plugins ?? {})[0]);
      const isIt = (pid: number): boolean => commandLine(pid).some((word) => basename(word) === wanted);
      return descendants(child.pid).find(isIt) ?? null;
    },
    errorLog,
    signal: child.signal,
    stop: async () => {
      await child.stop();
    },
  };
}

function writePlugins(custom: string, { plugin, plugins = {} }: NetdataOptions): void {
  const all: Record<string, string> = { ...plugins };
  if (plugin) all[PLUGIN] = join(repository, 'dist', PLUGIN);
  for (const [name, source] of Object.entries(all)) {
    const file = join(custom, name);
    if (!source.startsWith('/')) writeFileSync(file, source);
    else if (existsSync(source)) copyFileSync(source, file);
    else throw new Error(`${source} is missing: npm run build makes it`);
    chmodSync(file, 0o755);
  }
}

/** The repository's alerts by file name, as install.sh adapts them for the version that will read them. */
export function adaptedAlerts(version: string): Record<string, string> {
  const alerts = join(repository, 'alerts');
  const adapted = (name: string): string => {
    const args = ['-v', `version=${version}`, '-f', join(alerts, 'adapt.awk'), join(alerts, name)];
    return execFileSync('awk', args, { encoding: 'utf8' });
  };
  const names = readdirSync(alerts).filter((file) => file.endsWith('.conf'));
  return Object.fromEntries(names.map((name) => [name, adapted(name)]));
}

function writeHealth(folder: string, health: NetdataOptions['health'], version: string): void {
  const files = health === 'alerts' ? adaptedAlerts(version) : (health ?? {});
  for (const [name, source] of Object.entries(files)) {
    if (source.startsWith('/')) copyFileSync(source, join(folder, name));
    else writeFileSync(join(folder, name), source);
  }
}

function confText(dir: string, port: number, web: string, options: NetdataOptions): string {
  const command = options.plugin?.options;
  return netdataConf(
    privateSections(dir, web),
    {
      global: [
        `hostname = ${options.hostname ?? 'test'}`,
        // Else it takes the lowest priority of all, and loses seconds of data on a machine that is busy with other tests.
        'process scheduling policy = keep',
        'process nice level = 0',
      ],
      db: [
        `mode = ${options.memory ?? 'ram'}`,
        'update every = 1',
        'retention = 3600',
        'dbengine disk space MB = 64',
        'dbengine multihost disk space MB = 64',
      ],
      web: [`default port = ${port}`, 'bind to = 127.0.0.1', 'web server threads = 2'],
      health: [
        'enabled = yes',
        'run at least every seconds = 1',
        `script to execute on alarm = ${options.notify ?? '/bin/true'}`,
      ],
      logs: ['access = none', 'errors flood protection period = 0'],
      registry: ['enabled = no'],
    },
    command === undefined ? {} : { 'plugin:nginx-upstream': [`command options = ${command}`] },
    options.conf ?? {},
  );
}

const withNode = (path = '/usr/bin:/bin'): string => [dirname(process.execPath), path].join(delimiter);

const commandLine = (pid: number): string[] => readText(`/proc/${pid}/cmdline`).split('\0');

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
