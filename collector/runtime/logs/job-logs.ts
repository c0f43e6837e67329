import type { JobAggregate, SourceHealth } from '../../aggregate/job.ts';
import { inTurn, sumOf } from '../../base/collections.ts';
import type { Writers } from '../../diagnose/facts/writers.ts';
import type { CountedLine, LogTotals } from '../../model.ts';
import type { Conditions, Log } from '../../netdata/log.ts';
import type { Source, SourceReading } from '../../source/source.ts';
import { isSameInode, toMarks } from '../../source/tail/mark.ts';
import { attempt } from '../../system/fs.ts';
import type { JobPlan } from '../plan/job-plan.ts';
import type { AccessLogPlan, ErrorLogPlan, LogPlan } from '../plan/log-plan.ts';
import { type AccessLogReader, createAccessLogReader } from './access-log.ts';
import { createErrorLogReader, type ErrorLogReader } from './error-log.ts';
import { createLineJudge, type LineJudge } from './forged-lines.ts';
import { createFollower, type LogPorts } from './logs.ts';

/** The logs of one job: which are followed, what their lines are counted into, how they are. */
export interface JobLogs {
  /** Follows these from now on. A log that is followed already continues where it is, by its formats of now. */
  follow(plan: Pick<JobPlan, 'errorLogs' | 'accessLogs'>): void;
  /** Reads what there is, each log in turn, until it has taken so long; the rest comes with the next tick. */
  drain(longestMs: number): void;
  /** Lines that may be forged are counted, or not, by the processes of nginx as they are after `drain`. */
  settle(writers: Writers | null): void;
  health(): SourceHealth;
  /** Saves how far they have been read. */
  remember(): void;
  close(): void;
}

export interface JobLogPorts extends LogPorts {
  readonly log: Log;
  readonly conditions: Conditions;
}

interface FollowedLog {
  readonly source: Source;
  /** As LogPlan says. */
  readonly origin: string;
  readonly access: AccessLogReader | null;
  /** null for an access log. */
  readonly judge: LineJudge | null;
  /** null for an access log. */
  readonly errors: ErrorLogReader | null;
  /** As ErrorLogPlan says. */
  isOwn: boolean;
  reading: SourceReading | null;
  /** When it was read last, monotonic milliseconds. */
  readAtMs: number;
}

const unread = { reading: null, readAtMs: 0 };
/** What is left of a log that nobody writes to any more: 64 MB. */
const mostLastPolls = 64;
const otherWriter = 'processes of another nginx write there, too: forged lines cannot be recognised by their pid';

export function createJobLogs(
  job: string,
  aggregate: Pick<JobAggregate, 'addAccessLog' | 'removeAccessLog'>,
  onErrorLine: (line: CountedLine, times: number) => void,
  ports: JobLogPorts,
): JobLogs {
  const { conditions, log } = ports;
  const totals = { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0 };
  const errorLogs = new Map<string, FollowedLog>();
  const accessLogs = new Map<string, FollowedLog>();
  /** Losses of logs that are no longer followed: a running total never falls. */
  let lostBefore = 0;
  let isEnding = false;
  /** Which log has the next turn. */
  let next = 0;
  const follower = createFollower(job, ports, {
    overlong: () => {
      totals.read++;
      totals.overlong++;
    },
    foreign: () => {
      totals.read++;
      totals.foreign++;
    },
  });

  function openErrorLog(plan: ErrorLogPlan, resume: unknown): FollowedLog {
    const { spec, isOwn } = plan;
    const judge = createLineJudge({
      onLine: (line) => onErrorLine(line, 1),
      onForged: () => {
        totals.forged++;
      },
      onOtherWriter: () => log.info(`${spec}: ${otherWriter}`, { job }),
    });
    const errors = createErrorLogReader(judge, totals, onErrorLine);
    const source = follower.follow(plan, 'error', errors.openSink, resume);
    return { ...unread, source, origin: plan.origin, access: null, judge, errors, isOwn };
  }

  function openAccessLog(plan: AccessLogPlan, resume: unknown): FollowedLog {
    const access = createAccessLogReader(aggregate, totals);
    const source = follower.follow(plan, 'access', access.openSink, resume);
    return { ...unread, source, origin: plan.origin, access, judge: null, errors: null, isOwn: false };
  }

  /** None of its formats is of use: that is said, and its lines count as unmatched. */
  function useFormats(plan: AccessLogPlan, access: AccessLogReader): void {
    const problem = access.use(plan);
    conditions.set(`${job} format of ${plan.spec}`, problem === null ? null : `${plan.spec}: ${problem}`);
  }

  /** @returns where reading has got to */
  function close(followed: FollowedLog, spec: string, wanted: 'error' | 'access'): unknown {
    // The last lines of workers that have just gone; those of a job that ends are left to the next one.
    for (let polls = 0; polls < mostLastPolls && !isEnding; polls++) {
      poll(followed);
      if (followed.reading?.behindBytes === 0) break;
    }
    followed.errors?.end();
    followed.judge?.believe();
    follower.forget(spec, wanted);
    lostBefore += followed.reading?.lost ?? 0;
    const mark = followed.source.mark?.();
    followed.source.close();
    followed.access?.close();
    conditions.drop(`${job} ${followed.source.name}`);
    if (wanted === 'access') conditions.drop(`${job} format of ${spec}`);
    return mark;
  }

  /** All are closed, also where one throws. @returns where they had got to, by what nginx calls them */
  function closeAllBut(
    kept: ReadonlySet<string>,
    logs: Map<string, FollowedLog>,
    wanted: 'error' | 'access',
  ): ReadonlyMap<string, unknown> {
    const marks = new Map<string, unknown>();
    const errors: unknown[] = [];
    for (const [spec, followed] of logs) {
      if (kept.has(spec)) continue;
      logs.delete(spec);
      try {
        marks.set(followed.origin, close(followed, spec, wanted));
      } catch (error) {
        followed.source.close();
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return marks;
  }

  /** Where to continue in a log that lies elsewhere since, if it is the same file: through another root, with another process. */
  function goOn({ log: at, origin }: LogPlan, marks: ReadonlyMap<string, unknown>): unknown {
    const stat = at.is === 'file' ? attempt(() => ports.fs.stat(at.path)) : null;
    if (stat?.ok !== true) return undefined;
    const same = toMarks(marks.get(origin)).filter((mark) => isSameInode(mark, stat.value));
    return same.length === 0 ? undefined : same;
  }

  function poll(followed: FollowedLog): void {
    const { judge, reading: before, readAtMs } = followed;
    // Else it is of before: what was left, or what a file held that has come or was moved here.
    const isOnward = followed.isOwn && before?.problem === null && before.behindBytes === 0;
    judge?.beginRead(isOnward ? readAtMs : null);
    followed.readAtMs = ports.now();
    const reading = followed.source.poll();
    followed.errors?.pause(isOnward || !followed.isOwn);
    followed.reading = reading;
    if (reading.events.length > 0) judge?.believe();
    conditions.set(`${job} ${followed.source.name}`, reading.problem?.text ?? null);
    for (const event of reading.events) log.info(event, { job });
  }

  return {
    follow(plan) {
      const errorMarks = closeAllBut(new Set(plan.errorLogs.map(({ spec }) => spec)), errorLogs, 'error');
      const accessMarks = closeAllBut(new Set(plan.accessLogs.map(({ spec }) => spec)), accessLogs, 'access');
      for (const each of plan.errorLogs) {
        const followed = errorLogs.get(each.spec) ?? openErrorLog(each, goOn(each, errorMarks));
        followed.isOwn = each.isOwn;
        errorLogs.set(each.spec, followed);
      }
      for (const each of plan.accessLogs) {
        const followed = accessLogs.get(each.spec) ?? openAccessLog(each, goOn(each, accessMarks));
        accessLogs.set(each.spec, followed);
        if (followed.access !== null) useFormats(each, followed.access);
      }
    },

    drain(longestMs) {
      const until = ports.now() + longestMs;
      const all = [...errorLogs.values(), ...accessLogs.values()];
      // Where it begins is settled by the first check: what is written while that waits would be of before the start.
      for (const followed of all) if (!hasPlace(followed)) poll(followed);
      // Those that had to wait in the last tick are first in this one.
      for (let turn = inTurn(all, next); turn.length > 0; ) {
        for (const followed of turn) {
          poll(followed);
          next = all.indexOf(followed) + 1;
          if (ports.now() >= until) return;
        }
        turn = turn.filter(({ reading }) => reading !== null && reading.behindBytes > 0 && reading.problem === null);
      }
    },

    settle(writers) {
      for (const { judge, errors } of errorLogs.values()) {
        errors?.flush();
        judge?.settle(writers);
      }
    },

    health() {
      const errors = readingsOf(errorLogs);
      const accesses = readingsOf(accessLogs);
      const all = [...errors, ...accesses];
      const failing = all.filter(isFailing).length;
      const lines: LogTotals = { ...totals, lost: lostBefore + sumOf(all, ({ lost }) => lost) };
      return {
        errorLogsFine: !errors.some(isFailing),
        accessLogsFine: !accesses.some(isFailing),
        lines,
        behindBytes: sumOf(all, ({ behindBytes }) => behindBytes),
        ok: all.length - failing,
        failing,
      };
    },

    remember: follower.remember,

    close() {
      isEnding = true;
      closeAllBut(new Set(), errorLogs, 'error');
      closeAllBut(new Set(), accessLogs, 'access');
    },
  };
}

function readingsOf(logs: ReadonlyMap<string, FollowedLog>): readonly SourceReading[] {
  return Array.from(logs.values(), ({ reading }) => reading).filter((reading) => reading !== null);
}

/** It is known where to read on: it has been checked, or a checkpoint shows it. */
function hasPlace({ reading, source }: FollowedLog): boolean {
  return reading !== null || toMarks(source.mark?.()).length > 0;
}

const isFailing = ({ problem }: SourceReading): boolean => problem !== null;
