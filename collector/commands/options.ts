/** The options of every command, read by Node's own parser. */
import { parseArgs } from 'node:util';
import { UsageError } from './command.ts';

/** What a command takes besides files. */
export interface OptionSet<F extends string, V extends string> {
  readonly flags: readonly F[];
  /** With what each needs, as its message says it: `--config needs a FILE`. */
  readonly values: Readonly<Record<V, string>>;
  readonly takesFiles: boolean;
}

export interface OptionsRead<F extends string, V extends string> {
  readonly flags: ReadonlySet<F>;
  readonly values: Partial<Readonly<Record<V, string>>>;
  readonly files: readonly string[];
}

/** `--name VALUE` or `--name=VALUE`, flags, and files, in any order; `-` is a file. What is said twice counts as said last. */
export function readOptions<F extends string, V extends string>(
  args: readonly string[],
  { flags, values, takesFiles }: OptionSet<F, V>,
): OptionsRead<F, V> {
  const needs = new Map<string, string>(Object.entries(values));
  const isFlag = (name: string): name is F => flags.some((flag) => flag === name);
  const isValue = (name: string): name is V => needs.has(name);
  const typed = (names: readonly string[], type: 'boolean' | 'string') =>
    names.map((name) => [name, { type }] as const);
  const options = Object.fromEntries([...typed(flags, 'boolean'), ...typed([...needs.keys()], 'string')]);
  // Not strict: a log_format may begin with a hyphen, and the messages are ours.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true });
  const read = { flags: new Set<F>(), values: {} as Partial<Record<V, string>>, files: [] as string[] };

  function take(name: string, word: string, value: string | undefined): void {
    if (isFlag(name) && value === undefined) read.flags.add(name);
    else if (!isValue(name) || word === `-${name}`) throw new UsageError(`unknown option ${word}`);
    else if (value === undefined || value === '') throw new UsageError(`${word} needs a ${needs.get(name)}`);
    else read.values[name] = value;
  }

  for (const token of tokens) {
    if (token.kind === 'option') take(token.name, token.rawName, token.value);
    else if (token.kind === 'positional') {
      if (!takesFiles) throw new UsageError(`unknown option ${token.value}`);
      read.files.push(token.value);
    }
  }
  return read;
}
