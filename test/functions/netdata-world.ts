/** The Functions between a strict Netdata and a clock of the test's own: whatever meets there, in whatever order. */
import type { CheckFinding, JobNow } from '../../collector/functions/facts.ts';
import { createCommandReader } from '../../collector/netdata/command-reader.ts';
import { createFunctions } from '../../collector/runtime/functions.ts';
import { atRest } from './jobs-kit.ts';
import { createNetdataParser } from './netdata-parser.ts';

const tick = 'BEGIN nginx_upstream_x.y\nSET a = 1\nEND\n';

export interface Call {
  readonly transaction: string;
  readonly text: string;
  readonly access: string;
  readonly seconds: number;
  readonly body: string | null;
}

function message({ transaction, text, access, seconds, body }: Call): string {
  const words = `${transaction} ${seconds} "${text}" "${access}" "method=none,role=any,permissions=${access},ip=x"`;
  if (body === null) return `FUNCTION ${words}\n`;
  return `FUNCTION_PAYLOAD ${words} "application/json"\n${body}\nFUNCTION_PAYLOAD_END\n`;
}

/** @param findings what `check` resolves to */
export function createWorld(jobs: readonly JobNow[], findings: Promise<readonly CheckFinding[]>) {
  const netdata = createNetdataParser();
  const reader = createCommandReader();
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  const problems = new Map<string, unknown>();
  let nowMs = 0;
  let isFull = false;
  let whenDrained = () => {};
  let sent = Buffer.alloc(0);
  let delivered = 0;
  /** What happens in Netdata when this many bytes have been delivered. */
  const marks: { readonly at: number; readonly happens: () => void }[] = [];

  const functions = createFunctions({
    clock: {
      wallMs: () => 1_795_874_000_000 + nowMs,
      monotonicUs: () => nowMs * 1000,
      sleep: (ms) => new Promise((wake) => sleepers.push({ atMs: nowMs + ms, wake })),
    },
    writer: {
      ready: () => !isFull,
      write(text) {
        netdata.push(text);
        isFull = text.length > 3000;
      },
      onDrain(listener) {
        whenDrained = listener;
      },
    },
    conditions: {
      set: (subject, problem) => void problems.set(subject, problem),
      drop: (subject) => void problems.delete(subject),
    },
    check: () => findings,
    file: null,
  });

  function passMarks(): void {
    while (marks[0] !== undefined && marks[0].at <= delivered) marks.shift()?.happens();
  }

  function send(text: string): void {
    sent = Buffer.concat([sent, Buffer.from(text)]);
  }

  // Nothing has happened yet: what happens from now on is of the last minute.
  functions.tick(atRest(jobs), 1);

  return {
    netdata,
    problems,
    /** Netdata writes it; it arrives when it is delivered. */
    send(call: Call) {
      marks.push({ at: sent.length, happens: () => netdata.call(call.transaction) });
      send(message(call));
    },
    /** For Netdata the call is over before the plugin hears of it: an answer from then on is an error. */
    cancel(transaction: string) {
      send(`FUNCTION_CANCEL ${transaction}\n`);
      marks.push({ at: sent.length, happens: () => netdata.gone(transaction) });
    },
    sendText: send,
    deliver(bytes: number) {
      const until = Math.min(sent.length, delivered + bytes);
      passMarks();
      while (delivered < until) {
        const to = Math.min(until, marks[0]?.at ?? until);
        const commands = reader.push(sent.subarray(delivered, to));
        delivered = to;
        passMarks();
        functions.commands(commands);
      }
    },
    isQuitting: () => reader.endsWithQuit(),
    tick() {
      if (isFull) return;
      netdata.push(tick);
      functions.tick(jobs, 1);
    },
    drain() {
      isFull = false;
      whenDrained();
    },
    async pass(ms: number) {
      nowMs += ms;
      for (const sleeper of sleepers.splice(0)) {
        if (sleeper.atMs <= nowMs) sleeper.wake();
        else sleepers.push(sleeper);
      }
      // What waited for a promise runs on.
      for (let i = 0; i < 4; i++) await Promise.resolve();
    },
  };
}
