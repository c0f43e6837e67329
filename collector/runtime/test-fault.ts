import type { Job } from './job.ts';

/** For tests of what one job's fault does to the others; never set where the plugin is at work. */
export interface TestFault {
  readonly job: string;
  readonly call: 'follow' | 'drain' | 'draw';
  /** From this call on, counted from 1, so many throw. */
  readonly from: number;
  readonly times: number;
}

/** `JOB CALL FROM TIMES`, as in `edge drain 3 1`; null when nothing, or something else, is written. */
export function parseTestFault(text: string | undefined): TestFault | null {
  const [, job = '', call = '', from = '', times = ''] =
    /^(\S+) (follow|drain|draw) (\d+) (\d+)$/.exec(text ?? '') ?? [];
  return job === '' ? null : { job, call: call as TestFault['call'], from: Number(from), times: Number(times) };
}

/** The job, with the fault in it. `counter` outlives the job: one that is started anew keeps counting. */
export function withTestFault(job: Job, { call, from, times }: TestFault, counter: { calls: number }): Job {
  const fail = (): void => {
    counter.calls++;
    if (counter.calls >= from && counter.calls < from + times) throw new Error(`test fault in ${call}`);
  };
  return {
    ...job,
    follow(plan) {
      if (call === 'follow') fail();
      job.follow(plan);
    },
    drain(longestMs) {
      if (call === 'drain') fail();
      job.drain(longestMs);
    },
    draw(context, load) {
      if (call === 'draw') fail();
      return job.draw(context, load);
    },
  };
}
