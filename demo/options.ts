/** The demo's command line. install.sh passes the folder of the clone or release. */
import { parseArgs } from 'node:util';

export interface Options {
  /** The clone or release. */
  readonly home: string;
  /** How long the story takes, then the demo ends; null: until Ctrl-C. */
  readonly seconds: number | null;
}

const shortest = 10;
const longest = 86_400;

/** A string is what is wrong. */
export function readOptions(args: readonly string[]): Options | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { home: { type: 'string' }, seconds: { type: 'string' } },
    });
    if (values.home === undefined) return 'start it by install.sh --demo';
    if (values.seconds === undefined) return { home: values.home, seconds: null };
    const seconds = Number(values.seconds);
    if (!/^\d+$/.test(values.seconds) || seconds < shortest || seconds > longest) {
      return `--seconds takes an integer from ${shortest} to ${longest}, not ${values.seconds}`;
    }
    return { home: values.home, seconds };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
