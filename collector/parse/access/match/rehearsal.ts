import type { AccessProgram, FormatStep } from '../format/program.ts';
import { byte } from '../values.ts';
import type { LineMatcher } from './fast.ts';

/**
 * Runs a new matcher over made-up lines of its format, until V8 has seen every way through it. Without that it compiles
 * what the first thousand lines needed and throws the code away at the first line that is retried, unset or at a chunk's
 * end: the first 100,000 lines took twice as long, and at times all that followed (docs/performance.md).
 *
 * @param rounds 20 let V8 see every way and cost 10 ms; more bring forward when it compiles
 */
export function rehearse(match: LineMatcher, { steps }: AccessProgram, rounds: number): void {
  const lines = variants.map((variant) => Buffer.from(`${steps.map((step) => sample(step, variant)).join('')}\n`));
  const alone = lines.map(withNothingBehind);
  const broken = Buffer.from('x\n');
  const together = Buffer.concat(lines);
  for (let round = 0; round < rounds; round++) {
    // Alone each line ends with its chunk; together it has others behind it.
    for (const line of alone) match(line, 0);
    for (let p = 0; p >= 0 && p < together.length; ) {
      const end = match(together, p);
      p = (end >= 0 ? end : together.indexOf(byte.newline, p)) + 1;
    }
    if (round < brokenRounds) match(broken, 0);
  }
}

/** Small buffers share their memory: most of them end in the middle of it. */
function withNothingBehind(line: Buffer): Buffer {
  const copy = Buffer.alloc(line.length);
  line.copy(copy);
  return copy;
}

/** A line that does not match is tried in every way, which takes long in code that is still cold. */
const brokenRounds = 3;

/** One line each: what its values of unknown length are, and its attempts with what stands between them. */
interface Variant {
  readonly text: string;
  readonly attempts: readonly string[];
  readonly isSet: boolean;
}

const variants: readonly Variant[] = [
  { text: 'x', attempts: [''], isSet: true },
  { text: 'GET /a,b.c-d?e=f&g=h HTTP/1.1', attempts: ['', ', '], isSet: true },
  { text: 'a\\x22b\\"c', attempts: ['', ', ', ' : '], isSet: true },
  { text: '-', attempts: [''], isSet: false },
];

/** What nginx could have written for this step. */
function sample(step: FormatStep, { text, attempts, isSet }: Variant): string {
  const list = (element: string) => attempts.map((separator) => separator + (isSet ? element : '-')).join('');
  switch (step.kind) {
    case 'literal':
      return Buffer.from(step.bytes).toString();
    case 'free':
    case 'long':
      return text;
    case 'method':
      return isSet ? 'GET' : '-';
    case 'number':
      return isSet ? '1024' : '-';
    case 'timeLocal':
      return '22/Nov/2026:07:30:45 +0000';
    case 'timeIso':
      return '2026-11-22T07:30:45+00:00';
    case 'status':
      return '200';
    case 'requestTime':
      return attempts.length > 1 ? '12.345' : '0.012';
    case 'proxyHost':
      return isSet ? 'app' : '-';
    case 'peers':
      return list('10.0.0.1:80');
    case 'statuses':
      return list('200');
    case 'times':
      return list(attempts.length > 1 ? '12.345' : '0.001');
    case 'numbers':
      return list('1024');
  }
}
