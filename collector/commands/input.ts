import { createReadStream, fstatSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { shellWord } from '../base/syntax/shell-word.ts';
import { createJsonDocument } from '../decode/json-document.ts';
import type { Streams } from './command.ts';
import { contentOf } from './content.ts';

/**
 * Feeds each input to `lines`, one after the other and no faster than the output is taken; no FILE, or `-`, is stdin. An
 * input that cannot be read is named on stderr and the rest is still read.
 *
 * @param lines its command is what is typed to read stdin, for the remedy of an input that is no text: `parse error`
 * @returns the exit code: 0 all were read, 1 some were not, 2 none could be
 */
export async function pipeInputs(
  files: readonly string[],
  streams: Streams,
  lines: { readonly command: string; chunk(bytes: Buffer): void; end(): void },
  output: Output,
): Promise<number> {
  const inputs = files.length > 0 ? files : ['-'];
  const document = createJsonDocument(lines.chunk);
  let unreadable = 0;
  for (const input of inputs) {
    try {
      const stream = input === '-' ? standardInput(streams) : createReadStream(input);
      let isFirst = true;
      for await (const chunk of stream) {
        if (isFirst) expectText(chunk as Buffer, input, lines.command);
        isFirst = false;
        document.chunk(chunk as Buffer);
        await output.drained();
      }
    } catch (error) {
      unreadable++;
      streams.stderr.write(`${input}: ${describe(error)}\n`);
    }
    document.end();
    lines.end();
  }
  await output.end();
  if (unreadable === 0) return 0;
  return unreadable === inputs.length ? 2 : 1;
}

/** Node reads a directory on stdin (`< /tmp`) as if it were empty. */
function standardInput({ stdin }: Streams): Streams['stdin'] {
  const isDirectory = stdin === process.stdin && fstatSync(0).isDirectory();
  if (isDirectory) throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
  return stdin;
}

/** What no line can be read of is said, and not printed as lines that match nothing. */
function expectText(head: Buffer, input: string, command: string): void {
  const content = contentOf(head);
  if (content === null) return;
  throw new Error(
    `${content.what}: ${content.remedy(command).replace('FILE', () => (input === '-' ? 'FILE' : shellWord(input)))}`,
  );
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return `permission denied: reading it needs another user or group`;
  if (code === 'EISDIR') return 'is a directory: name the files in it';
  return message;
}

/**
 * Output in large pieces that waits for its reader. A reader that goes away (EPIPE) is no error: `| head` is a normal
 * thing to type, so the process then ends quietly with 0.
 */
export interface Output {
  line(text: string): void;
  /** Resolves when the reader has taken what was written, if there is enough of it to wait for. */
  drained(): Promise<void>;
  end(): Promise<void>;
}

const pieceLength = 65_536;

export function createOutput(stdout: Streams['stdout']): Output {
  let pending = '';
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`cannot write: ${error.message}\n`);
    process.exit(1);
  });
  const flush = async () => {
    const piece = pending;
    pending = '';
    if (piece !== '' && !stdout.write(piece)) await new Promise((resolve) => stdout.once('drain', resolve));
  };
  return {
    line(text) {
      pending += `${text}\n`;
    },
    async drained() {
      if (pending.length >= pieceLength) await flush();
    },
    async end() {
      await flush();
      if (stdout !== process.stdout) {
        stdout.end();
        await finished(stdout);
      }
    },
  };
}
