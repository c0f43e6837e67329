/** One TCP connect, to learn what the kernel answers: nothing is sent, and what connected is closed at once. */
import { connect as open } from 'node:net';

export type ConnectResult =
  | { readonly is: 'connected' }
  /** Nothing came back in time. */
  | { readonly is: 'silent' }
  /** The system's code: `ECONNREFUSED`, `EHOSTUNREACH`, `EACCES`, … */
  | { readonly is: 'failed'; readonly code: string };

/** Never rejects. `host` is an address, without brackets. */
export type Connect = (host: string, port: number, timeoutMs: number) => Promise<ConnectResult>;

export const connectOnce: Connect = (host, port, timeoutMs) =>
  new Promise((resolve) => {
    const socket = open({ host, port, family: host.includes(':') ? 6 : 4 });
    const end = (result: ConnectResult) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    // On a busy host the answer may lie there already: it is read before the time is called over.
    const timer = setTimeout(() => setImmediate(() => end({ is: 'silent' })), timeoutMs);
    socket.once('connect', () => end({ is: 'connected' }));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ETIMEDOUT' ? { is: 'silent' } : { is: 'failed', code: error.code ?? error.message }),
    );
  });
