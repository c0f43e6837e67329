/**
 * Backends for nginx to talk to: they behave, or misbehave, as asked, and count.
 *
 *   const backend = await startBackend();                        // answers 200 "ok" on its own port
 *   const slow = await startBackend({ behave: { delay: 300 } });
 *   const rude = await startBackend({ behave: 'reset' });        // also: 'close', 'close_early', 'hang', 'garbage'
 *   const unix = await startBackend({ path: join(dir, 'b.sock') });
 *   backend.behave({ status: 503, body: 'busy' });               // from the next connection on
 *   backend.requests(); backend.connections();
 *   await backend.stop(); await backend.restart();               // the same address: refused in between
 *
 *   const full = await startFullBacklog();                       // accepts nobody: TCP times out, a unix socket says EAGAIN
 */
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { fillBacklog, listenerArgs } from '../../../demo/backlog.ts';
import { freePort } from '../network/ports.ts';
import { start } from '../process.ts';
import { atEnd } from '../temp.ts';

export interface Reply {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds before the answer begins. */
  readonly delay?: number;
}

/**
 * `reset`: RST once the request came (104). `close`: closed as soon as it is accepted. `close_early`: closed after the
 * request, without an answer. `hang`: never answers. `big_header`: more header than nginx's buffer holds.
 * `garbage`: an answer with an invalid header.
 */
export type Misbehaviour = 'reset' | 'close' | 'close_early' | 'hang' | 'big_header' | 'garbage';
export type Behaviour = Reply | Misbehaviour | ((request: IncomingMessage, response: ServerResponse) => void);

export interface BackendOptions {
  /** One is found by default. */
  readonly port?: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** A unix socket instead; anybody may connect unless `mode` says otherwise (nginx's workers are another user). */
  readonly path?: string;
  readonly mode?: number;
  readonly behave?: Behaviour;
  readonly keepalive?: boolean;
}

export interface Backend {
  readonly port: number;
  /** For nginx's `server`: `127.0.0.1:1234`, `[::1]:1234`, `unix:/…`. */
  readonly address: string;
  behave(next: Behaviour): void;
  connections(): number;
  requests(): number;
  /** Closes the socket and every connection: from now on it refuses. */
  stop(): Promise<void>;
  restart(): Promise<void>;
}

/** Resolves once it listens. Ends with the test. */
export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { host = '127.0.0.1', path, keepalive = true } = options;
  const port = path === undefined ? (options.port ?? (await freePort())) : 0;
  const where: ListenOptions = path === undefined ? { host, port } : { path };
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = options.behave ?? {};
  let connections = 0;
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    if (!keepalive) response.setHeader('Connection', 'close');
    answer(behaviour, request, response);
  });
  server.keepAliveTimeout = 60_000;
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    if (behaviour === 'close') socket.destroy();
  });
  const listen = async (): Promise<void> => {
    if (path !== undefined) rmSync(path, { force: true });
    server.listen(where);
    await once(server, 'listening');
    if (path !== undefined) chmodSync(path, options.mode ?? 0o666);
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen();
  atEnd(stop);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    port,
    address: path === undefined ? `${shown}:${port}` : `unix:${path}`,
    behave: (next) => {
      behaviour = next;
    },
    connections: () => connections,
    requests: () => requests,
    stop,
    restart: async () => {
      await stop();
      await listen();
    },
  };
}

function answer(behaviour: Behaviour, request: IncomingMessage, response: ServerResponse): void {
  if (typeof behaviour === 'function') {
    behaviour(request, response);
    return;
  }
  const { socket } = request;
  if (typeof behaviour === 'object') {
    const { status = 200, body = 'ok\n', headers = {}, delay = 0 } = behaviour;
    const timer = setTimeout(() => response.writeHead(status, headers).end(body), delay);
    // The response's own end: a connection that is kept would gather a listener for each of its requests.
    response.once('close', () => clearTimeout(timer));
    return;
  }
  switch (behaviour) {
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'close':
    case 'close_early':
      socket.destroy();
      return;
    case 'hang':
      return;
    case 'big_header':
      response.writeHead(200, { 'X-Big': 'x'.repeat(16_000) }).end('ok\n');
      return;
    case 'garbage':
      socket.end('HTTP/1.1 200 OK\r\nbad\0header: x\r\n\r\n');
      return;
  }
}

export interface FullBacklog {
  readonly port: number;
  readonly address: string;
  stop(): Promise<void>;
}

/**
 * A listener whose queue is full and which never accepts (a stopped process): connecting by TCP gets no answer (110),
 * by a unix socket EAGAIN (11). Ends with the test.
 */
export async function startFullBacklog(
  options: { readonly path?: string; readonly port?: number } = {},
): Promise<FullBacklog> {
  const { path } = options;
  const port = path === undefined ? (options.port ?? (await freePort())) : 0;
  const where = path === undefined ? { host: '127.0.0.1', port } : { path };
  const child = start(process.execPath, listenerArgs(where));
  await child.waitForLine(/listening/);
  child.signal('SIGSTOP');
  let fillers: readonly Socket[] = [];
  const stop = async (): Promise<void> => {
    for (const socket of fillers) socket.destroy();
    await child.stop('SIGKILL');
  };
  atEnd(stop);
  fillers = await fillBacklog(where);
  return { port, address: path === undefined ? `127.0.0.1:${port}` : `unix:${path}`, stop };
}
