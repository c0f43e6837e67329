import { createGuard, type GuardPorts, stackOf } from './guard.ts';
import type { Job } from './job.ts';
import type { LogClaims } from './logs/claims.ts';
import type { JobPlan } from './plan/job-plan.ts';

/**
 * A job whose exceptions end with it. After one it rests, drawing nothing (a gap), and continues with all it knows. Should
 * that throw again, it is started anew from where its logs were read to when it last drew: either what it had read or
 * what it knew is at fault, and so neither can hold it for ever.
 */
export function guardJob(
  first: JobPlan,
  start: (plan: JobPlan) => Job,
  ports: GuardPorts & { readonly claims: Pick<LogClaims, 'forget'> },
): Job {
  const guard = createGuard(first.name, ports);
  let plan = first;
  let job: Job | null = null;
  let isFollowing = false;
  let drained = false;
  /** How many faults there were when it was last started anew. */
  let renewedAt = 0;

  /** The job, going by the plan of now. */
  function current(): Job {
    const faults = guard.faults();
    // What it would send about its charts is dropped: the one that follows continues with them.
    if (faults % 2 === 0 && faults > renewedAt) {
      retire();
      ports.claims.forget(first.name);
    }
    renewedAt = faults;
    job ??= begin();
    if (!isFollowing) job.follow(plan);
    isFollowing = true;
    return job;
  }

  function begin(): Job {
    const begun = start(plan);
    isFollowing = true;
    return begun;
  }

  /** Also while it rests: its sources must be closed. */
  function retire(): string {
    const old = job;
    job = null;
    try {
      return old?.retire() ?? '';
    } catch (error) {
      ports.log.error(`job ${first.name} could not be ended in order: ${stackOf(error)}`, { job: first.name });
      return '';
    }
  }

  guard.run(current);

  return {
    follow(next) {
      plan = next;
      isFollowing = false;
      guard.run(current);
    },
    drain(longestMs) {
      drained =
        guard.run(() => {
          current().drain(longestMs);
          return true;
        }) === true;
    },
    draw(context, load) {
      if (!drained) return '';
      const text = guard.run(() => current().draw(context, load));
      if (text !== undefined) guard.worked();
      return text ?? '';
    },
    remember() {
      if (guard.faults() === 0) guard.run(() => job?.remember());
    },
    now: () => guard.run(() => job?.now()) ?? null,
    nginx: () => job?.nginx() ?? null,
    retire,
  };
}
