import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import type { Problem } from './settings.ts';

/** A value in the file with the line it stands on. */
export type At = Node | null;

/**
 * Reads typed values out of a YAML document and collects every problem with its line, so that a user fixes a file in
 * one go. A reading that failed returns undefined, and its problem is on the list.
 */
export interface SettingsReader {
  readonly root: At;
  readonly problems: Problem[];
  problem(at: At, text: string): undefined;
  /** The known keys of a mapping; an unknown one is a problem. Absent and null values are left out. */
  mapping(at: At, what: string, keys: readonly string[]): ReadonlyMap<string, At> | undefined;
  /** The items of a list; a single value is a list of one where `orOne` says so. */
  list(at: At, what: string, orOne: boolean): readonly At[] | undefined;
  text(at: At, what: string): string | undefined;
  wholeNumber(at: At, what: string, least: number, most: number): number | undefined;
}

export function createReader(text: string): SettingsReader {
  const lines = new LineCounter();
  // Its own search for equal keys takes minutes for a mapping of 50,000.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const problems: Problem[] = document.errors.map((error) => ({
    line: lines.linePos(error.pos[0]).line,
    text: error.message,
  }));

  const problem = (at: At, what: string): undefined => {
    problems.push({ line: lines.linePos(at?.range?.[0] ?? 0).line || 1, text: what });
  };

  return {
    root: document.errors.length > 0 ? null : (document.contents as At),
    problems,
    problem,

    mapping(at, what, keys) {
      if (!isMap(at)) return problem(at, `${what} must be a mapping of ${keys.join(', ')}`);
      const found = new Map<string, At>();
      const names = new Set<string>();
      for (const { key, value } of (at as YAMLMap<Node, Node | null>).items) {
        const name = isScalar(key) ? String(key.value) : '?';
        if (names.has(name)) problem(key, `the key '${name}' stands twice in ${what}`);
        names.add(name);
        if (!keys.includes(name)) problem(key, `unknown key '${name}' in ${what}; known are ${keys.join(', ')}`);
        else if (value && !(isScalar(value) && value.value === null)) found.set(name, value);
      }
      return found;
    },

    list(at, what, orOne) {
      if (isSeq(at)) return at.items as At[];
      return orOne && at ? [at] : problem(at, `${what} must be a list`);
    },

    text(at, what) {
      if (isScalar(at) && typeof at.value === 'string' && at.value !== '') return at.value;
      return problem(at, `${what} must be a text`);
    },

    wholeNumber(at, what, least, most) {
      const value = isScalar(at) ? at.value : undefined;
      if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
      return problem(at, `${what} must be an integer from ${least} to ${most}`);
    },
  };
}
