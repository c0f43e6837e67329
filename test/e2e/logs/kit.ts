/** The built plugin on the logs of a real nginx, without a Netdata: its last word on each chart is what it has counted. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, start } from '../../support/process.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

export interface Plugin {
  readonly child: Child;
  /** The folder of its configuration and its checkpoint; another run may take it over. */
  readonly folder: string;
  /** The last value of a dimension of the job `t`; 0 while the chart is not there. */
  value(chart: string, dimension: string): number;
  /** The last values of all dimensions of a chart, added up. */
  total(chart: string): number;
  messages(): string;
  /** Waits until a value is as expected; more is an error at once. */
  waitFor(what: () => number, expected: number, timeout?: number): Promise<void>;
  said(pattern: RegExp, timeout?: number): Promise<void>;
  /** Waits for so many more ticks. What was sent before the first of them is in the checkpoint then. */
  ticks(count: number): Promise<void>;
  /** How often a chart got values: a gap is none. */
  updates(chart: string): number;
}

export interface PluginOptions {
  readonly folder?: string;
  /** Runs before the program: another user, another namespace. */
  readonly command?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Resolves when its logs are read. */
export async function startPlugin(jobLines: readonly string[], options: PluginOptions = {}): Promise<Plugin> {
  const folder = options.folder ?? tempDir('plugin');
  mkdirSync(join(folder, 'lib'), { recursive: true });
  // The configuration of no nginx that runs: the job reads what it is given, and nothing that is discovered.
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, 'events {}\nerror_log /dev/null;\nhttp { access_log off; }\n');
  const job = ['jobs:', '  - name: t', ...[`nginx_conf: ${conf}`, ...jobLines].map((line) => `    ${line}`)];
  writeFileSync(join(folder, 'nginx-upstream.conf'), `${job.join('\n')}\n`);
  const [file = '', ...args] = [...(options.command ?? []), process.execPath, readablePlugin(), '1'];
  const child = start(file, args, {
    env: {
      ...process.env,
      NETDATA_USER_CONFIG_DIR: folder,
      NETDATA_STOCK_CONFIG_DIR: folder,
      NETDATA_LIB_DIR: join(folder, 'lib'),
      NETDATA_VERSION: 'v1.37.1',
      ...options.env,
    },
  });
  // BEGIN … END without a value is a gap that is sent for the sake of the chart's variables.
  const updates = (chart: string) =>
    child
      .stdout()
      .split(new RegExp(`^BEGIN '?nginx_upstream_t\\.${chart}'?(?: .*)?$`, 'm'))
      .slice(1)
      .map((block) => [...(block.split('\nEND')[0] ?? '').matchAll(/^SET '?(\w+)'? = (-?\d+)$/gm)])
      .filter((sets) => sets.length > 0);
  const values = (chart: string) => updates(chart).at(-1) ?? [];
  const hint = () => `${child.stderr().slice(-2_000)}\n${child.stdout().slice(-1_500)}`;
  const plugin: Plugin = {
    child,
    folder,
    value: (chart, dimension) => Number(values(chart).find(([, name]) => name === dimension)?.[2] ?? 0),
    total: (chart) => values(chart).reduce((sum, [, , value]) => sum + Number(value), 0),
    messages: () => child.stderr(),
    async waitFor(what, expected, timeout = 15_000) {
      await waitUntil(
        () => {
          const now = what();
          if (now > expected) throw new Error(`${now} instead of ${expected}: counted twice?`);
          return now === expected;
        },
        { what: `${expected}`, timeout, hint: () => `it is ${what()}\n${hint()}` },
      );
    },
    async ticks(count) {
      const before = updates('log_lines').length;
      await waitUntil(() => updates('log_lines').length >= before + count, {
        what: `${count} more ticks`,
        timeout: 15_000,
        hint,
      });
    },
    updates: (chart) => updates(chart).length,
    async said(pattern, timeout = 15_000) {
      await waitUntil(() => pattern.test(child.stderr()), { what: `${pattern} in its log`, timeout, hint });
    },
  };
  // Access logs are opened when nginx's configuration has been checked, and drawn with the tick after that.
  await plugin.said(/not running/);
  await plugin.ticks(2);
  return plugin;
}
