/**
 * That work grows with its input and not with its square, on a machine that may be busy with anything.
 *
 *   growsLinearly((count) => { const text = 'a;'.repeat(count); return () => read(text); }, 250);
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How many times as much the large input is. */
const times = 8;
/** Linear is 1, quadratic is 8: halfway between, by factors. */
const bound = Math.sqrt(times);

/** What a large input does within a few milliseconds is within what is measured by chance. */
const leastMs = 0.5;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as (options: { type: 'minor' }) => void;

/** CPU time: what others have had of the processor does not count. */
function cpuMs(run: () => unknown, repeats: number): number {
  collectGarbage({ type: 'minor' });
  const before = process.cpuUsage();
  for (let at = 0; at < repeats; at++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/**
 * The CPU time of one input of `8 * count` parts, as a multiple of that of eight inputs of `count`. Both are the same
 * amount of work, so that what disturbs one disturbs the other; they run by turns, and of each the least counts, which
 * nothing has disturbed. A ratio beyond the bound is tried again for as long as `patienceMs`: load passes, a square
 * does not.
 */
function growth(prepare: (count: number) => () => unknown, count: number, patienceMs: number): number {
  const [small, large] = [prepare(count), prepare(times * count)];
  // What is compiled on its first runs would be the small input's cost alone.
  cpuMs(small, times);
  cpuMs(large, 1);
  const least = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY };
  const ratio = () => least.large / Math.max(least.small, leastMs);
  const end = performance.now() + patienceMs;
  for (let run = 0; run < 3 || (ratio() >= bound && performance.now() < end); run++) {
    least.small = Math.min(least.small, cpuMs(small, times));
    least.large = Math.min(least.large, cpuMs(large, 1));
  }
  return ratio();
}

/** Throws where eight times the input is nearer to sixty-four times the work than to eight. */
export function growsLinearly(prepare: (count: number) => () => unknown, count: number, patienceMs = 20_000): void {
  const ratio = growth(prepare, count, patienceMs);
  if (ratio >= bound)
    throw new Error(
      `${times} times the input is ${(times * ratio).toFixed(1)} times the work, however often it is tried`,
    );
}
