/** One TCP connect, on a host too busy to listen to its answer in time. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { connectOnce } from '../../collector/system/network/net.ts';
import { freePort } from '../support/network/ports.ts';
import { atEnd } from '../support/temp.ts';

/** As long as this process gets no time. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function stalled(port: number) {
  const result = connectOnce('127.0.0.1', port, 100);
  stall(200);
  return await result;
}

test('a refusal that lay there for longer than the time limit is no silence', async () => {
  expect(await stalled(await freePort())).toEqual({ is: 'failed', code: 'ECONNREFUSED' });
});

test('the same of a connection', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  expect(await stalled(address.port)).toEqual({ is: 'connected' });
});
