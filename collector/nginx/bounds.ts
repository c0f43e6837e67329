/** How much of a configuration is taken in: what nginx loads may be larger than what one process can watch. */
import type { ConfigurationProblem, Place } from './types.ts';

/** What is supported; docs/troubleshooting.md, `configuration_too_large`, says the same. */
export const bounds = {
  /** Files, each as often as it is included. */
  files: 10_000,
  bytes: 64 * 1024 * 1024,
  directives: 500_000,
  upstreams: 5_000,
  servers: 20_000,
  logs: 500,
  problems: 100,
} as const;

/** A problem's text may quote the configuration, and a word there may be megabytes long. */
const longestText = 300;

/** Problems, each once, up to the bound; the others are counted. */
export interface Problems {
  push(problem: ConfigurationProblem): void;
  all(): readonly ConfigurationProblem[];
}

export function createProblems(): Problems {
  const known = new Map<string, ConfigurationProblem>();
  let more = 0;
  let last: ConfigurationProblem | null = null;
  return {
    push(problem) {
      const text = problem.text.length > longestText ? `${problem.text.slice(0, longestText)}…` : problem.text;
      const key = `${problem.file}:${problem.line} ${text}`;
      if (known.has(key)) return;
      // What was exceeded is said however many problems there are: nothing else says it.
      if (known.size < bounds.problems || problem.code === 'too_large') known.set(key, { ...problem, text });
      else {
        more += 1;
        last = problem;
      }
    },
    all() {
      if (last === null) return [...known.values()];
      const { code, file, line } = last;
      return [...known.values(), { code, file, line, text: `${more} more problems are not listed, this is the last` }];
    },
  };
}

/** The first of `list`, up to `most`; what is beyond is a problem at the place of the first that is left out. */
export function limited<T extends Place>(
  list: readonly T[],
  most: number,
  what: string,
  problems: Problems,
): readonly T[] {
  const beyond = list[most];
  if (beyond === undefined) return list;
  const { file, line } = beyond;
  const text = `${list.length} ${what}: the first ${most} are taken in`;
  problems.push({ code: 'too_large', file, line, text });
  return list.slice(0, most);
}
