/**
 * Requests at a steady pace until it is stopped, answers ignored.
 *
 *   const traffic = startTraffic(`http://127.0.0.1:${port}/app`, 5);   // five a second
 *   traffic.pace(0.16); await traffic.stop();
 */
import { connect, type Socket } from 'node:net';
import { atEnd } from '../temp.ts';
import { request } from './request.ts';

export interface Traffic {
  pace(perSecond: number): void;
  stop(): void;
}

/** Each request has its own connection and does not wait for the one before; ends with the test. */
export function startTraffic(url: string, perSecond: number): Traffic {
  let timer: NodeJS.Timeout | null = null;
  const stop = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
  };
  const pace = (rate: number): void => {
    stop();
    if (rate === 0) return;
    timer = setInterval(() => {
      request(url, { timeout: 30_000 }).catch(() => undefined);
    }, 1000 / rate);
  };
  pace(perSecond);
  atEnd(stop);
  return { pace, stop };
}

export interface Held {
  release(): void;
}

/**
 * So many clients that write this and then wait, until `release`, which is yours to call. They come one by one: nginx
 * gives up connections that have not said anything yet when it needs one.
 */
export function holdClients(port: number, text: string, count: number): Held {
  const sockets: Socket[] = [];
  const timer = setInterval(() => {
    if (sockets.length === count) return clearInterval(timer);
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.write(text);
    sockets.push(socket);
  }, 15);
  const release = (): void => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
  return { release };
}
