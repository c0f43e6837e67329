/** The demo's Netdata: private, on the loopback, with our plugin and alerts and nothing else, asked through its API. */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { netdataConf, privateSections } from './netdata-conf.ts';
import type { Program } from './programs.ts';
import { ask, type Server, start, waitFor } from './server.ts';

export interface Chart {
  readonly id: string;
  readonly type: string;
  readonly family: string;
  readonly context: string;
  readonly units: string;
  readonly chart_labels: Readonly<Record<string, string>>;
}

export interface Alarm {
  readonly name: string;
  readonly chart: string;
  readonly status: string;
  readonly value_string: string;
}

export interface Netdata {
  readonly url: string;
  readonly server: Server;
  charts(): Promise<readonly Chart[]>;
  alarms(): Promise<readonly Alarm[]>;
  /** The highest value of a dimension since a time in seconds; null when it has none. */
  highest(chart: string, dimension: string, since: number): Promise<number | null>;
}

export interface NetdataOptions {
  readonly folder: string;
  readonly port: number;
  readonly plugin: string;
  /** The folder of the alert files and adapt.awk. */
  readonly alerts: string;
  readonly env: NodeJS.ProcessEnv;
}

export const PLUGIN_CONF = 'etc/nginx-upstream.conf';

export async function startNetdata(program: Program, options: NetdataOptions): Promise<Netdata> {
  const { folder, port, plugin, alerts, env } = options;
  for (const name of ['etc/custom-plugins.d', 'etc/health.d', 'stock/health.d', 'cache', 'lib', 'log', 'home', 'bin']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  const installed = join(folder, 'etc/custom-plugins.d/nginx-upstream.plugin');
  copyFileSync(plugin, installed);
  chmodSync(installed, 0o755);
  const version = /\d+(\.\d+)+/.exec(program.version)?.[0] ?? '';
  for (const name of readdirSync(alerts).filter((file) => file.endsWith('.conf'))) {
    const adapt = ['-v', `version=${version}`, '-f', join(alerts, 'adapt.awk'), join(alerts, name)];
    writeFileSync(join(folder, 'etc/health.d', name), execFileSync('awk', adapt));
  }
  writeFileSync(join(folder, 'etc/.opt-out-from-anonymous-statistics'), '');
  writeFileSync(
    join(folder, PLUGIN_CONF),
    `jobs:\n  - name: demo\n    nginx_conf: ${JSON.stringify(join(folder, 'nginx.conf'))}\n`,
  );
  const conf = join(folder, 'etc/netdata.conf');
  writeFileSync(conf, confText(folder, port, join(program.root, 'usr/share/netdata/web')));
  const path = [dirname(process.execPath), process.env['PATH'] ?? '/usr/bin:/bin'].join(delimiter);
  const server = start(
    'Netdata',
    withPrivatePipe(program.path, join(folder, 'bin/netdata')),
    ['-D', '-c', conf],
    { cwd: folder, env: { ...program.env, PATH: path, HOME: join(folder, 'home'), ...env } },
    join(folder, 'log/error.log'),
  );
  const url = `http://127.0.0.1:${port}`;
  await waitFor(server, `${url}/api/v1/info`);
  const api = async (of: string): Promise<unknown> => {
    const { status, body } = await ask(`${url}${of}`);
    if (status !== 200) throw new Error(`${of}: ${status}`);
    return JSON.parse(body);
  };
  return {
    url,
    server,
    charts: async () => Object.values(((await api('/api/v1/charts')) as { charts: Record<string, Chart> }).charts),
    alarms: async () => Object.values(((await api('/api/v1/alarms?all')) as { alarms: Record<string, Alarm> }).alarms),
    async highest(chart, dimension, since) {
      const asked = new URLSearchParams({ chart, dimensions: dimension, after: String(since), format: 'json' });
      const { data } = (await api(`/api/v1/data?${asked}`)) as { data: (number | null)[][] };
      const values = data.flatMap(([, value]) => (value === null || value === undefined ? [] : [value]));
      return values.length > 0 ? Math.max(...values) : null;
    },
  };
}

/**
 * Netdata 1.37 has the name of its command pipe built in, the same for every Netdata of a machine, and removes what
 * lies there. So that it neither does nor leaves anything outside the demo's folder, a copy with another, relative name
 * runs (docs/decisions/0191-demo-pipe.md).
 */
function withPrivatePipe(path: string, copy: string): string {
  const bytes = readFileSync(path);
  const name = Buffer.from('/tmp/netdata-ipc\0');
  const at = bytes.indexOf(name);
  if (at < 0) return path;
  const own = Buffer.alloc(name.length);
  own.write('netdata.pipe');
  own.copy(bytes, at);
  writeFileSync(copy, bytes, { mode: 0o755 });
  return copy;
}

function confText(folder: string, port: number, web: string): string {
  return netdataConf(privateSections(folder, web), {
    global: ['hostname = nginx-upstream demo'],
    db: ['mode = ram', 'update every = 1', 'retention = 3600'],
    web: [`default port = ${port}`, 'bind to = 127.0.0.1', 'web server threads = 2'],
    health: ['enabled = yes', 'run at least every seconds = 1', 'script to execute on alarm = /bin/true'],
    logs: ['access = none'],
    // The dashboard would ask Netdata's registry on the Internet.
    registry: ['enabled = no', `registry to announce = http://127.0.0.1:${port}`],
    cloud: ['enabled = no'],
  });
}
