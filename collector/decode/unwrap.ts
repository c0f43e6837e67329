/**
 * What nginx wrote, inside what people's files have put around it: docker's json-file, CRI, journalctl's formats, JSON
 * and logfmt of log shippers, logcli, kubectl, colours of a terminal. For what a person reads, line by line; the sources
 * of the plugin know beforehand which wrapping they have.
 */
import { parseObject } from '../base/json.ts';
import { journalEntry } from './journal.ts';
import {
  behindFront,
  objectIn,
  ofCopy,
  ofEntry,
  ofLogfmt,
  ofQuoted,
  ofRow,
  ofRuby,
  ofString,
  oneLine,
} from './wrappings.ts';

export interface Unwrapper {
  /**
   * Takes the next physical line. Gives what nginx wrote, the line itself where nothing is around it, or null: a part of
   * a longer line, or a field of an entry that is not the message.
   */
  line(text: string): string | null;
  /** Whether the next line is read separately. */
  isPlain(): boolean;
}

const cri = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)? /;
/** Fields of an entry of the journal's export format, or of `-o verbose`. */
const exported =
  /^(?: {4})?(?:__CURSOR|__REALTIME_TIMESTAMP|__MONOTONIC_TIMESTAMP|__SEQNUM|_[A-Z][A-Z0-9_]*|[A-Z][A-Z0-9_]*)=/;
const verboseHead = /^[A-Z][a-z]{2} \d{4}-\d\d-\d\d .*\[s=[0-9a-f]+;/;
/** What `tail` writes between files. */
const tailHead = /^==> .{1,400} <==$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of
const colours = /\u001b\[[\d;]*[mK]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what colours are made of
const coloursAtEnd = /(?:\u001b\[[\d;]*[mK])+\s*$/;
const colourStart = '\u001b[';
const byteOrderMark = 0xfeff;
/** A quote that is not nginx's, where one of nginx's must stand. */
const copied = /(?:: |\] )(?:\\"|[\u201c\u201d\u2033]|&(?:quot|#34);)/;
/** A cell in quotes. */
const separated = /[,;\t]"/;
/** An object, a list, quotes of every kind, blanks. */
const openings: ReadonlySet<number> = new Set(Array.from('{["\'`\u2018\u201c\u00ab \t', (char) => char.charCodeAt(0)));
const mostLayers = 4;
const longestPart = 262_144;

export function createUnwrapper(): Unwrapper {
  /** Lines longer than 16 KiB come in parts; the streams take turns. */
  const begun = new Map<string, string>();
  let isExport = false;
  /** The next line is a value in binary: eight bytes of length, then the message. */
  let isValue = false;

  function joined(stream: string, text: string, isLast: boolean): string | null {
    const whole = (begun.get(stream) ?? '') + text;
    if (isLast) begun.delete(stream);
    else begun.set(stream, whole.slice(0, longestPart));
    return isLast ? whole : null;
  }

  function ofJson(text: string): string | null | undefined {
    const entry = parseObject(text);
    if (entry === null) return undefined;
    if ('MESSAGE' in entry) return journalEntry(text)?.message ?? null;
    const { log, stream } = entry;
    if (typeof stream !== 'string' || typeof log !== 'string') return ofEntry(entry);
    return joined(stream, log.replace(/\r?\n$/, ''), log.endsWith('\n') || log.length < 16_384);
  }

  /** undefined where the line does not belong to an export. */
  function ofExport(text: string): string | null | undefined {
    if (isValue) {
      isValue = false;
      return oneLine(text.slice(8));
    }
    if (text.startsWith('__CURSOR=') || verboseHead.test(text)) isExport = true;
    if (!isExport) return undefined;
    if (text === 'MESSAGE') isValue = true;
    if (text.startsWith('MESSAGE=')) return text.slice('MESSAGE='.length);
    if (text.startsWith('    MESSAGE=')) return undefined;
    return text === '' || text === 'MESSAGE' || exported.test(text) || verboseHead.test(text) ? null : undefined;
  }

  function layer(text: string): string | null | undefined {
    const part = cri.exec(text);
    if (part !== null) return joined(part[1] ?? '', text.slice(part[0].length), part[2] === 'F');
    const behind = behindFront(text);
    if (behind !== undefined) return behind;
    const object = objectIn(text);
    const read = object === undefined ? undefined : ofJson(object);
    if (read !== undefined || text.startsWith('{')) return read;
    return ofLogfmt(text) ?? ofRuby(text) ?? ofString(text) ?? ofRow(text) ?? ofQuoted(text) ?? ofCopy(text);
  }

  return {
    line(text) {
      const found = ofExport(text);
      if (found === null || tailHead.test(text)) return null;
      let inner = uncoloured(found ?? text);
      for (let layers = 0; layers < mostLayers && mayBeWrapped(inner); layers++) {
        const next = layer(inner);
        if (next === null) return null;
        if (next === undefined) break;
        inner = next;
      }
      return inner;
    },
    isPlain: () => !isValue,
  };
}

/** Without a mark of the encoding, and without colours before the first quote, behind which stands what clients wrote, and at the end. */
function uncoloured(text: string): string {
  const marked = text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text;
  if (!marked.includes(colourStart)) return marked;
  const quote = marked.indexOf('"');
  const end = quote === -1 ? marked.length : quote;
  return marked.slice(0, end).replace(colours, '') + marked.slice(end).replace(coloursAtEnd, '');
}

/** An error line of nginx's own is never unwrapped, unless its own quotes show that it is a copy: what stands in it is a client's. */
function mayBeWrapped(text: string): boolean {
  const first = text.charCodeAt(0);
  if (copied.test(text)) return true;
  const isDigit = first >= 48 && first <= 57;
  if (text.includes('{"')) return true;
  if (isDigit) return text[4] === '-' || separated.test(text) || text.includes('="');
  return openings.has(first) || text.includes('="') || text.includes('"=>"');
}
