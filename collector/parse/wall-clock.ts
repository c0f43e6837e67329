/**
 * The times that nginx's logs print, as seconds of the wall clock: its digits counted as if they were UTC. The
 * error log has no zone, and both logs of one nginx are written by one clock, so their digits can be compared.
 */
import { twoDigits } from '../base/text.ts';

/** Days since 1970-01-01 of the proleptic Gregorian calendar, the year beginning in March (H. Hinnant, days_from_civil). */
function daysOf(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function secondOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const isTime = month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second < 61;
  return isTime ? daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second : -1;
}

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** @param text `2026-11-22T07:30:45`, as error lines are read @returns -1 when it is no time */
export function wallSecondOf(text: string): number {
  if (!iso.test(text)) return -1;
  const pair = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528;
  return secondOf(pair(0) * 100 + pair(2), pair(5), pair(8), pair(11), pair(14), pair(17));
}

/** As wallSecondOf, for lines that come in order: most have the time of the one before. */
export function createWallSecondReader(): (text: string | null) => number {
  let last = '';
  let second = -1;
  return (text) => {
    if (text === null) return -1;
    if (text !== last) {
      last = text;
      second = wallSecondOf(text);
    }
    return second;
  };
}

/** `2026-11-22T07:30:45` of a second that `wallSecondOf` gave. */
export function isoOfWall(second: number): string {
  const days = Math.floor(second / 86_400) + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const rest = second - Math.floor(second / 86_400) * 86_400;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(twoDigits).join(':');
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}T${clock}`;
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const months: ReadonlyMap<number, number> = new Map(
  monthNames.map((name, at) => [nameCode(name.charCodeAt(0), name.charCodeAt(1), name.charCodeAt(2)), at + 1]),
);

function nameCode(a: number, b: number, c: number): number {
  return (a << 16) | (b << 8) | c;
}

/** The number of two digits, or one so large that no time has it. */
function two(b: Uint8Array, p: number): number {
  const x = (b[p] as number) - 48;
  const y = (b[p + 1] as number) - 48;
  return x >= 0 && x <= 9 && y >= 0 && y <= 9 ? x * 10 + y : 1e6;
}

/** As wallSecondAt, for lines that come in order: most are of the day of the one before. */
export function createWallSecondAtReader(): (b: Uint8Array, p: number) => number {
  const day = new Uint8Array(longestDay);
  let length = 0;
  let midnight = -1;

  function isSameDay(b: Uint8Array, p: number): boolean {
    for (let i = 0; i < length; i++) if (b[p + i] !== day[i]) return false;
    return length > 0;
  }

  return (b, p) => {
    if (!isSameDay(b, p)) {
      const second = wallSecondAt(b, p);
      length = 0;
      if (second === -1) return -1;
      length = b[p + 4] === 45 ? longestDay - 1 : longestDay;
      midnight = second - clockAt(b, p + length + 1, 0);
      for (let i = 0; i < length; i++) day[i] = b[p + i] as number;
    }
    return clockAt(b, p + length + 1, midnight);
  };
}

/** Of `22/Nov/2026`; `2026-11-22` is one shorter. */
const longestDay = 11;

function clockAt(b: Uint8Array, p: number, midnight: number): number {
  const hour = two(b, p);
  const minute = two(b, p + 3);
  const second = two(b, p + 6);
  return hour < 24 && minute < 60 && second < 61 ? midnight + hour * 3600 + minute * 60 + second : -1;
}

/**
 * The second of a `$time_local` or `$time_iso8601` at `p`, by its own digits; which of the two, its second dash or
 * slash shows. -1 when it is no time.
 */
export function wallSecondAt(b: Uint8Array, p: number): number {
  const isIso = b[p + 4] === 45;
  const year = isIso ? two(b, p) * 100 + two(b, p + 2) : two(b, p + 7) * 100 + two(b, p + 9);
  const month = isIso
    ? two(b, p + 5)
    : (months.get(nameCode(b[p + 3] as number, b[p + 4] as number, b[p + 5] as number)) ?? 0);
  const day = two(b, isIso ? p + 8 : p);
  const clock = isIso ? p + 11 : p + 12;
  if (year > 9999) return -1;
  return secondOf(year, month, day, two(b, clock), two(b, clock + 3), two(b, clock + 6));
}
