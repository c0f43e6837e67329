/** Whether an input is JSON whose entries are not one a line, by its beginning. Pure. */
import { isObject, parseObject } from '../base/json.ts';
import { ofEntry } from './wrappings.ts';

/** By so many bytes it is decided. */
const headLength = 65_536;
export const [quote, backslash, newline, comma] = [34, 92, 10, 44] as const;
export const [brace, braceEnd, bracket, bracketEnd] = [123, 125, 91, 93] as const;

export const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9 || byte === 13;

function behindBlanks(bytes: Buffer, from: number, isLineFeedBlank: boolean): number {
  let at = from;
  while (isBlank(bytes[at]) || (isLineFeedBlank && bytes[at] === newline)) at++;
  return at;
}

/** Where the string ends that begins at `from`, or the line feed before that. */
function stringEnd(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at < bytes.length && bytes[at] !== quote && bytes[at] !== newline) at += bytes[at] === backslash ? 2 : 1;
  return at;
}

const opens = (byte: number | undefined): boolean => byte === brace || byte === bracket;
const closes = (byte: number | undefined): boolean => byte === braceEnd || byte === bracketEnd;

/** Where the object ends that begins at `from`, or the line feed before that. */
function objectEnd(head: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < head.length; at++) {
    if (head[at] === quote) at = stringEnd(head, at);
    else if (opens(head[at])) depth++;
    else if (closes(head[at]) && --depth === 0) return at;
    if (head[at] === newline) return at;
  }
  return head.length;
}

/** Whether a line that begins with an object holds more than that, or is the first of several that it takes. */
function isShared(head: Buffer, from: number): boolean {
  const at = objectEnd(head, from);
  if (at === head.length) return head.length >= headLength;
  if (head[at] === newline) return isPrinted(head, at);
  const next = head[behindBlanks(head, at + 1, false)];
  if (opens(next) || next === comma) return true;
  const only = parseObject(head.toString('utf8', from, at + 1));
  return only !== null && ofEntry(only) === undefined && holdsEntries(only, 0);
}

/** Whether lists in a value hold entries. */
function holdsEntries(value: unknown, lists: number): boolean {
  if (typeof value === 'string') return lists > 1 && value.includes(' ');
  if (Array.isArray(value)) return value.some((each) => holdsEntries(each, lists + 1));
  if (!isObject(value)) return false;
  if (lists > 0 && ofEntry(value) !== undefined) return true;
  return Object.values(value).some((each) => typeof each === 'object' && holdsEntries(each, lists));
}

/** How a line ends on which an object is not at its end because it was printed over several. */
function isPrinted(head: Buffer, lineEnd: number): boolean {
  let last = lineEnd - 1;
  while (isBlank(head[last])) last--;
  return head[last] === brace || head[last] === bracket || head[last] === comma;
}

const markOfUtf8 = Buffer.from('\ufeff');
export const markIn = (head: Buffer): number => (head.subarray(0, 3).equals(markOfUtf8) ? 3 : 0);

/** Whether the beginning shows what the input is: nearly every log is no document by its first byte. */
function isEnough(head: Buffer, first: number): boolean {
  if (head.length >= headLength) return true;
  if (head.length < 3 && head.equals(markOfUtf8.subarray(0, head.length))) return false;
  if (head[first] !== bracket && head[first] !== brace) return first < head.length;
  const hasNext = behindBlanks(head, first + 1, true) < head.length;
  return hasNext && (head[first] === bracket || head.indexOf(newline, first) !== -1);
}

/** @returns null where more has to be read @param isAll nothing more will come */
export function isJsonDocument(head: Buffer, isAll: boolean): boolean | null {
  const first = behindBlanks(head, markIn(head), true);
  if (!isAll && !isEnough(head, first)) return null;
  const next = head[behindBlanks(head, first + 1, true)];
  if (head[first] === bracket) return next === brace || next === bracket || next === quote;
  return head[first] === brace && next === quote && isShared(head, first);
}
