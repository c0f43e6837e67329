/**
 * Waiting for a condition, never for luck.
 *
 *   const line = await waitUntil(() => read().find(isRefused), { what: 'the refused line', timeout: 10_000 });
 *
 * The condition may be asynchronous, and may throw while it cannot be asked yet. Truthy ends the wait and is returned.
 */
import { isDeepStrictEqual } from 'node:util';

export interface WaitOptions {
  /** What is waited for, for the error text. */
  readonly what: string;
  /** Milliseconds; 10 s by default. */
  readonly timeout?: number;
  /** Milliseconds between two checks; 25 by default. */
  readonly interval?: number;
  /** Something to add to the error: the log's end, what else is known. Asked once, on failure. */
  readonly hint?: () => unknown;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const show = (value: unknown): string => {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
};

/** Resolves with the first truthy value; rejects with the last value or error seen. */
export async function waitUntil<T>(
  condition: () => T | Promise<T>,
  { what, timeout = 10_000, interval = 25, hint }: WaitOptions,
): Promise<NonNullable<T>> {
  const end = performance.now() + timeout;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= end) {
      const more = hint ? `\n${show(await hint())}` : '';
      throw new Error(`waited ${timeout} ms for ${what}; last seen: ${show(last)}${more}`);
    }
    await sleep(interval);
  }
}

/** Waits until what is read equals what is known to be true; the error shows both. */
export async function waitUntilEqual<T>(read: () => Promise<T>, truth: T, options: WaitOptions): Promise<void> {
  const isEqual = async (): Promise<boolean> => {
    const value = await read();
    if (isDeepStrictEqual(value, truth)) return true;
    throw new Error(`${JSON.stringify(value)} instead of ${JSON.stringify(truth)}`);
  };
  await waitUntil(isEqual, { interval: 500, ...options });
}

/** For what must NOT happen: looks until `during` ms are over and fails as soon as the condition holds. */
export async function never(
  condition: () => unknown,
  { what, during, interval = 50 }: { readonly what: string; readonly during: number; readonly interval?: number },
): Promise<void> {
  const end = performance.now() + during;
  while (performance.now() < end) {
    const value = await condition();
    if (value) throw new Error(`${what} happened: ${show(value)}`);
    await sleep(interval);
  }
}
