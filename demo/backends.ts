/** The backends behind the demo's nginx: they answer, refuse, let connects time out, or are slow, as asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { fillBacklog, listenerArgs } from './backlog.ts';
import { spawnTied, stopFamily } from './processes.ts';

export interface Backend {
  /** As nginx names it. */
  readonly address: string;
  /** Answers after so many milliseconds. */
  answer(delayMs?: number): Promise<void>;
  /** Nothing listens on its port any more. */
  refuse(): Promise<void>;
  /** Something listens and accepts nobody: connecting gets no answer. */
  hang(): Promise<void>;
  stop(): Promise<void>;
}

const usualDelayMs = 3;

export function createBackend(port: number, env: NodeJS.ProcessEnv): Backend {
  const where = { host: '127.0.0.1', port };
  const sockets = new Set<Socket>();
  let delay = usualDelayMs;
  let unhang = async (): Promise<void> => undefined;
  const server = createServer((_request, response) => {
    setTimeout(() => response.end('ok\n'), delay);
  });
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  async function stop(): Promise<void> {
    await unhang();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  async function hang(): Promise<void> {
    await stop();
    // KILL: one that is stopped acts on nothing less.
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawnTied(process.execPath, listenerArgs(where), { env, stdio: [...stdio] }, 'KILL');
    let fillers: readonly Socket[] = [];
    unhang = async () => {
      unhang = async () => undefined;
      for (const socket of fillers) socket.destroy();
      await stopFamily(child, 'SIGKILL');
    };
    if (child.stdout) await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    child.kill('SIGSTOP');
    fillers = await fillBacklog(where);
  }

  return {
    address: `127.0.0.1:${port}`,
    async answer(delayMs = usualDelayMs) {
      await unhang();
      delay = delayMs;
      if (server.listening) return;
      server.listen(where);
      await once(server, 'listening');
    },
    refuse: stop,
    hang,
    stop,
  };
}
