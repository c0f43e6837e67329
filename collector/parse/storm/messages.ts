/** StormMessages of failures that quote nothing, by their bytes: each is given to the full parser once. Pure. */
import type { CountedLine } from '../../model.ts';
import { matchesAt } from '../access/values.ts';
import { peerOfMessage } from '../error/fields/upstream.ts';
import { parseStrictErrorLine } from '../error/line.ts';
import { createPieces } from './pieces.ts';

export interface StormMessage extends Pick<CountedLine, 'level' | 'errno' | 'kind' | 'action'> {
  readonly text: string;
  /** The peer that it names. */
  readonly named: string | null;
  /** Of its bytes in the line, with the label of the client's field behind it. */
  readonly length: number;
  readonly hash: number;
}

export interface StormMessages {
  /** The message that begins at `p`, or null where the full parser has to read the line. */
  at(b: Buffer, view: DataView, p: number, level: string): StormMessage | null;
}

/** nginx's own words, errno texts of any libc, addresses and paths: nothing of a client's, no comma, one action. */
const plain = new RegExp(
  `^(?!.* while .* while )(?:${[
    String.raw`connect\(\) (?:to [\w.:[\]/-]{1,100} )?failed \(\d{1,5}: [A-Za-z ]{1,60}\)`,
    String.raw`(?:recv|readv|send|writev)\(\) failed \(\d{1,5}: [A-Za-z ]{1,60}\)`,
    String.raw`upstream timed out \(\d{1,5}: [A-Za-z ]{1,60}\)`,
    'upstream prematurely closed connection',
    'no live upstreams',
    'upstream server temporarily disabled',
  ].join('|')}) while (?:connecting to|reading response header from|sending request to|reading) upstream$`,
);
const label = ', client: ';
/** A field of each kind that a line of a storm has. */
const fields =
  '192.0.2.7, server: a, request: "GET / HTTP/1.1", upstream: "http://192.0.2.8:80/", host: "a", referrer: "a"';
const longest = 200;
const most = 512;
const comma = 44;
const quote = 34;
const blank = 32;

interface Known {
  readonly level: string;
  readonly bytes: Uint8Array;
  /** null: not for here. */
  readonly message: StormMessage | null;
}

function learn(level: string, text: string, hash: number): StormMessage | null {
  if (!plain.test(text)) return null;
  const line = parseStrictErrorLine(`2026/01/01 00:00:00 [${level}] 1#1: *1 ${text}${label}${fields}`);
  if (line === null || line.kind === 'unrelated' || line.client === null) return null;
  const { errno, message, kind, action } = line;
  const length = text.length + label.length;
  return { level, errno, kind, action, text: message, named: peerOfMessage(message), length, hash };
}

export function createMessages(): StormMessages {
  const known = new Map<number, Known>();
  const pieces = createPieces<StormMessage>();

  function find(b: Buffer, p: number, level: string): Known | null {
    let hash = level.length;
    let end = p;
    for (let byte = b[end] as number; byte !== comma; byte = b[++end] as number) {
      if (byte < blank || byte === quote || byte > 126 || end - p > longest) return null;
      hash = (hash * 31 + byte) & 0x3fffffff;
    }
    const found = known.get(hash);
    if (found !== undefined && found.level === level && matchesAt(b, p, found.bytes)) return found;
    const text = b.toString('latin1', p, end);
    const bytes = Buffer.from(text + label, 'latin1');
    if (!matchesAt(b, p, bytes)) return null;
    const made = { level, bytes, message: learn(level, text, hash) };
    if (known.size >= most) known.clear();
    known.set(hash, made);
    return made;
  }

  return {
    at(b, view, p, level) {
      const piece = pieces.at(b, view, p);
      if (piece !== null && piece.value.level === level) return piece.value;
      const message = find(b, p, level)?.message ?? null;
      if (message !== null) pieces.add(view, p, p + message.length, message);
      return message;
    },
  };
}
