import type { PlanContext } from '../charts/plan.ts';
import type { Settings } from './config/settings.ts';
import { type Job, type JobPorts, startJob } from './job.ts';
import type { PluginLoad } from './model.ts';

/** The jobs that run, kept in step with the settings in force. */
export interface Jobs {
  /** Starts, stops and restarts jobs so that they are those of the settings; a job that has not changed runs on. */
  apply(settings: Settings): void;
  drain(): void;
  draw(context: PlanContext, load: PluginLoad): string;
  /** What was drawn last has been told to Netdata: how far that was is kept for the next process. */
  remember(): void;
}

export function createJobs(ports: JobPorts): Jobs {
  let running = new Map<string, Job>();
  /** Last words about charts of ended jobs, to be written with the next tick. */
  let farewells = '';

  return {
    apply({ jobs, maxPeers }) {
      const wanted = new Map(jobs.map((job) => [JSON.stringify([job, maxPeers]), job]));
      for (const [key, job] of running) {
        if (!wanted.has(key)) farewells += job.retire();
      }
      running = new Map(
        Array.from(wanted, ([key, settings]) => [key, running.get(key) ?? startJob(settings, maxPeers, ports)]),
      );
    },

    drain() {
      for (const job of running.values()) job.drain();
    },

    remember() {
      for (const job of running.values()) job.remember();
    },

    draw(context, load) {
      let text = farewells;
      farewells = '';
      for (const job of running.values()) text += job.draw(context, load);
      return text;
    },
  };
}
