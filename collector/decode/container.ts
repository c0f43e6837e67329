/**
 * Container log files: what nginx wrote to stdout and stderr, a record per line, both streams in one file.
 *
 * Docker's json-file (moby daemon/logger/jsonfilelog/jsonlog): `{"log":"…\n","stream":"stderr","time":"…"}`; a line
 * over 16 KiB is split into records of which only the last ends with a newline. CRI (kubelet, containerd:
 * cri-api kuberuntime logging): `TIME stdout|stderr P|F text`, P for a part, F for a full line or its last part.
 */
import { parseObject } from '../base/json.ts';
import type { LineSink } from './lines.ts';
import { type TextSink, unwrapLines } from './onward.ts';

type Stream = 'stdout' | 'stderr';

/** Which lines of a container are wanted: both logs may go to either stream. */
export type Wanted = 'error' | 'access';

export interface ContainerOptions {
  readonly wanted: Wanted;
  /** Longest line, in UTF-16 units. */
  readonly maxLength: number;
  /** A line that is not a record of this format. */
  readonly onForeign: () => void;
}

interface Part {
  readonly stream: Stream;
  readonly text: string;
  readonly isLast: boolean;
}

export function dockerJson(onward: TextSink, options: ContainerOptions): LineSink {
  return records(onward, options, dockerPart);
}

export function criLog(onward: TextSink, options: ContainerOptions): LineSink {
  return records(onward, options, criPart);
}

/** JSON escapes a byte in up to six characters. */
const wrapping = 6;

function records(onward: TextSink, options: ContainerOptions, partOf: (line: string) => Part | null): LineSink {
  const { wanted, maxLength, onForeign } = options;
  /** The streams take turns in the file, also between the parts of a line. */
  const begun: Record<Stream, string | null> = { stdout: '', stderr: '' };

  function take({ stream, text, isLast }: Part): void {
    const soFar = begun[stream];
    const joined = soFar === null || soFar.length + text.length > maxLength ? null : soFar + text;
    begun[stream] = isLast ? '' : joined;
    if (!isLast) return;
    if (joined === null) onward.overlong();
    else if (isWanted(wanted, stream, joined)) onward.line(joined);
  }

  const lines = unwrapLines(maxLength * wrapping, onward, (line) => {
    const part = partOf(line);
    if (part === null) onForeign();
    else take(part);
  });
  return {
    chunk: lines.chunk,
    cut() {
      begun.stdout = '';
      begun.stderr = '';
      lines.cut();
    },
  };
}

const errorLine = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[/;

/** Whether a line begins as nginx's error lines do; those of its access log begin otherwise. */
export function isErrorLine(line: string): boolean {
  return errorLine.test(line);
}

/**
 * The official image sends the access log to stdout and the error log to stderr; many configurations send both to
 * stdout. So error lines are wanted from stderr (with their continuations), and from stdout what begins as one; access
 * lines are what else stdout holds.
 */
function isWanted(wanted: Wanted, stream: Stream, line: string): boolean {
  if (stream === 'stderr') return wanted === 'error';
  return isErrorLine(line) === (wanted === 'error');
}

function dockerPart(line: string): Part | null {
  const record = parseObject(line);
  const { log, stream } = record ?? {};
  if (typeof log !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return null;
  const isLast = log.endsWith('\n');
  return { stream, text: isLast ? withoutEnd(log) : log, isLast };
}

function withoutEnd(log: string): string {
  return log.slice(0, log.endsWith('\r\n') ? -2 : -1);
}

const criRecord = /^\S+ (stdout|stderr) ([A-Z:]+) /;

function criPart(line: string): Part | null {
  const header = criRecord.exec(line);
  if (header === null) return null;
  const [front, stream, tags = ''] = header;
  // Tags are a list separated by colons, of which the first says whether the line is partial.
  return { stream: stream as Stream, text: line.slice(front.length), isLast: tags.split(':')[0] === 'F' };
}

/** What nginx wrote into one record; empty where the line is not a record. */
export function recordText(line: string, format: 'docker' | 'cri'): string {
  return (format === 'docker' ? dockerPart(line) : criPart(line))?.text ?? '';
}
