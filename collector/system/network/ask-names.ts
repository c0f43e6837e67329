/** Many names asked of one resolver: a few at once, not more than a bound, and all within one deadline. */
import type { Resolve } from './dns.ts';

/** docs/troubleshooting.md, `names_not_asked`, says the same. */
export const nameBounds = {
  /** Node itself runs two lookups at a time; more of ours would only wait there. */
  atOnce: 4,
  inAll: 1000,
  /** For all names together. */
  seconds: 5,
} as const;

/** What may still be asked. One budget is for everything that a person waits for. */
export interface NameBudget {
  /** Resolves when no more is waited for. */
  readonly over: Promise<void>;
  isOver(): boolean;
  end(): void;
  /** @returns how many of so many names may be asked */
  take(wanted: number): number;
}

/** @param startTimer calls back once, when the time is up */
export function createNameBudget(startTimer: (done: () => void) => void = afterSeconds): NameBudget {
  let left: number = nameBounds.inAll;
  let isOver = false;
  let settle = (): void => undefined;
  const over = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const end = (): void => {
    isOver = true;
    settle();
  };
  startTimer(end);
  return {
    over,
    end,
    isOver: () => isOver,
    take(wanted) {
      const taken = Math.min(wanted, left);
      left -= taken;
      return taken;
    },
  };
}

function afterSeconds(done: () => void): void {
  // A lookup that continues keeps the process alive; the deadline alone must not.
  setTimeout(done, nameBounds.seconds * 1000).unref();
}

/** Why names have no answer. */
export interface OpenNames {
  /** All names that were wanted. */
  readonly wanted: number;
  /** The deadline came first. */
  readonly late: number;
  /** More than may be asked. */
  readonly beyond: number;
}

export interface NameAnswers {
  /** A name that does not resolve has an entry with no addresses; a name without an answer has no entry. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly open: OpenNames;
}

/** Asks for each name once. What is not answered when the budget ends stays open. */
export async function askNames(names: readonly string[], resolve: Resolve, budget: NameBudget): Promise<NameAnswers> {
  const wanted = [...new Set(names)];
  const queue = wanted.slice(0, budget.take(wanted.length));
  const answers = new Map<string, readonly string[]>();
  const waiting = queue.values();

  async function askInTurn(): Promise<void> {
    for (const name of waiting) {
      if (budget.isOver()) return;
      const answer = await resolve(name);
      if (!budget.isOver()) answers.set(name, answer.ok ? answer.addresses : []);
    }
  }

  await Promise.race([budget.over, Promise.all(Array.from({ length: nameBounds.atOnce }, askInTurn))]);
  const addresses = new Map(
    queue.flatMap((name) => {
      const found = answers.get(name);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
  const late = queue.length - addresses.size;
  return { addresses, open: { wanted: wanted.length, late, beyond: wanted.length - queue.length } };
}

/** What is not known of the names, as a sentence without its end; null when each was answered. */
export function openNamesText({ wanted, late, beyond }: OpenNames): string | null {
  if (late + beyond === 0) return null;
  const why = [
    late === 0 ? '' : `${late} had no answer within ${nameBounds.seconds} s`,
    beyond === 0 ? '' : `${beyond} are beyond the limit of ${nameBounds.inAll} names`,
  ];
  return `${late + beyond} of ${wanted} names of servers were not asked or not answered: ${why.filter(Boolean).join(', ')}`;
}
