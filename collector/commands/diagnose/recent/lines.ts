/** The last minutes of nginx's error logs, files read from their ends: bounded, whatever their size. */

import { recordText } from '../../../decode/container.ts';
import { hostFile } from '../../../discover/find/host-path.ts';
import { errorLineReader } from '../../../parse/error/reader.ts';
import { toldSpec } from '../../../runtime/plan/told-log.ts';
import { matchingFiles, mostMatches } from '../../../source/glob.ts';
import { type LogSpec, specText, type Wrapping } from '../../../source/log-spec.ts';
import { isCompressedName } from '../../../source/tail/rotated.ts';
import type { FileSystem } from '../../../system/fs.ts';
import type { Execute } from '../../../system/process/exec.ts';
import { lookAt, rootedPath } from '../../../system/reach.ts';
import { type FileEnd, readEnd } from '../../../system/small-file.ts';
import { readJournal, type TimedLine } from './journal.ts';

export interface RecentLines {
  readonly lines: readonly TimedLine[];
  /** Logs that were read. */
  readonly read: readonly string[];
  /** Logs that were not, each with the reason. */
  readonly unread: readonly { readonly log: string; readonly reason: string }[];
  /** The window begins later than was asked for, because a log holds too much: since when, or null. */
  readonly sinceMs: number | null;
}

/** A busy outage writes 300 KB/s; what lies further back than this is the same again. */
export const tailLength = 4 * 1024 * 1024;
/** Time zones differ by multiples of 15 minutes. */
const zoneStepMs = 15 * 60_000;
/** Lines that are no nginx lines may have come behind the last one. */
const zoneSlackMs = 30_000;

/** What nginx wrote, behind what a container's runtime puts around it. */
export function unwrap(line: string, wrapping: Wrapping): string {
  return wrapping === 'none' ? line : recordText(line, wrapping);
}

/**
 * nginx writes local time without a zone, perhaps of its container: the last line was written when the file was last
 * changed, and that shows the zone.
 */
function timed({ text, modifiedMs }: FileEnd, wrapping: Wrapping): readonly TimedLine[] {
  const lines: TimedLine[] = [];
  const ignore = () => undefined;
  const reader = errorLineReader({
    line(_, line) {
      const ms = Date.parse(line.time ?? '');
      if (!Number.isNaN(ms)) lines.push({ line, ms });
    },
    forged: ignore,
    continuation: ignore,
    foreign: ignore,
  });
  for (const each of text.split('\n')) reader.read(unwrap(each, wrapping));
  reader.end();
  const last = lines.at(-1)?.ms ?? modifiedMs;
  const shift = Math.round((modifiedMs - last) / zoneStepMs) * zoneStepMs;
  // What is more than any zone, or no quarter of an hour, is no zone: the file was copied or touched.
  const isZone = Math.abs(shift) <= 26 * 3_600_000 && Math.abs(modifiedMs - last - shift) <= zoneSlackMs;
  const zone = isZone && text.endsWith('\n') ? shift : 0;
  return zone === 0 ? lines : lines.map(({ line, ms }) => ({ line, ms: ms + zone }));
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied: run this as root, or give the user the log's group (see check)",
  ENOENT: 'it does not exist',
};

type OneLog =
  | { readonly found: readonly TimedLine[]; readonly path: string; readonly isWhole: boolean }
  | { readonly log: string; readonly reason: string };

const device =
  "only the process that started nginx can read it. In nginx-upstream.conf name where it ends: error_log: journal:nginx, docker:FILE (docker inspect -f '{{.LogPath}}' CONTAINER prints it) or cri:FILE (see check)";

/** Why a path is no file to be read; null when it is one, or is not there. */
function noFile(path: string, { fs, follow, hostPrefix }: RecentPorts): string | null {
  const found = lookAt(fs, rootedPath(fs, '', hostFile(fs, follow(path), hostPrefix)));
  // Our own standard error is not nginx's.
  if (found.is === 'stream') return found.target === path ? device : `it leads to ${found.target}: ${device}`;
  if (found.is !== 'other') return null;
  return found.kind === 'directory' ? 'it is a folder' : `it is not a file: ${device}`;
}

function readFile(path: string, wrapping: Wrapping, ports: RecentPorts): OneLog {
  const { fs, hostPrefix } = ports;
  const obstacle = noFile(path, ports);
  if (obstacle !== null) return { log: path, reason: obstacle };
  const tail = readEnd(fs, hostFile(fs, path, hostPrefix), tailLength);
  if (!tail.ok) return { log: path, reason: reasons[tail.code] ?? tail.code };
  // Just rotated: what it held before is in the file beside it.
  const before = tail.value.isWhole ? readEnd(fs, hostFile(fs, `${path}.1`, hostPrefix), tailLength) : null;
  const earlier = before?.ok === true ? timed(before.value, wrapping) : [];
  return { found: [...earlier, ...timed(tail.value, wrapping)], path, isWhole: tail.value.isWhole };
}

function readGlob(spec: Extract<LogSpec, { is: 'glob' }>, ports: RecentPorts): readonly OneLog[] {
  const { pattern, wrapping } = spec;
  // What was rotated is read beside the log that it was.
  const paths = matchingFiles(ports.fs, spec).filter((path) => !isCompressedName(path) && !/\.\d{1,4}$/.test(path));
  if (paths.length === 0) {
    const isNamed = spec.container !== undefined;
    const reason = isNamed ? 'this user can read no log of a container with this name' : 'no file matches it';
    return [{ log: specText(spec), reason }];
  }
  const logs = paths.slice(0, mostMatches).map((path) => readFile(path, wrapping, ports));
  const more = paths.length - mostMatches;
  return more > 0
    ? [...logs, { log: pattern, reason: `${more} more files match it than the ${mostMatches} read` }]
    : logs;
}

const onlyPlugin =
  'only the running plugin receives it, so failures that nginx logs there are not in this answer. For diagnose let nginx ' +
  'log to a file as well: a second error_log line beside the first';

export interface RecentPorts {
  readonly fs: FileSystem;
  readonly execute: Execute;
  /** A path with its links followed as nginx would. */
  readonly follow: (path: string) => string;
  /** NETDATA_HOST_PREFIX. */
  readonly hostPrefix: string;
}

async function readLog(log: string, fromMs: number, ports: RecentPorts): Promise<readonly OneLog[]> {
  const spec = toldSpec(log, ports.hostPrefix);
  switch (spec.is) {
    case 'file':
      return [readFile(spec.path, spec.wrapping, ports)];
    case 'glob':
      return readGlob(spec, ports);
    case 'unusable':
      return [{ log, reason: spec.problem.text }];
    case 'journal': {
      const read = await readJournal(spec.match, fromMs, ports.execute);
      return ['reason' in read ? { log, ...read } : { found: read.lines, path: log, isWhole: read.isWhole }];
    }
    case 'syslog':
      return [{ log, reason: onlyPlugin }];
  }
}

/** @param specs as nginx-upstream.conf writes logs */
export async function readRecentLines(
  specs: readonly string[],
  fromMs: number,
  ports: RecentPorts,
): Promise<RecentLines> {
  const lines: TimedLine[] = [];
  const read: string[] = [];
  const unread: { log: string; reason: string }[] = [];
  let sinceMs: number | null = null;

  // One file may be named twice, and match two patterns.
  const all = await Promise.all(specs.map((log) => readLog(log, fromMs, ports)));
  const logs = new Map(all.flat().map((one) => ['log' in one ? one.log : one.path, one]));
  for (const one of logs.values()) {
    if ('reason' in one) {
      unread.push(one);
      continue;
    }
    const first = one.found[0]?.ms ?? fromMs;
    if (!one.isWhole && first > fromMs) sinceMs = Math.max(sinceMs ?? 0, first);
    for (const each of one.found) if (each.ms >= fromMs) lines.push(each);
    read.push(one.path);
  }
  return { lines, read, unread, sinceMs };
}
