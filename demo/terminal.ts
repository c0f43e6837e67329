/** What a person reads: short lines with the time since the beginning, coloured on a terminal only. */
import { clearLine, cursorTo } from 'node:readline';

const styles = { bold: 1, red: 31, green: 32, yellow: 33, cyan: 36, dim: 2 } as const;
export type Style = keyof typeof styles;

export interface Terminal {
  paint(style: Style, text: string): string;
  /** A line as it is. */
  line(text?: string): void;
  /** A line with the time since `begin`. */
  event(text: string): void;
  /** A line that belongs to the event above. */
  detail(text: string): void;
  /** A line that the next one replaces; on a terminal only. */
  passing(text: string): void;
  /** Sets the time to 0:00. */
  begin(): void;
  secondsSinceBegin(): number;
}

export function createTerminal(out: NodeJS.WriteStream): Terminal {
  const isTerminal = out.isTTY === true && process.env['TERM'] !== 'dumb';
  const isColoured = isTerminal && !process.env['NO_COLOR'];
  let began = performance.now();
  let isPassing = false;
  const paint = (style: Style, text: string): string =>
    isColoured ? `\u001b[${styles[style]}m${text}\u001b[0m` : text;
  function line(text = ''): void {
    if (isPassing) {
      cursorTo(out, 0);
      clearLine(out, 0);
      isPassing = false;
    }
    out.write(`${text}\n`);
  }
  const secondsSinceBegin = (): number => Math.floor((performance.now() - began) / 1_000);
  return {
    paint,
    line,
    event(text) {
      const seconds = secondsSinceBegin();
      const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      line(`${paint('dim', time.padStart(5))}  ${text}`);
    },
    detail: (text) => line(`       ${text}`),
    passing(text) {
      if (!isTerminal) return;
      cursorTo(out, 0);
      clearLine(out, 0);
      out.write(paint('dim', text.slice(0, (out.columns || 80) - 1)));
      isPassing = true;
    },
    begin() {
      began = performance.now();
    },
    secondsSinceBegin,
  };
}
