import { type AccessProgram, type FormatStep, listKinds, wantedKinds } from '../format/program.ts';
import { closeRecord, type MatchedRecord } from '../record.ts';
import { byte, milliseconds, valuesEnd } from '../values.ts';
import type { LineMatcher } from './fast.ts';

/** Steps for one line before it is given up as unmatched: what a client sends must not decide how long we work. */
const budget = 1500;
const longestList = 32;
const longestLine = 8192;

const peerForms: readonly RegExp[] = [
  /\[[0-9A-Fa-f:.]{2,45}\]:\d{1,5}/y,
  /[A-Za-z0-9._-]{1,253}:\d{1,5}/y,
  /unix:[^\s",]+/y,
  /** The name of a group of which no peer was live; `-`. */
  /[!#-'*+.0-9<-\u00ff-]+/y,
];
const forms: Readonly<Partial<Record<FormatStep['kind'], readonly RegExp[]>>> = {
  status: [/\d{3}/y],
  requestTime: [/\d+\.\d{3}/y],
  timeLocal: [/\d\d\/[A-Za-z]{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}/y],
  timeIso: [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d/y],
  number: [/-|\d*/y],
  method: [/[A-Za-z_-]*/y],
  /** A separator of lists, ` : `, is no name. */
  proxyHost: [/(?:[!#-+.0-9;-\u00ff-][!#-+.0-\u00ff-]*)?/y],
  peers: peerForms,
  statuses: [/-|\d{3}/y],
  times: [/-|\d+\.\d{3}/y],
  numbers: [/-|\d*/y],
};
/** Forms of which a shorter text has the form as well, and can be followed by anything. */
const openEnded: ReadonlySet<RegExp> = new Set([
  ...peerForms.slice(2),
  ...[forms.proxyHost, forms.method].flatMap((each) => each ?? []),
]);
const wanted: ReadonlySet<FormatStep['kind']> = new Set(['timeLocal', 'timeIso', ...wantedKinds]);

/** Where a value begins and ends. */
type Span = readonly [number, number];
type Spans = readonly [Span, ...Span[]];
/** What has been found so far, step by step; lists have a span for each attempt. */
interface Cut {
  /** What it says, as text: two cuts that say the same are one. */
  readonly says: string;
  readonly spans: ReadonlyMap<number, Spans>;
  /** How many attempts there are, or -1, and after which an internal redirect came. */
  readonly count: number;
  readonly redirects: readonly number[];
}

/**
 * The matcher of formats where a client's text stands before the fields we want with nothing between them that it could
 * not hold: `$http_user_agent $upstream_addr`. It tries every way to cut a line, and every field must have its form. A
 * line that can be cut in two ways that differ in what they say is unmatched: one of them may be a client's.
 */
export function createUniqueMatcher({ steps, quotes, blankEnd }: AccessProgram, record: MatchedRecord): LineMatcher {
  /** Of each step, as text; null where it is no literal. */
  const literals = steps.map(({ kind, bytes }) => (kind === 'literal' ? Buffer.from(bytes).toString('latin1') : null));
  let text = '';
  let left = 0;
  /** Where a try has been made with the same before it: nothing new comes of it. */
  let tried = new Set<string>();
  let found: Cut | null = null;
  let isUnique = true;

  function walk(i: number, p: number, cut: Cut): void {
    if (!isUnique || left-- <= 0) return;
    const step = steps[i];
    if (step === undefined && p === text.length) take(cut);
    if (step === undefined) return;
    if (listKinds.has(step.kind)) elements(i, p, cut, [], []);
    else if (step.kind === 'literal') literal(i, p, cut, literals[i] ?? '');
    else if (isNew(`${i} ${p} ${cut.says}`)) {
      for (const end of endsOf(i, p)) walk(i + 1, end, kept(i, cut, [[p, end]]));
    }
  }

  function isNew(key: string): boolean {
    const isKnown = tried.has(key);
    tried.add(key);
    return !isKnown;
  }

  function literal(i: number, p: number, cut: Cut, expected: string): void {
    if (text.startsWith(expected, p)) walk(i + 1, p + expected.length, cut);
  }

  function take(cut: Cut): void {
    if (found !== null && cut.says !== found.says) isUnique = false;
    found ??= cut;
  }

  function kept(i: number, cut: Cut, spans: Spans): Cut {
    if (!wanted.has(steps[i]?.kind ?? 'free')) return cut;
    const says = `${cut.says}\n${spans.map(([from, to]) => text.slice(from, to)).join('\0')} ${cut.redirects}`;
    return { ...cut, says, spans: new Map(cut.spans).set(i, spans) };
  }

  /** The elements of a list from `p` on; all lists of a line are as long. */
  function elements(i: number, p: number, cut: Cut, before: readonly Span[], redirects: readonly number[]): void {
    if (before.length >= longestList) return;
    for (const end of endsOf(i, p)) {
      if (left-- <= 0) return;
      const spans = [...before, [p, end]] as unknown as Spans;
      if (text.startsWith(', ', end)) elements(i, end + 2, cut, spans, redirects);
      if (text.startsWith(' : ', end)) elements(i, end + 3, cut, spans, [...redirects, spans.length]);
      if (cut.count !== -1 && cut.count !== spans.length) continue;
      walk(i + 1, end, kept(i, { ...cut, count: spans.length, redirects }, spans));
    }
  }

  /** Every place where the value of a step that begins at `p` can end. */
  function endsOf(i: number, p: number): readonly number[] {
    const kind = steps[i]?.kind ?? 'free';
    const allowed = forms[kind];
    const isList = listKinds.has(kind);
    if (allowed === undefined) return endsBetween(i, p, limitOf(p), false);
    const ends = isList ? [p] : [];
    for (const form of allowed) {
      form.lastIndex = p;
      const found = form.exec(text);
      if (found === null) continue;
      const end = p + found[0].length;
      if (openEnded.has(form)) ends.push(...endsBetween(i, p, end, isList));
      else ends.push(...range(literals[i + 1] === null ? p + 1 : end, end));
    }
    return ends;
  }

  /** Every place where what comes next could begin. */
  function endsBetween(i: number, from: number, to: number, isList: boolean): readonly number[] {
    const next = literals[i + 1];
    const all = steps[i + 1] === undefined && !isList ? [to] : range(from, to);
    return all.filter((at) => {
      if (next === null || at === text.length) return true;
      if (next !== undefined && text.startsWith(next, at)) return true;
      return isList && (text.startsWith(', ', at) || text.startsWith(' : ', at));
    });
  }

  /** A client's quotes and control characters are escaped, save where the format says that nothing is. */
  function limitOf(p: number): number {
    if (!quotes) return text.length;
    for (let at = p; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (c === byte.backslash) at++;
      else if (c === byte.quote || c < byte.blank) return at;
    }
    return text.length;
  }

  /**
   * A bare word is the name of a group that had no live peer, and answered 502. Else it may be a client's, in a line of
   * another format.
   */
  function isTold({ spans }: Cut): boolean {
    const of = (kind: FormatStep['kind']): Spans | undefined =>
      spans.get(steps.findIndex((step) => step.kind === kind));
    const statuses = of('statuses');
    return (of('peers') ?? []).every(([from, to], n) => {
      const [begin = 0, end = 0] = statuses?.[n] ?? [];
      return isUnset([from, to]) || text.slice(from, to).includes(':') || text.slice(begin, end) === '502';
    });
  }

  const isUnset = ([from, to]: Span): boolean => to === from || (to === from + 1 && text[from] === '-');

  function setNumber(key: 'status' | 'requestTimeMs' | 'upstream', value: number): void {
    record[key] = value;
  }

  function store(b: Buffer, start: number, { spans, count, redirects }: Cut): void {
    const words = new DataView(b.buffer, b.byteOffset);
    const number = (span: Span): number => (isUnset(span) ? -1 : Number(text.slice(...span)));
    const time = (span: Span): number => (isUnset(span) ? -1 : milliseconds(b, start + span[0], start + span[1]));
    const name = (span: Span): number =>
      isUnset(span) ? -1 : record.names.idOf(words, start + span[0], start + span[1]);
    const begin = ([[from]]: Spans): void => {
      record.timeStart = start + from;
    };
    const keep: Partial<Record<FormatStep['kind'], (spans: Spans, step: FormatStep) => void>> = {
      status: ([first]) => setNumber('status', number(first)),
      requestTime: ([first]) => setNumber('requestTimeMs', time(first)),
      proxyHost: ([first]) => setNumber('upstream', name(first)),
      method([first]) {
        record.methodStart = start + first[0];
        record.methodEnd = start + first[1];
      },
      timeLocal: begin,
      timeIso: begin,
      peers: (each) => record.peers.set(each.map(name)),
      statuses: (each) => record.statuses.set(each.map(number)),
      times: (each, { time: field }) => field !== null && record[field].set(each.map(time)),
    };
    record.timeStart = -1;
    for (const [i, each] of spans) {
      const step = steps[i] as FormatStep;
      keep[step.kind]?.(each, step);
    }
    record.redirectedFrom = redirects[0] ?? 0;
    record.lastPass = redirects.at(-1) ?? 0;
    closeRecord(record, count === -1 ? 0 : count);
  }

  return (b, start) => {
    const newline = b.indexOf(byte.newline, start);
    const end = valuesEnd(b, start, newline, blankEnd);
    if (end - start > longestLine) return -1;
    text = b.toString('latin1', start, end);
    [left, tried, found, isUnique] = [budget, new Set(), null, true];
    walk(0, 0, { says: '', spans: new Map(), count: -1, redirects: [] });
    const cut = found as Cut | null;
    tried = new Set();
    if (cut === null || !isUnique || left <= 0 || !isTold(cut)) return -1;
    store(b, start, cut);
    return newline;
  };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, n) => from + n);
}
