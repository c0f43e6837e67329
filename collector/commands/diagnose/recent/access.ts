/** The last lines of nginx's access logs, read from their ends: who answered what, and client results. */
import { hostFile } from '../../../discover/find/host-path.ts';
import { type FormatResult, readArguments, readLogFormat } from '../../../parse/access/format/log-format.ts';
import { type AccessMatcher, createAccessMatcher } from '../../../parse/access/match/matcher.ts';
import { wallSecondAt } from '../../../parse/wall-clock.ts';
import type { AccessLogPlan, FormatPlan } from '../../../runtime/plan/log-plan.ts';
import { toldSpec } from '../../../runtime/plan/told-log.ts';
import { matchingFiles } from '../../../source/glob.ts';
import type { Wrapping } from '../../../source/log-spec.ts';
import { attempt } from '../../../system/fs.ts';
import { readEnd } from '../../../system/small-file.ts';
import { type RecentPorts, tailLength, unwrap } from './lines.ts';

/** Takes the line that the matcher's record holds; `ms` since 1970. */
export type OnAccess = (matcher: AccessMatcher, log: AccessLogPlan, ms: number) => void;

/** Logs of many virtual hosts: the newest lines of each are looked for, not all that ever was. */
const mostFiles = 64;
/** Time zones differ by multiples of 15 minutes. */
const zoneStepMs = 15 * 60_000;
const zoneSlackMs = 30_000;

function formatOf({ name, text, escape: mode }: FormatPlan): FormatResult {
  return mode === null ? readLogFormat(text) : readArguments(name, [`escape=${mode}`, text]);
}

function filesOf(
  spec: string,
  { fs, hostPrefix }: RecentPorts,
): { readonly paths: readonly string[]; readonly wrapping: Wrapping } {
  const parsed = toldSpec(spec, hostPrefix);
  if (parsed.is === 'file') return { paths: [parsed.path], wrapping: parsed.wrapping };
  if (parsed.is !== 'glob') return { paths: [], wrapping: 'none' };
  const paths = matchingFiles(fs, parsed).filter((path) => !/\.(?:gz|xz|zst|bz2|\d{1,4})$/.test(path));
  return { paths: paths.slice(0, mostFiles), wrapping: parsed.wrapping };
}

/**
 * What lies between the digits of a log's clock and real time. The last line was written when the file was last
 * changed; where that gives no zone (the file was touched, or nginx buffers), it is this host's.
 */
function zoneOf(lastMs: number, modifiedMs: number): number {
  const shift = Math.round((modifiedMs - lastMs) / zoneStepMs) * zoneStepMs;
  const isZone = Math.abs(shift) <= 26 * 3_600_000 && Math.abs(modifiedMs - lastMs - shift) <= zoneSlackMs;
  return isZone ? shift : new Date(lastMs).getTimezoneOffset() * 60_000;
}

/** Every line by the first format that matches it; `second` of the log's own clock, -1 where it has none. */
function eachLine(
  lines: readonly string[],
  matchers: readonly AccessMatcher[],
  found: (matcher: AccessMatcher, second: number) => void,
): void {
  for (const line of lines) {
    if (line === '') continue;
    const bytes = Buffer.from(`${line}\n`, 'latin1');
    const matcher = matchers.find(({ match }) => match(bytes, 0) >= 0);
    if (matcher === undefined) continue;
    const { timeStart } = matcher.record;
    found(matcher, timeStart < 0 ? -1 : wallSecondAt(bytes, timeStart));
  }
}

function readFile(path: string, wrapping: Wrapping, log: AccessLogPlan, ports: RecentPorts, onLine: OnAccess): boolean {
  const tail = readEnd(ports.fs, path, tailLength, 'latin1');
  if (!tail.ok) return false;
  const matchers = log.formats.flatMap((plan) => {
    const result = formatOf(plan);
    return 'problem' in result ? [] : [createAccessMatcher(result.format)];
  });
  const { text, modifiedMs } = tail.value;
  const lines = text.split('\n').map((line) => unwrap(line, wrapping));
  let last = -1;
  eachLine(lines.slice(-200), matchers, (_, second) => {
    if (second >= 0) last = second;
  });
  const zone = zoneOf(last * 1000, modifiedMs);
  eachLine(lines, matchers, (matcher, second) => {
    if (second >= 0) onLine(matcher, log, second * 1000 + zone);
  });
  return matchers.length > 0;
}

/** @returns the logs that were read */
export function readRecentAccess(
  logs: readonly AccessLogPlan[],
  ports: RecentPorts,
  onLine: OnAccess,
): readonly string[] {
  const read: string[] = [];
  for (const log of logs) {
    const { paths, wrapping } = filesOf(log.spec, ports);
    for (const path of paths) {
      const file = hostFile(ports.fs, path, ports.hostPrefix);
      const stat = attempt(() => ports.fs.stat(file));
      if (!stat.ok || stat.value.kind !== 'file') continue;
      if (readFile(file, wrapping, log, ports, onLine)) read.push(path);
    }
  }
  return read;
}
