/** All the files that match a pattern, as one source: files come and go with virtual hosts and days. */

import { inTurn } from '../base/collections.ts';
import { isObject } from '../base/json.ts';
import { matchingFiles, mostMatches } from './glob.ts';
import { nothingRead, type Source, type SourceProblem, type SourceReading } from './source.ts';
import { createKnownFiles } from './tail/known-files.ts';
import { toMarks } from './tail/mark.ts';
import { isCompressedName } from './tail/rotated.ts';
import { createTail, type Tail, type TailOptions } from './tail/tail.ts';

export interface LogSetOptions extends Omit<TailOptions, 'path' | 'resume'> {
  readonly pattern: string;
  /** As LogSpec has it. */
  readonly container?: string | undefined;
  /** What `mark()` of the process before gave. */
  readonly resume?: unknown;
}

/** Polls between two checks for new files. Nothing is lost by it: a new file is read from its first byte. */
const pollsPerLook = 5;
/** Of all files in one poll; the last one may bring as much again. */
const mostBytes = 4 * 1024 * 1024;
/** What logrotate has made of a log; it is read through the path it had before. */
const rotatedName = /\.\d{1,4}$/;

/** It has not been checked: there may be more. */
function waiting(before: SourceReading): SourceReading {
  return { ...before, events: [], behindBytes: Math.max(1, before.behindBytes) };
}

export function createLogSet(options: LogSetOptions): Source {
  const { pattern, container, fs, known = createKnownFiles(), isNew = false } = options;
  const matching = container === undefined ? { pattern } : { pattern, container };
  const resume = isObject(options.resume) ? options.resume : {};
  const tails = new Map<string, Tail>();
  const readings = new Map<string, SourceReading>();
  /** Which of them has the next turn. */
  let next = 0;
  let polls = 0;
  let retiredBytes = 0;
  let retiredLost = 0;
  let tooMany = 0;

  const noMatch = `no file matches ${pattern}; the first one is read when it appears`;
  const noContainer =
    `docker:${container}: no log of a container with this name under ${pattern} that may be read; it is read when it ` +
    'appears. Its name is in a file of root only: give it the name as its host name, too (docker run --hostname ' +
    `${container}; compose: hostname: ${container})`;

  function look(): void {
    const matches = matchingFiles(fs, matching).filter((path) => !isCompressedName(path) && !rotatedName.test(path));
    tooMany = Math.max(0, matches.length - mostMatches);
    for (const path of matches.slice(0, mostMatches)) {
      if (tails.has(path)) continue;
      tails.set(
        path,
        createTail({ ...options, known, path, resume: toMarks(resume[path]), isNew: isNew || polls > 0 }),
      );
    }
  }

  function poll(): SourceReading {
    if (polls % pollsPerLook === 0) look();
    polls += 1;
    const problems: SourceProblem[] = [];
    const events: string[] = [];
    let behindBytes = 0;
    let bytes = retiredBytes;
    let lost = retiredLost;
    let fresh = 0;
    const order = [...tails];
    for (const [path, tail] of inTurn(order, next)) {
      const before = readings.get(path) ?? nothingRead;
      const reading = fresh < mostBytes ? tail.poll() : waiting(before);
      if (fresh < mostBytes) next = order.findIndex(([other]) => other === path) + 1;
      readings.set(path, reading);
      fresh += reading.bytes - before.bytes;
      events.push(...reading.events);
      behindBytes += reading.behindBytes;
      bytes += reading.bytes;
      lost += reading.lost;
      if (reading.problem?.code === 'missing') {
        // It has left the pattern; should it come back, it is new.
        retiredBytes += reading.bytes;
        retiredLost += reading.lost;
        tail.close();
        tails.delete(path);
        readings.delete(path);
      } else if (reading.problem !== null) problems.push(reading.problem);
    }
    return { problem: summary(problems), behindBytes, events, lost, bytes };
  }

  function summary(problems: readonly SourceProblem[]): SourceProblem | null {
    const [first] = problems;
    if (first !== undefined) {
      const others = problems.length - 1;
      return { code: first.code, text: others > 0 ? `${first.text} (and ${others} more of ${pattern})` : first.text };
    }
    if (tails.size === 0) return { code: 'missing', text: container === undefined ? noMatch : noContainer };
    if (tooMany > 0) {
      return {
        code: 'too_many',
        text: `${pattern} matches ${tooMany} files more than the ${mostMatches} that are read`,
      };
    }
    return null;
  }

  return {
    name: pattern,
    poll,
    mark: () => Object.fromEntries([...tails].map(([path, tail]) => [path, tail.marks()])),
    close() {
      for (const tail of tails.values()) tail.close();
      tails.clear();
    },
  };
}
