import { lineSplitter } from '../../decode/lines.ts';
import { createUnwrapper } from '../../decode/unwrap.ts';
import { parseErrorLine } from '../../parse/error/line.ts';
import { formatErrorRecord, formatUnmatched } from '../../parse/error/record.ts';
import type { Command } from '../command.ts';
import { createOutput, pipeInputs } from '../input.ts';
import { readOptions } from '../options.ts';
import { harmlessJson } from '../terminal.ts';

/** Error lines are at most 2 KB; other text is passed through as unmatched up to this many characters. */
const maxLength = 1_048_576;

/** One JSON object per physical line of nginx's error log, in order. */
export const parseError: Command = {
  words: ['parse', 'error'],
  synopsis: '[FILE…]',
  summary: 'print each line of an error log as JSON',
  help: [
    'One JSON object per physical line, or per entry of a JSON list, in order. A line that is not from nginx gives {"unmatched":true,"line":…}. No FILE, or -, is stdin.',
    '',
    'Exit code: 0 done, 1 an input could not be read, 2 wrong usage or nothing readable.',
  ],

  async run(args, streams) {
    const { files } = readOptions(args, { flags: [], values: {}, takesFiles: true });
    const output = createOutput(streams.stdout);
    const unwrapper = createUnwrapper();
    const lines = lineSplitter({
      maxLength,
      onLine: (text) => {
        const inner = unwrapper.line(text);
        const line = inner === null ? null : parseErrorLine(inner);
        output.line(harmlessJson(line ? formatErrorRecord(line) : formatUnmatched(text)));
      },
      atCut: 'deliver',
      onOverlong: () => output.line(formatUnmatched(`(a line of more than ${maxLength} characters)`)),
    });
    const reading = { command: 'parse error', chunk: lines.chunk, end: lines.cut };
    return pipeInputs(files, streams, reading, output);
  },
};
