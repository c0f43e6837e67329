/** The last minutes of what nginx writes to the journal, by one run of journalctl: bounded, whatever its size. */
import { journalEntry } from '../../../decode/journal.ts';
import type { ErrorLine } from '../../../model.ts';
import { parseStrictErrorLine } from '../../../parse/error/line.ts';
import { errorLineReader } from '../../../parse/error/reader.ts';
import { journalMatches, mayNotRead } from '../../../source/journal.ts';
import type { Execute } from '../../../system/process/exec.ts';

/** As many as fit into what a program may print here; what lies further back is the same again. */
const mostEntries = 4000;
const timeoutMs = 10_000;
/** The access log may be in the journal, too. What ends a record of several lines shows which of them are forged. */
const ofErrors = String.raw`\[(warn|error|crit|alert|emerg)\] \d+#|, client: `;

export type JournalRead =
  | { readonly lines: readonly TimedLine[]; readonly isWhole: boolean }
  | { readonly reason: string };

function timed(entries: readonly string[]): readonly TimedLine[] {
  const lines: TimedLine[] = [];
  const times = new WeakMap<ErrorLine, number>();
  let ms = Number.NaN;
  const ignore = () => undefined;
  const reader = errorLineReader(
    {
      line: (_, line) => lines.push({ line, ms: times.get(line) ?? ms }),
      forged: ignore,
      continuation: ignore,
      foreign: ignore,
    },
    (text) => {
      const line = parseStrictErrorLine(text);
      if (line !== null) times.set(line, ms);
      return line;
    },
  );
  for (const json of entries) {
    const message = journalEntry(json)?.message ?? null;
    // The journal knows when it was written, whatever the time zone of nginx.
    const micros = Number(/"__REALTIME_TIMESTAMP"\s*:\s*"(\d{1,17})"/.exec(json)?.[1] ?? Number.NaN);
    if (message === null || Number.isNaN(micros)) continue;
    ms = Math.floor(micros / 1000);
    reader.read(message);
  }
  reader.end();
  return lines;
}

/** An empty journal does not mean that all is well. */
async function holdsAnything(execute: Execute): Promise<boolean> {
  const { stdout } = await execute('journalctl', ['-o', 'json', '--no-pager', '--lines=1'], timeoutMs);
  return stdout.startsWith('{');
}

/** @param match NAME of `journal:NAME` */
export async function readJournal(match: string, fromMs: number, execute: Execute): Promise<JournalRead> {
  const since = `--since=@${Math.floor(fromMs / 1000)}`;
  const bounds = ['--no-pager', `--lines=${mostEntries}`, `--grep=${ofErrors}`, since];
  const form = ['-o', 'json', '--all', '--output-fields=MESSAGE,_HOSTNAME'];
  const { code, stdout, stderr } = await execute(
    'journalctl',
    [...form, ...bounds, ...journalMatches(match)],
    timeoutMs,
  );
  if (mayNotRead.test(stderr))
    return { reason: 'permission denied: run this as root, or as a user of systemd-journal' };
  const entries = stdout.split('\n').filter((each) => each.startsWith('{'));
  // Without an entry journalctl ends with 1.
  if (entries.length === 0 && stderr.trim() !== '') return { reason: `journalctl: ${stderr.trim()}` };
  if (entries.length === 0 && code === null) return { reason: 'journalctl is not installed or took too long' };
  if (entries.length === 0 && !(await holdsAnything(execute))) return { reason: 'the journal is empty' };
  const lines = [...timed(entries)].sort((a, b) => a.ms - b.ms);
  return { lines, isWhole: code !== null && entries.length < mostEntries };
}

export interface TimedLine {
  readonly line: ErrorLine;
  /** Milliseconds since 1970. */
  readonly ms: number;
}
