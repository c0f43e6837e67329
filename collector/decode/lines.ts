/**
 * Bytes → lines, on split2. Serves every stream whose rate is modest (error logs, syslog, container files, Netdata's
 * stdin); the access log is matched on its bytes instead.
 *
 * split2's mapper is used as a synchronous callback and returns undefined, so nothing is ever pushed on its readable
 * side: every line of a chunk is delivered before `chunk()` returns, and no back-pressure can arise.
 */
import split2 from 'split2';

/** Where bytes go; the shape of source/source.ts, which this room may not import. */
export interface LineSink {
  chunk(bytes: Buffer): void;
  cut(): void;
}

export interface LineOptions {
  /** Longest line that is delivered, in UTF-16 units; a longer one is dropped entirely. */
  readonly maxLength: number;
  /** One complete line without its LF or CRLF, but for `keepsReturn`. Bytes that are no UTF-8 have become U+FFFD. */
  readonly onLine: (line: string) => void;
  /** Once for each line that was too long. */
  readonly onOverlong: () => void;
  /**
   * What `cut()` does with a line that has no end: `drop` it (default: a torn line could say something that nobody
   * wrote), or `deliver` it (a finished input whose last line has no newline).
   */
  readonly atCut?: 'drop' | 'deliver';
  /** A CR before the LF stays: the length of a record of several lines is to be known. */
  readonly keepsReturn?: boolean;
}

/** A sink that splits into lines, with bounded memory. After `cut()` it may be used for another file. */
export function lineSplitter(options: LineOptions): LineSink {
  const { maxLength, onLine, onOverlong, atCut = 'drop', keepsReturn = false } = options;
  // One more than the limit: a CR may still turn out to be part of the line's end.
  const limits = { maxLength: maxLength + 1, skipOverflow: true };
  let stream = fresh();
  /** Whether anything has arrived since the last newline: an empty tail is no line. */
  let unfinished = false;

  function fresh(): ReturnType<typeof split2> {
    return split2('\n', deliver, limits);
  }

  function deliver(line: string): void {
    const end = line.endsWith('\r') ? line.length - 1 : line.length;
    // split2 measures only what is unfinished at the end of a chunk: a long line that ends in the same chunk gets here.
    if (end > maxLength) onOverlong();
    else onLine(keepsReturn || end === line.length ? line : line.slice(0, end));
  }

  function chunk(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const before = overflows(stream);
    stream.write(bytes);
    // split2 drops an overlong line in silence; its `overflow` property shows when one begins. One that ended in this
    // chunk while another began shows as "still overflowing": the newline in between distinguishes them.
    const began = overflows(stream) && (!before || bytes.includes(0x0a));
    if (began) onOverlong();
    unfinished = bytes[bytes.length - 1] !== 0x0a;
  }

  function cut(): void {
    // Not end(): that flushes on a later turn of the event loop, when the next file's lines may have been delivered.
    if (unfinished && atCut === 'deliver' && !overflows(stream)) stream.write('\n');
    stream.destroy();
    stream = fresh();
    unfinished = false;
  }

  return { chunk, cut };
}

/** split2's public state that its types do not declare (split2 4.2.0 index.js: `transform`). */
function overflows(stream: object): boolean {
  return 'overflow' in stream && stream.overflow === true;
}
