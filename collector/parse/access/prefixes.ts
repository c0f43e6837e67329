/** Access lines behind what docker compose, container runtimes, journald, syslog and `grep` put before them. Pure. */
import type { LineMatcher } from './match/fast.ts';

/** What a prefix is made of, in the order in which it is tried. None holds a quote: behind one stands a client's text. */
const pieces: readonly RegExp[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  /^\u001b\[[\d;]*m/,
  // compose, swarm (`web_nginx.1.x@node`), forego, foreman with its time, PM2 with its number
  /^(?:\d\d:\d\d:\d\d +|\d+\|)?[\w.@/-]+ *\| +/,
  // quoted in a mail
  /^> ?/,
  // ISO times of docker, kubectl, journalctl and svlogd, with what CRI and s6 put behind them
  /^(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T _]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[A-Z]{3,4}|[+-]\d\d:?\d\d))? +(?:std(?:out|err) [FP](?::\S*)? |\[\w+\] +)?/,
  // syslog, and journalctl's other times
  /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? +/,
  /^<\d{1,3}>(?:1 )?/,
  /^\[ *\d+\.\d+\] /,
  /^\d{10}\.\d+ /,
  // s6-log and multilog
  /^@[0-9a-f]{24} /,
  // Cloud Foundry, Fly, and the stream that `aws logs tail` names
  /^\[[\w./-]+\] (?:OUT|ERR) /,
  /^[\w-]+\[\w+\] \w+ \[\w+\] ?/,
  /^[\w.-]+\/[\w./-]+ /,
  /^(?:[\w.-]+ +)?[\w./@-]+(?:\[[\w.-]+\])?: /,
  // RFC 5424: host, program, pid, message id, no data
  /^[\w.-]+ [\w.-]+ (?:\d+|-) [\w.-]+ - /,
  // grep over several files, and the numbers of lines
  /^[\w./-]+\.(?:log|gz)[\w.-]*:(?:\d+:)?/,
  /^ *\d+[:\t]/,
  // stern: a pod and its container
  /^[\w.]*-[\w.-]+ [\w.-]+ /,
];
const longestPrefix = 400;
const mostPieces = 4;

/** As `match`, of a line that another program put something before: also where another one had done so before that. */
export function matchBehindPrefix(match: LineMatcher, bytes: Buffer, from: number): number {
  const head = Buffer.from(bytes.subarray(from, from + longestPrefix)).toString('latin1');
  const tried = new Set<number>();

  function matchAfter(at: number, depth: number): number {
    const rest = head.slice(at);
    for (const piece of pieces) {
      const length = piece.exec(rest)?.[0].length ?? 0;
      const next = at + length;
      if (length === 0 || tried.has(next)) continue;
      tried.add(next);
      const end = match(bytes, from + next);
      if (end !== -1) return end;
      const further = depth < mostPieces ? matchAfter(next, depth + 1) : -1;
      if (further !== -1) return further;
    }
    return -1;
  }

  return matchAfter(0, 1);
}
