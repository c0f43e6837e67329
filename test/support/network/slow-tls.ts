/**
 * A TLS backend that takes its time to shake hands: nginx counts that as connect time.
 *
 *   const slow = await startSlowTls(150);      // proxy_pass https://…; with nginxTlsSettings in its location
 *   slow.delay(700); await slow.stop();
 *
 * Anonymous key exchange: it needs no certificate.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { atEnd } from '../temp.ts';
import { freePort } from './ports.ts';

const ciphers = 'AECDH-AES256-SHA:@SECLEVEL=0';

export const nginxTlsSettings = `proxy_ssl_ciphers ${ciphers}; proxy_ssl_protocols TLSv1.2; proxy_ssl_session_reuse off;`;

export interface SlowTls {
  readonly address: string;
  /** Milliseconds, from the next connection on. */
  delay(ms: number): void;
}

export async function startSlowTls(firstDelay: number): Promise<SlowTls> {
  let delay = firstDelay;
  const port = await freePort();
  const sockets = new Set<Socket>();
  const tls = createTlsServer({ ciphers, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n'));
  });
  tls.on('tlsClientError', () => undefined);
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    setTimeout(() => tls.emit('connection', socket), delay);
  });
  tcp.listen({ host: '127.0.0.1', port });
  await once(tcp, 'listening');
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
    tcp.close();
  });
  return {
    address: `127.0.0.1:${port}`,
    delay: (ms) => {
      delay = ms;
    },
  };
}
