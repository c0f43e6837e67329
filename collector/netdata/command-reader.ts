import type { FunctionCall } from '../model.ts';

/** What Netdata says on a plugin's stdin, as far as it concerns us. */
export type NetdataCommand =
  | { readonly is: 'call'; readonly call: FunctionCall }
  | { readonly is: 'cancel'; readonly transaction: string };

export interface CommandReader {
  /** The commands that this chunk completes, in order. */
  push(chunk: Buffer): readonly NetdataCommand[];
  /** Whether the stream now ends with QUIT, with or without a newline (2.1 and newer write none). */
  endsWithQuit(): boolean;
}

/** Netdata's own limit of a function's text is 14,975 bytes; bodies are a few hundred. What is longer is cut. */
const longestLine = 65_536;
const longestBody = 65_536;
const endOfBody = 'FUNCTION_PAYLOAD_END';

/** Netdata turns `"` in a caller's text into `'` and control characters into blanks. */
const word = /"([^"]*)"|([^\s"]+)/g;
/** It is written back as it is: nothing in it may be read as anything else. */
const isTransaction = (text: string): boolean => /^[\w-]{1,64}$/.test(text);

interface Body {
  readonly call: Omit<FunctionCall, 'payload'>;
  readonly lines: string[];
  length: number;
}

/** Lines and bodies in, commands out, wherever the chunks are cut. Whatever is not understood is no command. */
export function createCommandReader(): CommandReader {
  let line = '';
  let body: Body | null = null;
  let lastLine = '';

  function bodyLine(of: Body, text: string): readonly NetdataCommand[] {
    if (text !== endOfBody) {
      if (of.length <= longestBody) of.lines.push(text);
      of.length += text.length + 1;
      return [];
    }
    body = null;
    return [{ is: 'call', call: { ...of.call, payload: utf8(of.lines.join('\n').slice(0, longestBody)) } }];
  }

  function commandLine(text: string): readonly NetdataCommand[] {
    const [keyword = '', transaction = '', seconds = '', name = '', access = ''] = Array.from(
      text.matchAll(word),
      ([, quoted, bare]) => quoted ?? bare ?? '',
    );
    if (!isTransaction(transaction)) return [];
    if (keyword === 'FUNCTION_CANCEL') return [{ is: 'cancel', transaction }];
    const timeoutSeconds = Number(seconds);
    if (!keyword.startsWith('FUNCTION') || name === '' || !(timeoutSeconds > 0)) return [];
    const call = { transaction, timeoutSeconds, text: utf8(name), access: Number.parseInt(access, 16) || 0 };
    if (keyword === 'FUNCTION') return [{ is: 'call', call: { ...call, payload: null } }];
    if (keyword === 'FUNCTION_PAYLOAD') body = { call, lines: [], length: 0 };
    return [];
  }

  return {
    push(chunk) {
      const pieces = (line + chunk.toString('latin1')).split('\n');
      line = (pieces.pop() ?? '').slice(0, longestLine);
      const commands: NetdataCommand[] = [];
      for (const text of pieces) {
        lastLine = text;
        commands.push(...(body === null ? commandLine(text) : bodyLine(body, text)));
      }
      return commands;
    },
    endsWithQuit: () => body === null && (line === '' ? lastLine : line).trim() === 'QUIT',
  };
}

/** Bytes are kept as latin1 until all of them are there: a chunk may end within a character. */
function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
