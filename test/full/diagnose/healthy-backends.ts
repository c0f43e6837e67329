/** Applications that answer in every way that is no failure, for healthy situations. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTcpServer, type Server } from 'node:net';
import { atEnd } from '../../support/temp.ts';

const application: RequestListener = (asked, answer) => {
  const { pathname } = new URL(asked.url ?? '/', 'http://x');
  const status = Number(pathname.slice(1));
  if (status > 200 && status < 500) answer.statusCode = status;
  if (pathname === '/closing') answer.shouldKeepAlive = false;
  if (pathname === '/events') {
    answer.write('data: 1\n\n');
    return void setTimeout(() => answer.end('data: 2\n\n'), 15_000);
  }
  if (pathname === '/text') {
    answer.setHeader('Content-Type', 'text/html');
    return void answer.end('a line of text\n'.repeat(5000));
  }
  if (pathname === '/slow') return void setTimeout(() => answer.end('late'), 3000);
  if (pathname === '/poll') return void setTimeout(() => answer.end('polled'), 15_000);
  if (pathname === '/large') {
    answer.write(Buffer.alloc(4 << 20));
    return void setTimeout(() => answer.end(Buffer.alloc(4 << 20)), 1000);
  }
  asked.resume().on('end', () => answer.end('ok'));
};

export async function listen(port: number, host = '127.0.0.1'): Promise<Server> {
  const server = createServer(application);
  server.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.on('data', (bytes: Buffer) => socket.write(bytes)).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  atEnd(() => server.close());
  return server;
}

/** Backends that speak something else than HTTP/1: each echoes. */
export async function startEchoes(ports: {
  readonly grpc: number;
  readonly tcp: number;
  readonly udp: number;
}): Promise<void> {
  const grpc = createHttp2Server().on('stream', (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.on('error', () => undefined).pipe(stream);
  });
  const tcp = createTcpServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await Promise.all(
    (
      [
        [grpc, ports.grpc],
        [tcp, ports.tcp],
      ] as const
    ).map(async ([server, port]) => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      atEnd(() => server.close());
    }),
  );
  const udp = createSocket('udp4');
  udp.on('message', (text, { port, address }) => udp.send(text, port, address));
  udp.bind(ports.udp, '127.0.0.1');
  await once(udp, 'listening');
  atEnd(() => udp.close());
}
