/**
 * The built plugin, run by hand: what it sent to Netdata, and what it logged.
 *
 *   const plugin = startPlugin({ conf: yaml, user: 65534 });        // user: another one than root, which must run the test
 *   await plugin.chart('nginx_upstream_t.workers', ({ running }) => running === 2);
 *   plugin.updates('nginx_upstream_t.accepts');                      // every BEGIN … END so far, in order
 *   plugin.log();                                                    // the msg of every line on stderr
 */

import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, start } from '../process.ts';
import { builtPlugin } from '../repository.ts';
import { tempDir } from '../temp.ts';
import { waitUntil } from '../wait.ts';

export type Values = Readonly<Record<string, number>>;

export interface Update {
  /** How many updates the plugin had written before, of all charts: distinguishes the ticks. */
  readonly at: number;
  readonly values: Values;
}

export interface Plugin {
  readonly child: Child;
  /** The newest values of a chart, once they satisfy the condition. */
  chart(id: string, condition?: (values: Values) => boolean, timeout?: number): Promise<Values>;
  updates(id: string): readonly Update[];
  /** Ticks that were written, whatever they held. */
  ticks(): number;
  log(): readonly string[];
}

/** A copy of the built plugin that any user may read and run, wherever the checkout is. */
export function readablePlugin(): string {
  const copy = join(tempDir('plugin'), 'nginx-upstream.plugin');
  copyFileSync(builtPlugin, copy);
  chmodSync(copy, 0o755);
  return copy;
}

export function startPlugin(options: {
  readonly conf: string;
  readonly user?: number;
  readonly env?: NodeJS.ProcessEnv;
}): Plugin {
  const dir = tempDir('plugin');
  const conf = join(dir, 'nginx-upstream.conf');
  writeFileSync(conf, options.conf);
  const command = [process.execPath, readablePlugin(), '1', '--config', conf];
  const as =
    options.user === undefined
      ? []
      : ['setpriv', `--reuid=${options.user}`, `--regid=${options.user}`, '--clear-groups'];
  const [program = '', ...args] = [...as, ...command];
  const child = start(program, args, { env: { ...process.env, ...options.env } });

  function updates(id: string): Update[] {
    const found: Update[] = [];
    let at = 0;
    for (const block of child.stdout().split('BEGIN ').slice(1)) {
      at++;
      const [head = '', ...lines] = block.split('\n');
      if (head.split(' ')[0] !== id || !lines.includes('END')) continue;
      const sets = lines.flatMap((line) => {
        const [, dimension = '', value] = /^SET (\S+) = (-?\d+)$/.exec(line) ?? [];
        return value === undefined ? [] : [[dimension, Number(value)] as const];
      });
      // BEGIN … END without a value is a gap that is sent for the sake of the chart's variables.
      if (sets.length > 0) found.push({ at, values: Object.fromEntries(sets) });
    }
    return found;
  }

  return {
    child,
    updates,
    chart: (id, condition = () => true, timeout = 15_000) =>
      waitUntil(
        () => {
          const last = updates(id).at(-1)?.values;
          return last !== undefined && condition(last) ? last : null;
        },
        { what: `${id} ${condition}`, timeout, hint: () => [updates(id).slice(-5), child.stderr().slice(-1_000)] },
      ),
    ticks: () => child.stdout().split(/^BEGIN nginx_upstream_\w+\.plugin_load/m).length - 1,
    log: () => Array.from(child.stderr().matchAll(/ msg=("(?:[^"\\]|\\.)*"|\S+)/g), ([, text = '']) => text),
  };
}
