/**
 * Lines in doubt: one that ends just where nginx would have cut a record that may hold a client's text. One in some
 * hundred real ones does so by chance. They count as soon as a line that is in no doubt tells of the same failure.
 */
import type { ErrorLine } from '../../model.ts';
import { wallSecondOf } from '../wall-clock.ts';

export interface Vouching {
  /** A line that is in no doubt. */
  saw(line: ErrorLine): void;
  /** Takes a line that is: it counts now, or later, or never. */
  doubt(text: string, line: ErrorLine): void;
  /** Nothing more will come. */
  end(): void;
}

export interface VouchingSink {
  line(text: string, line: ErrorLine): void;
  forged(text: string): void;
}

const most = 100;
/** By the lines' own times. */
const lastsSeconds = 600;

const subjectOf = ({ kind, upstream }: ErrorLine): string => `${kind} ${upstream?.peer ?? ''}`;
const secondOf = ({ time }: ErrorLine): number => (time === null ? Number.NaN : wallSecondOf(time));

export function createVouching(sink: VouchingSink): Vouching {
  /** When a failure was seen last that is in no doubt, the latest last. */
  const seen = new Map<string, number>();
  let doubtful: { readonly text: string; readonly line: ErrorLine }[] = [];

  const isVouched = (line: ErrorLine): boolean =>
    Math.abs(secondOf(line) - (seen.get(subjectOf(line)) ?? Number.NaN)) < lastsSeconds;

  return {
    saw(line) {
      if (line.kind === 'unrelated') return;
      const subject = subjectOf(line);
      seen.delete(subject);
      seen.set(subject, secondOf(line));
      const [oldest] = seen.keys();
      if (seen.size > most && oldest !== undefined) seen.delete(oldest);
      if (doubtful.length === 0) return;
      const vouched = doubtful.filter((each) => isVouched(each.line));
      doubtful = doubtful.filter((each) => !isVouched(each.line));
      for (const each of vouched) sink.line(each.text, each.line);
    },

    doubt(text, line) {
      if (isVouched(line)) return sink.line(text, line);
      doubtful.push({ text, line });
      const oldest = doubtful.length > most ? doubtful.shift() : undefined;
      if (oldest !== undefined) sink.forged(oldest.text);
    },

    end() {
      for (const { text } of doubtful.splice(0)) sink.forged(text);
    },
  };
}
