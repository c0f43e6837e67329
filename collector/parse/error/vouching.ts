/**
 * Lines in doubt: one that ends just where nginx would have cut a record that may hold a client's text. One in some
 * hundred real ones does so by chance. They count as soon as a line that is not in doubt reports the same failure.
 */
import type { CountedLine, ErrorLine } from '../../model.ts';
import { wallSecondOf } from '../wall-clock.ts';

export interface Vouching {
  /** A line that is in no doubt. @param subject what it is about, where many lines have the same */
  saw(line: CountedLine, subject?: VouchedSubject): void;
  /** Takes a line that is: it counts now, or later, or never. */
  doubt(text: string, line: ErrorLine): void;
  /** Nothing more will come. */
  end(): void;
}

/** When a failure was seen last that is in no doubt, and the how manieth sight that was. */
interface Sight {
  time: string | null;
  at: number;
}

export interface VouchedSubject {
  /** As `vouchedSubject` gives it. */
  readonly name: string;
  /** Kept by the vouching, so that it is looked up once. */
  sight: Sight | null;
}

export interface VouchingSink {
  line(text: string, line: ErrorLine): void;
  forged(text: string): void;
}

const mostDoubtful = 100;
/** Of 50 peers and some kinds each; what is beyond costs a walk through all. */
const mostSeen = 1000;
const forgotten = -1;
/** By the lines' own times. */
const lastsSeconds = 600;

/** What a failure is about: whoever saw one of the same believes another. */
export const vouchedSubject = ({ kind, upstream }: Pick<CountedLine, 'kind' | 'upstream'>): string =>
  `${kind} ${upstream?.peer ?? ''}`;
const never = { time: null };
const secondOf = ({ time }: Pick<CountedLine, 'time'>): number => (time === null ? Number.NaN : wallSecondOf(time));

export function createVouching(sink: VouchingSink): Vouching {
  const seen = new Map<string, Sight>();
  let sights = 0;
  let doubtful: { readonly text: string; readonly line: ErrorLine }[] = [];

  const isVouched = (line: ErrorLine): boolean =>
    Math.abs(secondOf(line) - secondOf(seen.get(vouchedSubject(line)) ?? never)) < lastsSeconds;

  /** Of what was seen longest ago nothing is known any more. */
  function forget(): void {
    let oldest: string | null = null;
    let least = Number.POSITIVE_INFINITY;
    for (const [subject, { at }] of seen) {
      if (at >= least) continue;
      oldest = subject;
      least = at;
    }
    const sight = oldest === null ? undefined : seen.get(oldest);
    if (oldest === null || sight === undefined) return;
    sight.at = forgotten;
    seen.delete(oldest);
  }

  function sightOf(name: string, time: string | null): Sight {
    const known = seen.get(name);
    if (known !== undefined) return known;
    const made = { time, at: sights++ };
    seen.set(name, made);
    if (seen.size > mostSeen) forget();
    return made;
  }

  return {
    saw(line, subject) {
      if (line.kind === 'unrelated') return;
      let sight = subject?.sight ?? null;
      if (sight === null || sight.at === forgotten) {
        sight = sightOf(subject?.name ?? vouchedSubject(line), line.time);
        if (subject !== undefined) subject.sight = sight;
      }
      sight.time = line.time;
      sight.at = sights++;
      if (doubtful.length === 0) return;
      const vouched = doubtful.filter((each) => isVouched(each.line));
      doubtful = doubtful.filter((each) => !isVouched(each.line));
      for (const each of vouched) sink.line(each.text, each.line);
    },

    doubt(text, line) {
      if (isVouched(line)) return sink.line(text, line);
      doubtful.push({ text, line });
      const oldest = doubtful.length > mostDoubtful ? doubtful.shift() : undefined;
      if (oldest !== undefined) sink.forged(oldest.text);
    },

    end() {
      for (const { text } of doubtful.splice(0)) sink.forged(text);
    },
  };
}
