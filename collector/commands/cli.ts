import { check } from './check/check.ts';
import { type Command, type Streams, UsageError } from './command.ts';
import { diagnose } from './diagnose/diagnose.ts';
import { helpLines, helpWidth, usageLines } from './help.ts';
import { readOptions } from './options.ts';
import { parseAccess } from './parse/access.ts';
import { parseError } from './parse/error.ts';
import { report } from './report/report.ts';
import { wrapped } from './terminal.ts';

declare const VERSION: string;

const program = 'nginx-upstream';

/** Every command, in the order of `--help`. */
const commands: readonly Command[] = [check, diagnose, report, parseError, parseAccess];

/** What the words after the program's name ask for. */
export type Invocation =
  | { readonly do: 'plugin'; readonly seconds: number | null; readonly config: string | null }
  | { readonly do: 'command'; run(streams: Streams): Promise<number> };

/** argv (without node and the script) → what to do. A call that makes no sense becomes a command that says so. */
export function interpret(argv: readonly string[]): Invocation {
  const command = commands.find(({ words }) => words.every((word, i) => argv[i] === word));
  if (command && argv.some(isHelp)) return print((width) => helpOf(command, width));
  if (argv.includes('--help') || argv[0] === '-h' || argv[0] === 'help') return print(help);
  if (argv[0] === '--version') return print(() => [`${program} ${VERSION}`]);
  if (command) return { do: 'command', run: (streams) => runCommand(command, argv, streams) };
  const begun = commands.filter(({ words }) => words.length > 1 && words[0] === argv[0]);
  if (begun.length > 0) return misused(`${argv[0]} what? ${begun.map(({ words }) => words.join(' ')).join(', or ')}`);
  return plugin(argv);
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h';

function plugin(argv: readonly string[]): Invocation {
  try {
    const { values, files } = readOptions(argv, { flags: [], values: { config: 'FILE' }, takesFiles: true });
    const [seconds, more] = files;
    const stray = more ?? (seconds === undefined || /^0*[1-9]\d*$/.test(seconds) ? undefined : seconds);
    if (stray !== undefined) return misused(`'${stray}' is no command, no option and no number of seconds`);
    return { do: 'plugin', seconds: seconds === undefined ? null : Number(seconds), config: values.config ?? null };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return misused(error.message);
  }
}

async function runCommand(command: Command, argv: readonly string[], streams: Streams): Promise<number> {
  try {
    return await command.run(argv.slice(command.words.length), streams);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    streams.stderr.write(`${error.message}\nusage: ${program} ${command.words.join(' ')} ${command.synopsis}\n`);
    return 2;
  }
}

/** @param lines for a terminal of so many columns */
function print(lines: (width: number) => readonly string[]): Invocation {
  return {
    do: 'command',
    run: async ({ stdout }) => {
      const columns = 'columns' in stdout && typeof stdout.columns === 'number' ? stdout.columns : undefined;
      stdout.write(`${lines(helpWidth(columns, process.env)).join('\n')}\n`);
      return 0;
    },
  };
}

function misused(text: string): Invocation {
  return {
    do: 'command',
    run: async ({ stderr }) => {
      stderr.write(`${program}: ${text}; see ${program} --help\n`);
      return 2;
    },
  };
}

function helpOf({ words, synopsis, summary, help: lines }: Command, width: number): readonly string[] {
  const usage = usageLines(`usage: ${program} ${words.join(' ')}`, synopsis, width);
  return [...usage, '', ...helpLines([`${capital(summary)}.`, '', ...lines], width)];
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function help(width: number): readonly string[] {
  const rows: readonly (readonly [string, string, string])[] = [
    ['', '[SECONDS] [--config FILE]', 'run as a Netdata plugin: one update every SECONDS (1)'],
    ...commands.map(({ words, synopsis, summary }) => [` ${words.join(' ')}`, synopsis, summary] as const),
    ['', '--help', 'print this text'],
    ['', '--version', 'print the version'],
  ];
  return [
    ...wrapped(`${program} ${VERSION}: which nginx upstream peers fail, why, and who is affected`, '', width),
    '',
    'usage:',
    ...rows.flatMap(([word, synopsis, summary]) => [
      ...usageLines(`  ${program}${word}`, synopsis, width),
      ...wrapped(summary, '      ', width),
    ]),
    '',
    ...helpLines(
      [
        'Netdata starts the plugin automatically once it is installed (install.sh). It needs no configuration. nginx-upstream.conf is read from $NETDATA_USER_CONFIG_DIR, $NETDATA_STOCK_CONFIG_DIR, /etc/netdata or /opt/netdata/etc/netdata.',
        '',
        'Options, examples and exit codes of a command:',
        `  ${program} check --help`,
      ],
      width,
    ),
  ];
}
