/** TCP ports that no program gets by accident: below the range that the kernel takes for outgoing connections. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

export const LOWEST_PORT = 10_000;

/** The first port that is too high. */
export function highestPort(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
    return first > LOWEST_PORT + 2_000 ? Math.min(32_768, first) : 32_768;
  } catch {
    return 32_768;
  }
}

/** On IPv4 and IPv6 alike, where there is IPv6. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port }, () => server.close(() => resolve(true)));
  });
}

/** As many different ports as asked for that nobody listens on now. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 2_000) throw new Error(`no ${count} free ports between ${LOWEST_PORT} and ${highestPort()}`);
    const port = LOWEST_PORT + Math.floor(Math.random() * (highestPort() - LOWEST_PORT));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}
