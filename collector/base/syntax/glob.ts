/**
 * Shell patterns as glibc's glob(3) reads them in the C locale, which is the one nginx runs in (ngx_open_glob, no flags):
 * byte by byte, with `*`, `?`, `[a-z]`, `[!a]`, `[[:digit:]]` and `\` before a character that stands for itself.
 */

/** nginx looks for these three only (ngx_conf_include). */
export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** A pattern that every value of the variables in `path` matches; null when it has none. All else in it is literal. */
export function patternOfVariables(path: string): string | null {
  const parts = path.split(/\$(?:\{\w+\}|\w+)/);
  return parts.length === 1 ? null : parts.map((part) => part.replace(/[*?[\]\\]/g, '\\$&')).join('*');
}

/** One character a byte: a name is matched and sorted by its bytes. */
function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}

const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[A-Za-z0-9]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[^ -~\u0080-\u00ff]/,
  digit: /\d/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t-\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
};

type Test = (char: string) => boolean;

/** One element of a bracket expression that starts at `from`; null when the pattern ends in it or can match nothing. */
function readElement(pattern: string, from: number): { readonly test: Test; readonly end: number } | null {
  const named = /^\[:([a-y]*):\]/.exec(pattern.slice(from, from + 260));
  if (named !== null) {
    const known = classes[named[1] ?? ''];
    return known === undefined ? null : { test: (char) => known.test(char), end: from + named[0].length };
  }
  const single = (at: number): { readonly char: string; readonly end: number } | null => {
    const spelt = /^\[([.=])(.)\1\]/s.exec(pattern.slice(at, at + 5));
    if (spelt !== null) return { char: spelt[2] ?? '', end: at + 5 };
    const start = pattern[at] === '\\' ? at + 1 : at;
    const char = pattern[start];
    return char === undefined ? null : { char, end: start + 1 };
  };
  const low = single(from);
  if (low === null) return null;
  const isRange = pattern[low.end] === '-' && (pattern[low.end + 1] ?? ']') !== ']';
  const high = isRange ? single(low.end + 1) : low;
  return high === null ? null : { test: (char) => low.char <= char && char <= high.char, end: high.end };
}

/** A piece of a pattern: `*`, or the test that one character has to pass. */
type Piece = '*' | Test;

/** `[…]` that starts at `from`; `literal` when its end is missing, null when it can match nothing. */
function readBracket(pattern: string, from: number): { readonly test: Test; readonly end: number } | 'literal' | null {
  const negated = pattern[from + 1] === '!' || pattern[from + 1] === '^';
  const start = from + (negated ? 2 : 1);
  const tests: Test[] = [];
  for (let at = start; ; ) {
    if (at >= pattern.length) return 'literal';
    if (pattern[at] === ']' && at > start) {
      return { test: (char) => tests.some((test) => test(char)) !== negated, end: at + 1 };
    }
    const element = readElement(pattern, at);
    if (element === null) return null;
    tests.push(element.test);
    at = element.end;
  }
}

function same(char: string): Test {
  return (other) => other === char;
}

/** The piece that starts at `from`; null when nothing can match it. */
function readPiece(pattern: string, from: number): { readonly test: Piece; readonly end: number } | null {
  const char = pattern[from] ?? '';
  const bracket = char === '[' ? readBracket(pattern, from) : 'literal';
  if (bracket !== 'literal') return bracket;
  if (char === '*') return { test: '*', end: from + 1 };
  if (char === '?') return { test: () => true, end: from + 1 };
  if (char !== '\\') return { test: same(char), end: from + 1 };
  const escaped = pattern[from + 1];
  return escaped === undefined ? null : { test: same(escaped), end: from + 2 };
}

/** null when nothing can match. */
function piecesOf(pattern: string): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; ) {
    const piece = readPiece(pattern, at);
    if (piece === null) return null;
    if (piece.test !== '*' || pieces.at(-1) !== '*') pieces.push(piece.test);
    at = piece.end;
  }
  return pieces;
}

/** Only the last `*` is ever taken back, so that no pattern takes more than name × pattern steps. */
function matches(pieces: readonly Piece[], name: string): boolean {
  let star = -1;
  let kept = 0;
  let at = 0;
  for (let in_ = 0; in_ < name.length || at < pieces.length; ) {
    const piece = pieces[at];
    if (piece === '*') {
      star = at;
      kept = in_;
      at += 1;
    } else if (piece !== undefined && in_ < name.length && piece(name[in_] ?? '')) {
      at += 1;
      in_ += 1;
    } else if (star >= 0 && kept < name.length) {
      kept += 1;
      in_ = kept;
      at = star + 1;
    } else return false;
  }
  return true;
}

/** A matcher for one path segment, total. A leading dot is matched by a dot only. */
function segmentMatcher(pattern: string): (name: string) => boolean {
  const bytes = bytesOf(pattern);
  const pieces = piecesOf(bytes);
  if (pieces === null) return () => false;
  const dotted = /^\\?\./.test(bytes);
  return (name) => (dotted || !name.startsWith('.')) && matches(pieces, bytesOf(name));
}

function sorted(paths: readonly string[]): readonly string[] {
  const keyed = paths.map((path) => ({ path, key: bytesOf(path) }));
  keyed.sort((a, b) => Number(a.key > b.key) - Number(a.key < b.key));
  return keyed.map(({ path }) => path);
}

type ReadFolder = (path: string) => readonly string[] | null;

/** What a pattern, or all patterns of one configuration, may take: each `.*` in the middle doubles what it looks into. */
export const globBounds = { folders: 10_000, names: 1_000_000, paths: 10_000 } as const;

/** What is left of that; counted down. A pattern that is cut short has brought one of them to 0. */
export type GlobBudget = Record<keyof typeof globBounds, number>;

/** Of each folder the names that match; `.` and `..` lead on to the next segment, as any folder does. */
function childrenOf(
  folders: readonly string[],
  segment: string,
  isLast: boolean,
  readFolder: ReadFolder,
  left: GlobBudget,
): { readonly found: string[]; readonly isCut: boolean } {
  const isMatch = segmentMatcher(segment);
  const links = isLast ? [] : ['.', '..'];
  const found: string[] = [];
  for (const folder of folders) {
    if (left.folders <= 0 || left.names <= 0) return { found, isCut: true };
    left.folders -= 1;
    const names = readFolder(folder);
    if (names === null) continue;
    left.names -= names.length;
    for (const name of [...links, ...names]) {
      if (!isMatch(name)) continue;
      if (found.length >= left.paths) return { found, isCut: true };
      found.push(`${folder}/${name}`);
    }
  }
  return { found, isCut: false };
}

/** The paths that match a pattern, in the order of glob(3). */
export interface Expanded {
  readonly paths: readonly string[];
  /** The folders that were looked into. */
  readonly folders: readonly string[];
  /** Whether a bound was reached, so that paths are missing. */
  readonly isCut: boolean;
}

/** A segment without a pattern is not searched for: opening it shows whether it exists. */
export function expandGlob(pattern: string, readFolder: ReadFolder, left: GlobBudget = { ...globBounds }): Expanded {
  const start = pattern.startsWith('/') ? '' : '.';
  let found: string[] = [start];
  let isCut = false;
  const folders: string[] = [];
  const read = (folder: string): readonly string[] | null => {
    folders.push(folder || '/');
    return readFolder(folder || '/');
  };
  const segments = pattern.split('/').filter((segment) => segment !== '');
  for (const [index, segment] of segments.entries()) {
    if (isPattern(segment)) {
      const children = childrenOf(found, segment, index === segments.length - 1, read, left);
      found = children.found;
      isCut ||= children.isCut;
    } else {
      const name = segment.replace(/\\(.?)/gs, '$1');
      if (name !== '') found = found.map((folder) => `${folder}/${name}`);
    }
  }
  left.paths -= found.length;
  return { paths: sorted(start === '' ? found : found.map((path) => path.slice('./'.length))), folders, isCut };
}
