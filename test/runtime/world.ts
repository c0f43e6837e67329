/**
 * The running heart on a host of files: /proc, configurations and logs in our own folder; a clock that we turn.
 *
 *   const world = runtime({ '/etc/nginx/nginx.conf': conf });
 *   world.host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 1 } });
 *   world.apply();                                   // the default settings, or those of a YAML text
 *   await world.until('…', () => world.values('local.peer_failures_a_10_0_0_1_80').refused === 2);
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { dialectOf } from '../../charts/dialect.ts';
import { parseSettings } from '../../collector/config/parse.ts';
import { defaultSettings } from '../../collector/config/settings.ts';
import { createConditions } from '../../collector/netdata/log.ts';
import { createJobs, type JobsPorts } from '../../collector/runtime/jobs.ts';
import { type Checkpoint, createCheckpoint } from '../../collector/source/tail/checkpoint.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import type { Resolution } from '../../collector/system/network/dns.ts';
import type { DatagramHandlers } from '../../collector/system/network/udp.ts';
import type { ChildHandlers } from '../../collector/system/process/child.ts';
import { hostTree } from '../discover/host-tree.ts';
import { atEnd } from '../support/temp.ts';
import { sleep } from '../support/wait.ts';

export interface RuntimeOptions {
  readonly checkpoint?: Checkpoint;
  readonly ports?: Partial<JobsPorts>;
  readonly addresses?: Readonly<Record<string, Resolution>>;
}

export function runtime(files: Readonly<Record<string, string>> = {}, options: RuntimeOptions = {}) {
  const host = hostTree(files);
  let us = 1_000_000_000;
  const clock = { wallMs: () => Date.now(), monotonicUs: () => us, sleep: () => Promise.resolve() };
  const said: string[] = [];
  const say = (level: string) => (text: string) => void said.push(`${level} ${text}`);
  const log = { info: say('info'), warning: say('warning'), error: say('error') };
  const bound = new Map<number, DatagramHandlers>();
  const children: { readonly args: readonly string[]; readonly handlers: ChildHandlers; isStopped: boolean }[] = [];
  const jobs = createJobs({
    fs: nodeFileSystem,
    accounts: { user: 'netdata', userName: String, groupName: String },
    clock,
    cpuUs: () => us / 1000,
    log,
    conditions: createConditions(log),
    checkpoint: options.checkpoint ?? createCheckpoint(null, clock.wallMs),
    bindUdp(_address, port, handlers) {
      bound.set(port, handlers);
      queueMicrotask(() => handlers.onBound(port));
      return { close: () => void bound.delete(port) };
    },
    startChild(_program, args, handlers) {
      const child = { args, handlers, isStopped: false };
      children.push(child);
      return {
        pause: () => undefined,
        resume: () => undefined,
        stop() {
          child.isStopped = true;
        },
      };
    },
    ownUid: 0,
    resolve: (name) => Promise.resolve(options.addresses?.[name] ?? { ok: false, code: 'ENOTFOUND' }),
    connect: () => Promise.resolve({ is: 'failed', code: 'ECONNREFUSED' }),
    libDirectory: null,
    hostPrefix: host.prefix,
    testFault: null,
    ...options.ports,
  });
  const values = new Map<string, Record<string, number>>();
  /** The highest of each run of a total, before it began anew. */
  const runs = new Map<string, number[]>();
  const charts = new Set<string>();
  const obsolete = new Set<string>();
  let blocks: string[] = [];
  atEnd(() => jobs.apply({ ...defaultSettings, jobs: [] }));

  function take(text: string): void {
    for (const [, id = '', rest = ''] of text.matchAll(/^CHART nginx_upstream_(\S+) (.*)$/gm)) {
      charts.add(id);
      if (rest.includes("'obsolete")) obsolete.add(id);
    }
    blocks = text.split('BEGIN nginx_upstream_').slice(1);
    for (const block of blocks) {
      const [id = ''] = block.split(/[ \n]/, 1);
      const of = values.get(id) ?? {};
      for (const [, name = '', value] of block.matchAll(/^SET (\S+) = (-?\d+)$/gm)) {
        const run = runs.get(`${id}.${name}`) ?? [0];
        if (Number(value) < (run.at(-1) ?? 0)) run.push(0);
        run[run.length - 1] = Number(value);
        runs.set(`${id}.${name}`, run);
        of[name] = Number(value);
      }
      values.set(id, of);
    }
  }

  async function tick(seconds = 1): Promise<string> {
    us += seconds * 1_000_000;
    jobs.drain();
    const load = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };
    const text = jobs.draw({ nowUs: us, updateEvery: 1, dialect: dialectOf(undefined) }, load);
    take(text);
    jobs.remember();
    // What has been asked (names, masters) answers between two ticks.
    for (let turns = 0; turns < 5; turns++) await sleep(0);
    return text;
  }

  return {
    host,
    said,
    bound,
    children,
    charts,
    obsolete,
    tick,
    apply(yaml = '') {
      const parsed = parseSettings(yaml);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      jobs.apply({ ...parsed.settings, probe: 'off' });
    },
    remember: () => jobs.remember(),
    /** What each job knew at the last tick. */
    now: () => jobs.now(),
    append: (path: string, text: string) => appendFileSync(join(host.prefix, path), text),
    values: (id: string): Readonly<Record<string, number>> => values.get(id) ?? {},
    totals: (id: string, dimension: string): readonly number[] => runs.get(`${id}.${dimension}`) ?? [],
    /** Charts that were updated in the last tick. */
    updated: () => blocks.map((block) => block.split(/[ \n]/, 1)[0]),
    /** The jobs that have charts. */
    jobs: () => [...new Set([...charts].map((id) => id.split('.')[0] ?? ''))].sort(),
    async until(what: string, isSo: () => boolean, ticks = 60): Promise<void> {
      for (let done = 0; done < ticks; done++) {
        await tick();
        if (isSo()) return;
      }
      throw new Error(`${what}: not after ${ticks} ticks; said:\n${said.slice(-20).join('\n')}`);
    },
  };
}

export type Runtime = ReturnType<typeof runtime>;

let connection = 0;

/** A line of the error log: a refused connection to a peer. */
export function refusedLine(peer: string, pid = 101): string {
  connection++;
  return (
    `2026/11/22 07:30:45 [error] ${pid}#${pid}: *${connection} connect() failed (111: Connection refused) while ` +
    `connecting to upstream, client: 192.0.2.1, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`
  );
}
