/** Programs that stay while the demo runs, and asking them over HTTP on the loopback. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnTied, stopFamily } from './processes.ts';

export interface Server {
  readonly name: string;
  readonly child: ChildProcess;
  /** The end of what it said. */
  said(): string;
  stop(): Promise<void>;
}

export function start(
  name: string,
  path: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  log: string,
): Server {
  // Its own session: Ctrl-C is for the demo, which ends the others in order.
  const child = spawnTied(path, args, { ...options, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    stderr = `${stderr}${bytes}`.slice(-4_000);
  });
  child.on('error', (error) => {
    stderr += error.message;
  });
  return {
    name,
    child,
    said: () => `${stderr}${readText(log)}`.trim().slice(-1_500),
    stop: async () => void (await stopFamily(child, 'SIGTERM', 10_000)),
  };
}

/** Resolves once it answers; rejects when it has ended, or does not answer within 30 s. */
export async function waitFor(server: Server, url: string): Promise<void> {
  const end = performance.now() + 30_000;
  for (;;) {
    const { exitCode, signalCode, pid } = server.child;
    if (pid === undefined || exitCode !== null || signalCode !== null) {
      throw new Error(`${server.name} did not start: ${server.said()}`);
    }
    const answer = await ask(url).catch(() => null);
    if (answer?.status === 200) return;
    if (performance.now() > end) throw new Error(`${server.name} does not answer: ${server.said()}`);
    await sleep(100);
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One GET on its own connection; rejects when there is no answer within 5 s. */
export function ask(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(5_000);
    const request = get(url, { agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    request.once('error', reject);
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
