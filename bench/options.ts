/** What a run of the bench is asked to do. */

export interface Options {
  readonly lines: number;
  /** Of what takes seconds; what takes minutes is measured three times at most. */
  readonly passes: number;
  readonly seconds: number;
  /** Of the storm at a steady rate, and of the one at once. */
  readonly stormSeconds: number;
  readonly stormLines: number;
  /** Of the long run under load; 0: none. */
  readonly minutes: number;
  /** Where the table is written to, too, between two marks. */
  readonly markdown: string | null;
}

const numbers = {
  lines: 1_000_000,
  passes: 5,
  seconds: 20,
  'storm-seconds': 60,
  'storm-lines': 500_000,
  minutes: 0,
} as const;

type Name = keyof typeof numbers;

/** Every option takes a value; what is none of them is refused. */
export function readOptions(args: readonly string[]): Options {
  const found: Record<Name, number> = { ...numbers };
  let markdown: string | null = null;
  for (let at = 0; at < args.length; at += 2) {
    const [option = '', value = ''] = args.slice(at, at + 2);
    const name = option.replace(/^--/, '');
    if (option === '--markdown' && value !== '') markdown = value;
    else if (option.startsWith('--') && name in numbers && /^\d+$/.test(value)) found[name as Name] = Number(value);
    else throw new Error(`${option} ${value}: --markdown FILE, or a number for --${Object.keys(numbers).join(', --')}`);
  }
  const { lines, passes, seconds, minutes } = found;
  if (lines < 1 || passes < 1 || seconds < 1) throw new Error('lines, passes and seconds: at least 1');
  return {
    lines,
    passes,
    seconds,
    minutes,
    stormSeconds: found['storm-seconds'],
    stormLines: found['storm-lines'],
    markdown,
  };
}

/** What takes more than a minute is not measured more often. */
export const longPasses = ({ passes }: Options): number => Math.min(3, passes);
