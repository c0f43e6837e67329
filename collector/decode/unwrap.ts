/**
 * What nginx wrote, inside what people's files have put around it: docker's json-file, CRI, `journalctl -o json` and
 * `-o export`, JSON and logfmt of log shippers, logcli, kubectl. For what a person reads, line by line; the sources of
 * the plugin know beforehand which wrapping they have.
 */
import { parseObject } from '../base/json.ts';
import { journalEntry } from './journal.ts';

export interface Unwrapper {
  /**
   * Takes the next physical line. Gives what nginx wrote, the line itself where nothing is around it, or null: a part of
   * a longer line, or a field of an entry that is not the message.
   */
  line(text: string): string | null;
  /** Whether the next line is read separately. */
  isPlain(): boolean;
}

/** Keys under which shippers put the line, in the order in which they are asked. */
const keys = ['log', 'message', 'msg', 'MESSAGE', 'line', 'body'] as const;
const cri = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)? /;
/** fluentd's stdout: `TIME TAG: {…}`. */
const tagged = /^\d{4}-\d\d-\d\d[T ]\S+(?: [+-]\d{4})? [\w.*-]+: (?=\{")/;
/** logcli: `TIME {label="…"} LINE`. */
const labelled = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \{[^{}]*\} +/;
/** `kubectl logs --prefix`. */
const pod = /^\[pod\/[^\]\s]{1,300}\] /;
/** logfmt: only keys before it, so that no text of a client's is treated as it. */
const logfmt = /^(?:[\w.@/-]+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*) +){0,30}(?:msg|message|log)="((?:[^"\\]|\\.)*)"/;
/** Fields of an entry of the journal's export format. */
const exported = /^(?:__CURSOR|__REALTIME_TIMESTAMP|__MONOTONIC_TIMESTAMP|__SEQNUM|_[A-Z][A-Z0-9_]*|[A-Z][A-Z0-9_]*)=/;
const mostLayers = 3;
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
    const inner = keys.map((key) => entry[key]).find((value) => typeof value === 'string');
    if (typeof inner !== 'string') return undefined;
    if (typeof entry['stream'] !== 'string' || typeof entry['log'] !== 'string') return oneLine(inner);
    return joined(entry['stream'], inner.replace(/\r?\n$/, ''), inner.endsWith('\n') || inner.length < 16_384);
  }

  /** undefined where the line does not belong to an export. */
  function ofExport(text: string): string | null | undefined {
    if (isValue) {
      isValue = false;
      return oneLine(text.slice(8));
    }
    if (text.startsWith('__CURSOR=')) isExport = true;
    if (!isExport) return undefined;
    if (text === 'MESSAGE') isValue = true;
    if (text.startsWith('MESSAGE=')) return text.slice('MESSAGE='.length);
    return text === '' || text === 'MESSAGE' || exported.test(text) ? null : undefined;
  }

  function layer(text: string): string | null | undefined {
    const part = cri.exec(text);
    if (part !== null) return joined(part[1] ?? '', text.slice(part[0].length), part[2] === 'F');
    const front = tagged.exec(text) ?? labelled.exec(text) ?? pod.exec(text);
    if (front !== null) return text.slice(front[0].length);
    if (text.startsWith('{')) return ofJson(text);
    const value = logfmt.exec(text)?.[1];
    return value === undefined ? undefined : unescaped(value);
  }

  return {
    line(text) {
      const found = ofExport(text);
      if (found === null) return null;
      let inner = found ?? text;
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

/** An error line of nginx's own is never unwrapped: what stands in it is a client's. */
function mayBeWrapped(text: string): boolean {
  const first = text.charCodeAt(0);
  const isDigit = first >= 48 && first <= 57;
  return isDigit ? text[4] === '-' : first === 123 || first === 91 || text.includes('="');
}

/** The wrapping says that it is one line, and no byte of it may make a second. */
const oneLine = (text: string): string => text.replace(/\r?\n$/, '').replaceAll('\n', ' ');

function unescaped(text: string): string {
  return oneLine(text.replace(/\\(["\\nrt])/g, (_, c: string) => ({ n: '\n', r: '\r', t: '\t' })[c] ?? c));
}
