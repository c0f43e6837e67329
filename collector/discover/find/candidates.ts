/** Which processes a search that is repeated has to ask whether they are nginx's master. */
import type { Procfs } from '../../system/process/procfs.ts';
import { titleOf } from './processes.ts';

/** A process that calls itself nginx's master. */
export interface Titled {
  readonly pid: number;
  readonly args: string;
}

export interface Candidates {
  /** Those that call themselves nginx's master now, as far as they were asked. */
  look(nowUs: number): readonly Titled[];
}

/** A shell, or an engine's helper, is for a moment what becomes nginx with the same pid. */
const youngUs = 15_000_000;
/** So long it may take until a process is asked again that was something else; on a host with many, longer. */
const turnUs = 10_000_000;
const longTurnUs = 30_000_000;
const many = 200;

/**
 * To ask a process costs 15 µs, and a host has hundreds that stay what they are. So in every search those are asked that
 * are new, and those that were a master before; the others in turn.
 */
export function createCandidates(proc: Procfs): Candidates {
  /** By pid, when it was seen first. */
  let known = new Map<number, number>();
  let masters = new Set<number>();
  let lastUs = Number.NEGATIVE_INFINITY;
  /** How many have been asked in this turn. */
  let asked = 0;

  /** The part of the others whose turn it is. */
  function inTurn(others: readonly number[], nowUs: number): readonly number[] {
    const turn = others.length > many ? longTurnUs : turnUs;
    const part = Math.ceil(others.length * Math.min(1, (nowUs - lastUs) / turn));
    const from = asked >= others.length ? 0 : asked;
    asked = from + part;
    return others.slice(from, asked);
  }

  return {
    look(nowUs) {
      const before = known;
      const isFirst = lastUs === Number.NEGATIVE_INFINITY;
      known = new Map();
      const due: number[] = [];
      const others: number[] = [];
      for (const pid of proc.pids()) {
        const since = before.get(pid) ?? (isFirst ? Number.NEGATIVE_INFINITY : nowUs);
        known.set(pid, since);
        if (isFirst || masters.has(pid) || nowUs - since < youngUs) due.push(pid);
        else others.push(pid);
      }
      due.push(...inTurn(others, nowUs));
      lastUs = nowUs;
      const found: Titled[] = [];
      for (const pid of due) {
        const title = titleOf(proc, pid);
        if (title?.role === 'master') found.push({ pid, args: title.args });
      }
      masters = new Set(found.map(({ pid }) => pid));
      return found.sort((a, b) => a.pid - b.pid);
    },
  };
}
