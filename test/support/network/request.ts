/**
 * One HTTP request, bounded in time, on its own connection.
 *
 *   const { status, headers, body } = await request(`http://127.0.0.1:${port}/`, { timeout: 2_000 });
 *   await request('http://x/', { socketPath: '/tmp/x.sock' });
 *
 * Any status resolves; no connection, no answer in time, or a broken answer rejects (error.code is the system's).
 */
import { type IncomingHttpHeaders, request as send } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RequestOptions {
  /** Milliseconds for everything; 5 s by default. */
  readonly timeout?: number;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly socketPath?: string;
}

export function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { timeout = 5_000, method = 'GET', headers = {}, body, socketPath } = options;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout);
    const call = send(
      url,
      { method, headers, agent: false, signal, ...(socketPath ? { socketPath } : {}) },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (bytes: Buffer) => parts.push(bytes));
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    call.once('error', (error) =>
      reject(signal.aborted ? new Error(`no answer from ${url} within ${timeout} ms`) : error),
    );
    call.end(body);
  });
}

/** As many requests as asked, at most `concurrency` at a time; 0 stands for one that got no answer. */
export async function statuses(
  url: string,
  count: number,
  concurrency = 8,
  options?: RequestOptions,
): Promise<number[]> {
  const seen: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next++;
      seen.push(
        await request(url, options).then(
          (answer) => answer.status,
          () => 0,
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return seen;
}
