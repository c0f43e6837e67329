/**
 * A listener that accepts nobody: the way to a connect that gets no answer (ETIMEDOUT) without a firewall and without
 * root. A separate process listens with a queue of one and is then stopped; connections fill the queue, and the
 * kernel lets the next SYN fall. On a unix socket the next connect gets EAGAIN instead.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';

const LISTENER = `
const where = JSON.parse(process.argv[1]);
require('node:net').createServer(() => {}).listen({ ...where, backlog: 1, readableAll: true, writableAll: true }, () => console.log('listening'));
`;

/** Arguments for node. It prints `listening`; send it SIGSTOP then, and end it with SIGKILL. */
export const listenerArgs = (where: NetConnectOpts): readonly string[] => ['-e', LISTENER, JSON.stringify(where)];

/** Connects until one gets no answer. Resolves with the connections, which the caller destroys at the end. */
export async function fillBacklog(where: NetConnectOpts, most = 64): Promise<readonly Socket[]> {
  const fillers: Socket[] = [];
  const isFull = (): boolean => fillers.some((socket) => socket.connecting || socket.errored !== null);
  while (!isFull()) {
    if (fillers.length >= most) throw new Error(`the queue takes more than ${most} connections`);
    const socket = connect(where);
    socket.on('error', () => undefined);
    fillers.push(socket);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  return fillers;
}
