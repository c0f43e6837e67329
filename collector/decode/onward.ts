/** What the decoders of wrapped logs share: a line of the wrapping in, the line nginx wrote out. */
import { type LineSink, lineSplitter } from './lines.ts';

/** Takes complete lines. */
export interface TextSink {
  /** One line as nginx wrote it, without its newline. */
  line(text: string): void;
  overlong(): void;
  cut(): void;
}

/**
 * Hands lines on to a sink of bytes, one chunk each. A newline inside a line (a datagram or a JSON string may hold one)
 * becomes a blank: the transport says that it is one line, and no byte of it may make a second.
 */
export function intoBytes(sink: LineSink, overlong: () => void): TextSink {
  return {
    line: (text) => sink.chunk(Buffer.from(`${text.replaceAll('\n', ' ')}\n`)),
    overlong,
    cut: () => sink.cut(),
  };
}

/** The lines of a wrapping, each given to `decode`; a wrapping longer than `maxLength` is counted as overlong. */
export function unwrapLines(maxLength: number, onward: TextSink, decode: (line: string) => void): LineSink {
  const lines = lineSplitter({ maxLength, onLine: decode, onOverlong: onward.overlong });
  return {
    chunk: lines.chunk,
    cut() {
      lines.cut();
      onward.cut();
    },
  };
}
