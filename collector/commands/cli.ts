import { check } from './check/check.ts';
import { type Command, type Streams, UsageError } from './command.ts';
import { diagnose } from './diagnose/diagnose.ts';
import { readOptions } from './options.ts';
import { parseAccess } from './parse/access.ts';
import { parseError } from './parse/error.ts';
import { report } from './report/report.ts';

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
  if (command && argv.some(isHelp)) return print(helpOf(command), 0);
  if (argv.includes('--help') || argv[0] === '-h' || argv[0] === 'help') return print(help(), 0);
  if (argv[0] === '--version') return print(`${program} ${VERSION}`, 0);
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

function print(text: string, code: number): Invocation {
  return {
    do: 'command',
    run: async ({ stdout }) => {
      stdout.write(`${text}\n`);
      return code;
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

function helpOf({ words, synopsis, summary, help: lines }: Command): string {
  return [`usage: ${program} ${words.join(' ')} ${synopsis}`, '', `${summary}.`, '', ...lines].join('\n');
}

function help(): string {
  const rows: readonly (readonly [string, string])[] = [
    ['[SECONDS] [--config FILE]', "plugin mode: Netdata's protocol on stdout, every SECONDS (1)"],
    ...commands.map(({ words, synopsis, summary }) => [`${words.join(' ')} ${synopsis}`, summary] as const),
    ['--help', 'this text'],
    ['--version', 'the version'],
  ];
  return [
    `${program} ${VERSION}: which nginx upstream peer refuses connections, inside Netdata`,
    '',
    'usage:',
    ...rows.flatMap(([usage, summary]) => [`  ${program} ${usage}`, `      ${summary}`]),
    '',
    'Netdata starts it automatically once it is installed (install.sh). It needs no configuration; nginx-upstream.conf is',
    'read from $NETDATA_USER_CONFIG_DIR, $NETDATA_STOCK_CONFIG_DIR, /etc/netdata or /opt/netdata/etc/netdata.',
    '',
    `Each command has its own help, with its options and exit codes: ${program} check --help`,
  ].join('\n');
}
