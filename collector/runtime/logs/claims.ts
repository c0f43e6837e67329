import { madeAt } from '../../base/collections.ts';
import type { Wanted } from '../../decode/container.ts';
import { nothingRead, type Source } from '../../source/source.ts';
import { createKnownFiles, type KnownFiles } from '../../source/tail/known-files.ts';

/** Who reads what, over all jobs: a log is counted by exactly one of them. */
export interface LogClaims {
  /** Files: one that is listed twice, matched by two patterns, or named by two jobs is read by the first. */
  readonly files: Readonly<Record<Wanted, KnownFiles>>;
  /** The source while the job has its key for itself; another job's claim is waited for, in silence. */
  claimed(key: string, job: string, name: string, open: () => Source): Source;
  /** The job is started anew: it reads again, from its checkpoint, what it has read since. */
  forget(job: string): void;
}

export function createLogClaims(): LogClaims {
  const holders = new Map<string, { readonly job: string; readonly sources: Set<object> }>();

  function take(key: string, job: string, source: object): boolean {
    const holder = madeAt(holders, key, () => ({ job, sources: new Set() }));
    if (holder.job === job) holder.sources.add(source);
    return holder.job === job;
  }

  function release(key: string, job: string, source: object): void {
    const holder = holders.get(key);
    if (holder?.job !== job) return;
    holder.sources.delete(source);
    if (holder.sources.size === 0) holders.delete(key);
  }

  const files = { error: createKnownFiles(), access: createKnownFiles() };

  return {
    files,
    forget(job) {
      files.error.forget(job);
      files.access.forget(job);
    },

    claimed(key, job, name, open) {
      const self = {};
      let source: Source | null = null;
      let told: string | null = null;
      return {
        name,
        poll() {
          if (source === null && take(key, job, self)) source = open();
          if (source !== null) return source.poll();
          const holder = holders.get(key)?.job ?? null;
          const isNews = holder !== told;
          told = holder;
          return isNews ? { ...nothingRead, events: [`${name} is read by job ${holder}: counted once`] } : nothingRead;
        },
        mark: () => source?.mark?.(),
        close() {
          source?.close();
          source = null;
          release(key, job, self);
        },
      };
    },
  };
}
