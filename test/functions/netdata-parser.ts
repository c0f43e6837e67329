/**
 * Netdata's side of the protocol, as strict as it can be: what the real parser would only survive, or drop with a line
 * in its log, is an error here. A caller's transaction is in flight from `call` until its answer, its cancel or `expire`.
 */
interface ParsedAnswer {
  readonly transaction: string;
  readonly status: number;
  readonly expires: number;
  readonly body: unknown;
  readonly text: string;
}

export interface NetdataParser {
  call(transaction: string): void;
  /** It has been cancelled, or timed out: an answer from now on is an error. */
  gone(transaction: string): void;
  push(text: string): void;
  /** Everything so far was complete lines, and no block is open. */
  end(): void;
  answers(): readonly ParsedAnswer[];
  registered(): readonly string[];
  /** Metric blocks that came complete. */
  updates(): number;
}

const plain = new Set(['CHART', 'DIMENSION', 'CLABEL', 'CLABEL_COMMIT', 'VARIABLE', 'SET', '']);
const resultBegin = /^FUNCTION_RESULT_BEGIN ([0-9a-f]{32}) (\d{3}) application\/json (\d+)$/;

export function createNetdataParser(): NetdataParser {
  const inFlight = new Set<string>();
  const answers: ParsedAnswer[] = [];
  const registered: string[] = [];
  let rest = '';
  let isInBlock = false;
  let updates = 0;
  let open: { readonly head: RegExpExecArray; readonly lines: string[] } | null = null;

  function resultLine({ head, lines }: NonNullable<typeof open>, line: string): void {
    // The real one ends a body at any line whose first word this is.
    if (!/^\s*FUNCTION_RESULT_END\b/.test(line)) {
      if (/^(CHART|BEGIN|SET|END|FUNCTION)\b/.test(line)) throw new Error(`metrics within an answer: ${line}`);
      lines.push(line);
      return;
    }
    if (line !== 'FUNCTION_RESULT_END') throw new Error(`an answer ended by ${line}`);
    open = null;
    const [, transaction = '', status, expires] = head;
    if (!inFlight.delete(transaction)) throw new Error(`an answer that nobody waits for: ${transaction}`);
    const text = lines.join('\n');
    const body = JSON.parse(text) as { status?: unknown };
    if (body.status !== Number(status)) throw new Error(`status ${status} with body ${text.slice(0, 200)}`);
    answers.push({ transaction, status: Number(status), expires: Number(expires), body, text });
  }

  function commandLine(line: string): void {
    const [keyword = ''] = line.split(' ');
    if (keyword === 'FUNCTION_RESULT_BEGIN') {
      const head = resultBegin.exec(line);
      if (head === null || isInBlock) throw new Error(`no place, or no form, of an answer: ${line}`);
      open = { head, lines: [] };
    } else if (keyword === 'FUNCTION') {
      if (isInBlock) throw new Error('FUNCTION within BEGIN … END');
      registered.push(line);
    } else if (keyword === 'BEGIN') {
      if (isInBlock) throw new Error('BEGIN within BEGIN');
      isInBlock = true;
    } else if (keyword === 'END') {
      if (!isInBlock) throw new Error('END without BEGIN');
      isInBlock = false;
      updates++;
    } else if (!plain.has(keyword) || (keyword === 'SET' && !isInBlock)) {
      throw new Error(`unknown here: ${line.slice(0, 200)}`);
    }
  }

  return {
    call: (transaction) => inFlight.add(transaction),
    gone: (transaction) => inFlight.delete(transaction),
    push(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (open !== null) resultLine(open, line);
        else commandLine(line);
      }
    },
    end() {
      if (rest !== '' || open !== null || isInBlock) throw new Error(`it ends in the middle: ${rest.slice(0, 200)}`);
    },
    answers: () => answers,
    registered: () => registered,
    updates: () => updates,
  };
}
