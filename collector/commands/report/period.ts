/** `--since` and `--until` of `report`: which seconds of the log's own clock. */
import type { ReportPeriod } from '../../aggregate/report/window.ts';
import { sumOf } from '../../base/collections.ts';
import { isoOfWall, wallSecondAt, wallSecondOf } from '../../parse/wall-clock.ts';
import { UsageError } from '../command.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const forms = '90s, 1h30m or 2d ago, 07:30, yesterday, 2026-11-22, 2026-11-22 07:30:45, or as a log has it';

/** @param nowSecond of this machine's clock, as the logs' times are counted */
export function readPeriod(since: string | undefined, until: string | undefined, nowSecond: number): ReportPeriod {
  const period = {
    since: since === undefined ? null : boundOf('--since', since, nowSecond, false),
    until: until === undefined ? null : boundOf('--until', until, nowSecond, true),
  };
  if (period.since !== null && period.until !== null && period.since > period.until)
    throw new UsageError(`--since ${since} is later than --until ${until}`);
  return period;
}

/** The second of the clock on the wall here: what nginx's logs print. */
export function wallSecondNow(now: Date): number {
  return Math.floor(now.getTime() / 1000) - now.getTimezoneOffset() * 60;
}

/** @param isEnd a bound without seconds, or a day alone, means all of that minute or day */
function boundOf(option: string, text: string, nowSecond: number, isEnd: boolean): number {
  const found = ago(text, nowSecond) ?? dated(withDay(text.trim(), nowSecond), nowSecond, isEnd);
  if (found !== null) return found;
  const zone = /\d(?:Z|\s*[+-]\d\d:?\d\d)$/.test(text) ? ' Without a zone: times are those of the log.' : '';
  throw new UsageError(`${option} ${text}: a time like ${forms}.${zone}`);
}

const spans = /(\d{1,6})\s*(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?)(?![a-z])\s*/g;

/** Most of what journalctl takes: `2h`, `1h30m`, `2 hours ago`, `now`. */
function ago(text: string, nowSecond: number): number | null {
  const typed = text.trim().replace(/\s+ago$/, '');
  if (typed === 'now') return nowSecond;
  if (typed === '' || typed.replace(spans, '') !== '') return null;
  return (
    nowSecond -
    sumOf([...typed.matchAll(spans)], ([, digits, unit = '']) => Number(digits) * (units[unit[0] ?? ''] ?? 0))
  );
}

const day = 86_400;

/** `today` and `yesterday` are the days of this machine's clock. */
function withDay(text: string, nowSecond: number): string {
  const dayOf = (ago: number): string => isoOfWall(nowSecond - ago * day).slice(0, 10);
  return text.replace(/^(today|yesterday)(?=$| )/, (word) => dayOf(word === 'today' ? 0 : 1));
}

const byDashes = /^(?:(\d{4})[-/](\d\d)[-/](\d\d))?(?:(?:^|[T ])(\d\d):(\d\d)(?::(\d\d))?)?$/;
const byMonth = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d$/;

/** nginx's own `2026/11/22 07:30:45` and `22/Nov/2026:07:30:45`, ISO, a day, or a time of today. */
function dated(text: string, nowSecond: number, isEnd: boolean): number | null {
  if (byMonth.test(text)) return valid(wallSecondAt(Buffer.from(`${text} `), 0));
  const found = byDashes.exec(text);
  if (found === null || text === '') return null;
  const [, year, month, date, hour, minute, second] = found;
  const midnight =
    year === undefined ? nowSecond - (nowSecond % day) : wallSecondOf(`${year}-${month}-${date}T00:00:00`);
  if (midnight < 0) return null;
  if (hour === undefined) return isEnd ? midnight + day - 1 : midnight;
  const time = valid(wallSecondOf(`2000-01-01T${hour}:${minute}:${second ?? '00'}`));
  if (time === null) return null;
  return midnight + (time % day) + (isEnd && second === undefined ? 59 : 0);
}

const valid = (second: number): number | null => (second < 0 ? null : second);
