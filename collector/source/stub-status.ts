/**
 * nginx's stub_status, asked without ever holding up a tick.
 *
 * A tick must not wait for a network. So a tick takes the answer that has come since the last one, and asks anew: the
 * request runs between two ticks, and what is drawn is as old as one interval at most. A request that has no answer in
 * time is given up before the next tick, so there is never more than one under way. The connection is kept alive; nginx
 * counts it as one that waits.
 */
import type { StubStatus } from '../model.ts';
import type { HttpAnswer, HttpClient } from '../system/network/http.ts';
import type { SourceProblem } from './source.ts';
import { parseStatusUrl } from './status-url.ts';

export interface StatusReading {
  readonly problem: SourceProblem | null;
  /** What nginx answered to the last question; null when it did not, or has not yet. */
  readonly status: StubStatus | null;
}

export interface StatusSource {
  /** `stub_status URL`: what the texts of its problems are about. */
  readonly name: string;
  /** Takes the answer that has come, and asks anew. Never waits, never throws. */
  poll(): StatusReading;
  close(): void;
}

export interface StatusPageAddress {
  readonly url: string;
  /** The Host header that selects the server; null = by the URL. */
  readonly host: string | null;
}

export interface StatusOptions {
  readonly page: StatusPageAddress;
  readonly http: HttpClient;
  readonly parse: (text: string) => StubStatus | null;
  /** Less than the shortest tick, one second. */
  readonly timeoutMs?: number;
}

export function createStatusSource({ page, http, parse, timeoutMs = 800 }: StatusOptions): StatusSource {
  const { url, host } = page;
  const target = parseStatusUrl(url, host);
  const steady = createSteadyProblem();
  let answer: HttpAnswer | null = null;
  let asking = false;

  function ask(): void {
    if (target === null || asking) return;
    asking = true;
    http.get(target, timeoutMs, (next) => {
      asking = false;
      answer = next;
    });
  }

  return {
    name: `stub_status ${url}`,
    poll() {
      const taken = answer;
      answer = null;
      ask();
      if (target === null) return { problem: notAUrl, status: null };
      // Nothing came, neither answer nor failure: the first tick, or the process was held up. Not the server's fault.
      if (taken === null) return { problem: steady.current(), status: null };
      const status = taken.is === 'answer' && taken.status === 200 ? parse(taken.body) : null;
      return { problem: steady.next(status === null ? problemOf(taken, timeoutMs) : null), status };
    },
    close: () => http.close(),
  };
}

/**
 * A server in trouble answers now this way, now that way (at its limit nginx resets one connection and lets the next
 * one wait): a problem is reported anew only when another one has stayed, not with every poll.
 */
function createSteadyProblem() {
  const enough = 5;
  let told: SourceProblem | null = null;
  let other = { code: '', times: 0 };
  return {
    current: () => told,
    next(problem: SourceProblem | null): SourceProblem | null {
      const isNew = told === null || problem === null;
      if (!isNew && problem.code !== told?.code) {
        other = { code: problem.code, times: problem.code === other.code ? other.times + 1 : 1 };
      } else {
        other = { code: '', times: 0 };
      }
      if (isNew || other.times >= enough) told = problem;
      return told;
    },
  };
}

const notAUrl: SourceProblem = {
  code: 'bad_url',
  text: 'this is not a URL: write http://HOST/PATH, https://HOST/PATH or http://unix:/SOCKET:/PATH',
};

function problemOf(answer: HttpAnswer, timeoutMs: number): SourceProblem {
  const problem = (code: string, text: string) => ({ code, text });
  switch (answer.is) {
    case 'late':
      return problem(
        'late',
        `no answer within ${timeoutMs} ms (nginx without free worker_connections does not answer)`,
      );
    case 'failed':
      return problem('failed', failure(answer.error));
    case 'answer':
      if (answer.status === 200)
        return problem('not_a_page', `answered 200 with ${glimpse(answer.body)}; is stub_status set in that location?`);
      return problem(`status_${answer.status}`, `answered ${answer.status}; ${remedy(answer)}`);
  }
}

function failure(error: string): string {
  switch (error) {
    case 'ECONNREFUSED':
      return 'connection refused (ECONNREFUSED): is nginx running, and does it listen there?';
    case 'ECONNRESET':
      return 'the connection was closed without an answer (ECONNRESET): is it nginx, and does it have free worker_connections?';
    case 'ENOENT':
      return 'there is no such socket (ENOENT): is nginx running, and does it listen there?';
    case 'EACCES':
      return 'no permission to connect to the socket (EACCES): give the user of this plugin the right to write to it';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name does not resolve (${error})`;
    default:
      return /CERT|SIGNATURE|ISSUER/.test(error)
        ? `the certificate is not trusted (${error}): ask over http on a loopback address, or set NODE_EXTRA_CA_CERTS`
        : `no connection (${error})`;
  }
}

function remedy({ status, location }: { readonly status: number; readonly location: string }): string {
  if (status === 401 || status === 403)
    return 'that location must allow this host (allow 127.0.0.1;) without a password';
  if (status === 404) return 'there is no stub_status location under that URL';
  if (status >= 300 && status < 400)
    return `it points to ${printable(location, 200)}: put the URL of the page itself into stub_status`;
  return 'a stub_status page comes with 200';
}

function glimpse(body: string): string {
  if (body.trim() === '') return 'nothing';
  if (/^\s*<(!doctype|html)/i.test(body)) return 'an HTML page';
  // Never its text: whoever answers there may be anybody, and the log is read by many.
  return `something else, ${body.length} bytes`;
}

/** Foreign text for a log line: cut, and without anything that is not plain ASCII. */
function printable(text: string, longest: number): string {
  return text
    .slice(0, longest)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
}
