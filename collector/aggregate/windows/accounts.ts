/**
 * Failures that no attempt of the access log accounts for. Where every request to an upstream is
 * logged with its attempts, a failed connect is in both logs: the attempt comes when its request ends, so a failure
 * waits that long for it. Elsewhere (access_log off, auth_request, mail, a stock log_format) nobody waits.
 */
import { madeAt } from '../../base/collections.ts';
export interface AttemptAccounts {
  /** So many connects to the peer failed, by the error log: as many attempts are expected. */
  failed(peer: string, second: number, times?: number): void;
  /** An attempt at the peer never connected, by the access log. */
  attempted(peer: string, second: number): void;
  /** How many have waited longer than that since the last call, by peer. To be called once per tick. */
  settle(second: number, graceSeconds: number): ReadonlyMap<string, number>;
}

/** The access log may be read before the error log of the same moment. */
const creditSeconds = 5;

/** How many at which second, oldest first: a storm has few entries. */
type Queue = { readonly second: number; count: number }[];

function put(queue: Queue, second: number, count: number): void {
  const last = queue.at(-1);
  if (last?.second === second) last.count += count;
  else queue.push({ second, count });
}

/** Takes so many off, as far as there are any; says how many are left to take. */
function take(queue: Queue, count: number): number {
  let left = count;
  for (let first = queue[0]; first !== undefined && left > 0; first = queue[0]) {
    const taken = Math.min(left, first.count);
    first.count -= taken;
    left -= taken;
    if (first.count === 0) queue.shift();
  }
  return left;
}

/** Takes off what is older than `age`; says how many that was. */
function expire(queue: Queue, second: number, age: number): number {
  let expired = 0;
  for (let first = queue[0]; first !== undefined && second - first.second > age; first = queue[0]) {
    expired += first.count;
    queue.shift();
  }
  return expired;
}

interface Account {
  readonly waiting: Queue;
  readonly credit: Queue;
}

const newAccount = (): Account => ({ waiting: [], credit: [] });

export function createAccounts(): AttemptAccounts {
  const accounts = new Map<string, Account>();

  const accountOf = (peer: string) => madeAt(accounts, peer, newAccount);

  return {
    failed(peer, second, times = 1) {
      const { waiting, credit } = accountOf(peer);
      const left = take(credit, times);
      if (left > 0) put(waiting, second, left);
    },

    attempted(peer, second) {
      const { waiting, credit } = accountOf(peer);
      if (take(waiting, 1) > 0) put(credit, second, 1);
    },

    settle(second, graceSeconds) {
      const unaccounted = new Map<string, number>();
      for (const [peer, { waiting, credit }] of accounts) {
        expire(credit, second, creditSeconds);
        const expired = expire(waiting, second, graceSeconds);
        if (expired > 0) unaccounted.set(peer, expired);
        if (waiting.length === 0 && credit.length === 0) accounts.delete(peer);
      }
      return unaccounted;
    },
  };
}
