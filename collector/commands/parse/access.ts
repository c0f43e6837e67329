import { createUnwrapper } from '../../decode/unwrap.ts';
import { formatAccessLine, formatUnmatchedAccess, readAccessLine } from '../../parse/access/json.ts';
import { createAccessLines, longestLine } from '../../parse/access/lines.ts';
import { createAccessMatcher } from '../../parse/access/match/matcher.ts';
import { type Command, UsageError } from '../command.ts';
import { formatOption } from '../format-option.ts';
import { createOutput, pipeInputs } from '../input.ts';
import { readOptions } from '../options.ts';
import { harmlessJson } from '../terminal.ts';

/** One JSON object per line of an access log, in order. */
export const parseAccess: Command = {
  words: ['parse', 'access'],
  synopsis: '--format FORMAT [FILE…]',
  summary: 'print each line of an access log as JSON',
  help: [
    ['--format FORMAT', 'the text of a log_format, the complete directive, or combined'],
    '',
    'One JSON object per line, in order. No FILE, or -, is stdin.',
    '',
    '  nginx-upstream parse access --format combined access.log',
    '',
    'Exit code: 0 done, 1 an input could not be read, 2 wrong usage or nothing readable.',
  ],

  async run(args, streams) {
    const { format, files } = readArguments(args);
    const matcher = createAccessMatcher(formatOption(format));
    const output = createOutput(streams.stdout);
    const nothing = () => {};
    const unwrapper = createUnwrapper();
    const readWrapped = (line: Buffer) => {
      const found = readAccessLine(matcher, line);
      if (!('unmatched' in found)) return found;
      const inner = unwrapper.line(found.line);
      if (inner === null || inner === found.line) return found;
      const read = readAccessLine(matcher, Buffer.from(`${inner}\n`));
      return 'unmatched' in read ? found : read;
    };
    const lines = createAccessLines(
      (bytes, from) => {
        const end = bytes.indexOf(10, from);
        output.line(harmlessJson(formatAccessLine(readWrapped(bytes.subarray(from, end + 1)))));
        return end;
      },
      {
        matched: nothing,
        unmatched: nothing,
        overlong: () => output.line(formatUnmatchedAccess(`(a line of more than ${longestLine} bytes)`)),
      },
    );
    const reading = { command: "parse access --format '…'", chunk: lines.chunk, end: lines.end };
    return pipeInputs(files, streams, reading, output);
  },
};

function readArguments(args: readonly string[]): { readonly format: string; readonly files: readonly string[] } {
  const { values, files } = readOptions(args, {
    flags: [],
    values: { format: 'log_format, or combined' },
    takesFiles: true,
  });
  if (values.format === undefined) throw new UsageError('--format is needed: a log_format, or combined');
  return { format: values.format, files };
}
