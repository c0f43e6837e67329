/**
 * The calls that wait, and their answers, one at a time. Each transaction is answered at most once, before its deadline,
 * and never after it was cancelled. Bodies are made once a tick, however many ask. Pure, stateful.
 */
import { keepNewest } from '../base/collections.ts';
import type { FunctionCall } from '../model.ts';
import { errorBody, infoBody, type Known, resultText, viewBody } from './answer.ts';
import { type FunctionRequest, readFunctionRequest, type ViewId } from './request.ts';

export interface Desk {
  take(call: FunctionCall, nowMs: number): void;
  cancel(transaction: string): void;
  /** What is known has changed: bodies are made anew. */
  turn(): void;
  /** The next answer, to be written in one piece; null: none is due. */
  next(known: Known, nowMs: number): string | null;
  /** Whether somebody waits for the findings of `check`. */
  wantsFindings(): boolean;
  waiting(): number;
}

interface Waiting {
  readonly request: FunctionRequest;
  access: number;
  readonly takenMs: number;
  readonly deadlineMs: number;
}

/** Netdata's HTTP_ACCESS_SENSITIVE_DATA. */
const sensitiveData = 0x10;
const mostWaiting = 500;
const mostRemembered = 2000;
/** Before Netdata gives up, so that the caller reads why. */
const apologyMs = 500;
/**
 * Netdata passes the body of a POST on as it is, and one that holds FUNCTION_PAYLOAD_END can forge a call with rights
 * of its choice in the name of another call of the same client. That other call arrives, too: until then nothing
 * sensitive is said, and of two calls with one transaction the fewer rights count.
 */
export const settleMs = 50;

/** @param onFault gets an exception: its call is answered with it, and the others are not affected */
export function createDesk(onFault: (error: unknown) => void): Desk {
  const waiting = new Map<string, Waiting>();
  /** Transactions that are done, oldest first. */
  const done = new Set<string>();
  const bodies = new Map<string, string>();

  function finish(transaction: string): void {
    waiting.delete(transaction);
    done.add(transaction);
    keepNewest(done, mostRemembered);
  }

  function bodyOf(view: ViewId, isSensitive: boolean, known: Known): string | null {
    const key = `${view} ${isSensitive}`;
    const made = bodies.get(key) ?? viewBody(view, isSensitive, known);
    if (made !== null) bodies.set(key, made);
    return made;
  }

  function answer(transaction: string, call: Waiting, known: Known, nowMs: number): string | null {
    const { request, access, takenMs, deadlineMs } = call;
    const second = Math.floor(known.nowMs / 1000);
    switch (request.is) {
      case 'refused':
        return resultText(transaction, request.status, 0, errorBody(request.status, request.message));
      case 'info':
        return resultText(transaction, 200, second + 60, infoBody(known.updateEvery));
      case 'view': {
        const isSensitive = (access & sensitiveData) !== 0;
        if (isSensitive && nowMs - takenMs < settleMs) return null;
        const body = bodyOf(request.view, isSensitive, known);
        if (body !== null) return resultText(transaction, 200, second + known.updateEvery, body);
        if (deadlineMs - nowMs > apologyMs) return null;
        return resultText(transaction, 504, 0, errorBody(504, 'The check did not end in time. Ask again.'));
      }
    }
  }

  function safeAnswer(...of: Parameters<typeof answer>): string | null {
    try {
      return answer(...of);
    } catch (error) {
      onFault(error);
      return resultText(of[0], 500, 0, errorBody(500, "The plugin failed to answer; the collector's log says why."));
    }
  }

  return {
    take(call, nowMs) {
      const { transaction, access, timeoutSeconds } = call;
      if (done.has(transaction)) return;
      const known = waiting.get(transaction);
      if (known !== undefined) known.access &= access;
      else if (waiting.size < mostWaiting) {
        const deadlineMs = nowMs + timeoutSeconds * 1000;
        waiting.set(transaction, { request: readFunctionRequest(call), access, takenMs: nowMs, deadlineMs });
      }
    },
    cancel: finish,
    turn: () => bodies.clear(),
    next(known, nowMs) {
      for (const [transaction, call] of waiting) {
        // Netdata has answered the caller already: an answer now would only be an error in its log.
        const text = nowMs >= call.deadlineMs ? undefined : safeAnswer(transaction, call, known, nowMs);
        if (text === null) continue;
        finish(transaction);
        if (text !== undefined) return text;
      }
      return null;
    },
    wantsFindings: () =>
      [...waiting.values()].some(({ request }) => request.is === 'view' && request.view === 'findings'),
    waiting: () => waiting.size,
  };
}
