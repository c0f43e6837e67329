import type { PlanContext } from '../../charts/update.ts';
import type { InstanceCaps } from '../aggregate/instances.ts';
import { inTurn } from '../base/collections.ts';
import type { JobSettings, Settings } from '../config/settings.ts';
import type { Followed } from '../discover/follow/nginx-follower.ts';
import type { JobNow } from '../functions/facts.ts';
import type { PluginLoad } from '../model.ts';
import type { JobNginx } from './findings.ts';
import { createGuard } from './guard.ts';
import { guardJob } from './guarded-job.ts';
import { type Job, type JobPorts, startJob } from './job.ts';
import { createLogClaims } from './logs/claims.ts';
import { ownErrorLogs } from './logs/own-logs.ts';
import { type NginxWatchPorts, type WatchedNginx, watchNginx } from './nginx/watch.ts';
import { type JobPlan, planJob } from './plan/job-plan.ts';
import { type TestFault, withTestFault } from './test-fault.ts';

/** The jobs that run, kept in step with the settings in force and with the nginx that run. */
export interface Jobs {
  /** Starts, stops and restarts jobs so that they are those of the settings; a job that has not changed runs on. */
  apply(settings: Settings): void;
  drain(): void;
  draw(context: PlanContext, load: PluginLoad): string;
  /** What each job knew when it was drawn last. */
  now(): readonly JobNow[];
  /** Each nginx that is known, with the settings of its job. */
  nginx(): readonly JobNginx[];
  /** How far what was drawn last goes is noted for the next process; saved when it has been sent to Netdata. */
  remember(): void;
}

export interface JobsPorts extends Omit<JobPorts, 'probe' | 'peerCharts' | 'claims'>, NginxWatchPorts {
  /** null where the plugin is at work. */
  readonly testFault: TestFault | null;
}

type GroupPorts = JobPorts & JobsPorts;

/** A job of the settings: one nginx, or as many as are discovered. */
interface Group {
  readonly settings: JobSettings;
  /** Finds out which nginx there are. */
  look(): void;
  jobs(): Iterable<Job>;
  /** Last words about charts of jobs that have ended, once. */
  farewells(): string;
  close(): string;
}

/** The first nginx has the name of the job; others are distinguished by their main file, and by the lowest number that is free. */
function nameFor(base: string, confPath: string, taken: ReadonlySet<string>): string {
  const slug = confPath.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_|_(conf)?$/g, '');
  const names = [base, ...(taken.has(base) && !isUsual(confPath) ? [`${base}_${slug}`] : [])];
  for (let number = 2; ; number++) {
    const free = names.find((name) => !taken.has(name));
    if (free !== undefined) return free;
    names.push(`${base}_${number}`);
  }
}

/** What nearly every container has shows nothing. */
function isUsual(confPath: string): boolean {
  return confPath === '/etc/nginx/nginx.conf';
}

function startGroup(settings: JobSettings, caps: InstanceCaps, ports: GroupPorts): Group {
  const watch = watchNginx(settings, ports);
  const guard = createGuard(settings.name, ports);
  const jobs = new Map<string, Job>();
  const names = new Map<string, string>();
  let words = '';

  function put(name: string, followed: Followed | null, ownLogs?: ReadonlySet<string>): void {
    const plan = planJob(settings, name, followed, ports, ownLogs);
    const running = jobs.get(name);
    if (running === undefined) jobs.set(name, guardJob(plan, starter(name), ports));
    else running.follow(plan);
  }

  function starter(name: string): (plan: JobPlan) => Job {
    const { testFault } = ports;
    const counter = { calls: 0 };
    return (plan) => {
      const job = startJob(plan, caps, ports);
      return testFault?.job === name ? withTestFault(job, testFault, counter) : job;
    };
  }

  function update(found: readonly WatchedNginx[]): void {
    const keys = new Set(found.map(({ key }) => key));
    for (const key of names.keys()) if (!keys.has(key)) names.delete(key);
    const ownLogs = ownErrorLogs(watch.seesAll() ? found : [], ports);
    for (const { key, followed } of found) {
      const name = names.get(key) ?? nameFor(settings.name, followed.read.found.confPath, new Set(names.values()));
      names.set(key, name);
      put(name, followed, ownLogs.get(key));
    }
    const used = new Set(names.values());
    // Without any nginx the logs alone may still show something; and the job keeps its name for the one that comes.
    if (used.size === 0) put(settings.name, null);
    retireAllBut(used.size === 0 ? new Set([settings.name]) : used);
  }

  function retireAllBut(used: ReadonlySet<string>): void {
    for (const [name, job] of jobs) {
      if (used.has(name)) continue;
      words += job.retire();
      jobs.delete(name);
    }
  }

  return {
    settings,
    look() {
      guard.run(() => {
        const found = watch.poll();
        if (found !== null) update(found);
        guard.worked();
      });
    },
    jobs: () => jobs.values(),
    farewells() {
      const last = words;
      words = '';
      return last;
    },
    close() {
      watch.close();
      return words + Array.from(jobs.values(), (job) => job.retire()).join('');
    },
  };
}

/**
 * Reading may take so much of a second: the rest is for drawing, for answers, and for whoever wants this process to end.
 * The tick in which a storm begins is late by as much, so it is less than half a second.
 */
const longestDrainUs = 350_000;

export function createJobs(given: JobsPorts): Jobs {
  const ports = { ...given, claims: createLogClaims() };
  let running = new Map<string, Group>();
  let farewells = '';
  /** Which job is first: none is always last. */
  let turn = 0;

  const allJobs = () =>
    [...running.values()].flatMap(({ settings, jobs }) => Array.from(jobs(), (job) => ({ job, settings })));

  return {
    apply({ jobs, maxPeers, maxConfiguredPeers, probe, peerCharts }) {
      const caps = { log: maxPeers, configured: maxConfiguredPeers };
      const wanted = new Map(jobs.map((job) => [JSON.stringify([job, caps, probe, peerCharts]), job]));
      for (const [key, group] of running) {
        if (!wanted.has(key)) farewells += group.close();
      }
      running = new Map(
        Array.from(wanted, ([key, settings]) => [
          key,
          running.get(key) ?? startGroup(settings, caps, { ...ports, probe, peerCharts }),
        ]),
      );
    },

    drain() {
      for (const group of running.values()) group.look();
      const order = inTurn(allJobs(), turn++);
      const until = ports.clock.monotonicUs() + longestDrainUs;
      for (const [at, { job }] of order.entries()) {
        // What one job leaves of its share is for the others.
        job.drain((until - ports.clock.monotonicUs()) / 1000 / (order.length - at));
      }
    },

    remember() {
      for (const group of running.values()) for (const job of group.jobs()) job.remember();
    },

    now: () => allJobs().flatMap(({ job }) => job.now() ?? []),
    nginx: () =>
      allJobs().flatMap(({ job, settings }) => {
        const read = job.nginx();
        return read === null ? [] : [{ job: settings.name, settings, read }];
      }),

    draw(context, load) {
      let text = farewells;
      farewells = '';
      for (const group of running.values()) {
        text += group.farewells();
        for (const job of group.jobs()) text += job.draw(context, load);
      }
      return text;
    },
  };
}
