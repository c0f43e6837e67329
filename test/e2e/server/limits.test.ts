/** The server of a real nginx at its limits, watched tick by tick. */
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { JobSnapshot } from '../../../collector/model.ts';
import { createNginxServer, type ServerFacts } from '../../../collector/runtime/nginx/server.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { processLoad } from '../../../collector/system/process/load.ts';
import { freePorts } from '../../support/network/ports.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { atEnd } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

function empty(peers: readonly string[]): JobSnapshot {
  return {
    job: 't',
    lines: { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 },
    behindBytes: 0,
    sources: { ok: 0, failing: 0 },
    load: { cpuUs: 0, residentBytes: 0, lateTicks: 0 },
    upstreams: [],
    peers: peers.map((peer) => ({ upstream: peer, peer, origin: 'log' })),
  };
}

/** Watches as the plugin does, in quicker ticks; `tick` resolves with what the next one shows. */
function watch(nginx: Nginx, facts: Partial<ServerFacts>, peers: readonly string[]) {
  const told: string[] = [];
  const conditions = {
    set: (subject: string, problem: string | null) => void (problem && told.push(`${subject}: ${problem}`)),
    drop: () => undefined,
  };
  const ports = { fs: nodeFileSystem, conditions, cpuUs: processLoad.cpuUs, hostPrefix: '' };
  const unknown = { statusPages: [], workerProcesses: null, workerConnections: null, traces: null };
  const server = createNginxServer('t', { ...unknown, master: nginx.pid, ...facts }, ports);
  atEnd(() => server.close());
  const tick = async (): Promise<JobSnapshot> => {
    server.drain(systemClock.monotonicUs());
    await sleep(100);
    server.drain(systemClock.monotonicUs());
    return server.complete(empty(peers), systemClock.monotonicUs());
  };
  return { tick, told };
}

interface Client {
  readonly socket: Socket;
  /** What came back, as far as it has come. */
  answer(): string;
  closed(): boolean;
}

async function client(port: number): Promise<Client> {
  let answer = '';
  let closed = false;
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (bytes) => {
    answer += bytes;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  atEnd(() => socket.destroy());
  return { socket, answer: () => answer, closed: () => closed };
}

test('worker_connections 20: nearly full when clients begin to be turned away, though stub_status answers no more', {
  timeout: 60_000,
}, async () => {
  const [front = 0] = await freePorts(1);
  const backend = await startBackend({ behave: 'hang' });
  const nginx = await startNginx({
    events: 'worker_connections 20;',
    http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://${backend.address}; } location /s { stub_status; } }`,
  });
  const url = `http://127.0.0.1:${front}/s`;
  const facts = { statusPages: [{ url, host: null }], workerProcesses: 1, workerConnections: 20 };
  const { tick, told } = watch(nginx, facts, [backend.address]);
  await waitUntil(async () => (await tick()).connections, { what: 'stub_status' });

  const clients: Client[] = [];
  const turnedAway = () => clients.some((one) => one.closed() || one.answer().includes(' 500 '));
  const shares: number[] = [];
  const look = async () => {
    const share = (await tick()).workerConnectionsUsed;
    if (typeof share === 'number') shares.push(share);
    return share;
  };
  while (!turnedAway() && clients.length < 30) {
    clients.push(await client(front));
    await sleep(50);
    await look();
  }
  expect(turnedAway()).toBe(true);
  expect(clients.length).toBeLessThanOrEqual(10);
  // A client needs two of the 20. 17 are in use when the next one gets no second: it has given its first one back by now.
  await waitUntil(async () => ((await look()) ?? 0) >= 85, { what: '85 %', hint: () => shares });
  expect(Math.max(...shares)).toBeLessThanOrEqual(100);
  expect(shares[0]).toBeLessThan(40);

  for (let more = 0; more < 5; more++) clients.push(await client(front));
  await waitUntil(() => clients.slice(-5).every((one) => one.closed()), { what: 'nginx to close them at once' });
  const atLimit = await waitUntil(
    async () => {
      const snapshot = await tick();
      return snapshot.connections === null ? snapshot : null;
    },
    { what: 'stub_status not to answer' },
  );
  expect(atLimit.workerConnectionsUsed).toBeGreaterThanOrEqual(90);
  expect(told.join('\n')).toContain(url);

  for (const { socket } of clients) socket.destroy();
  const after = await waitUntil(
    async () => {
      const { connections } = await tick();
      return connections && connections.dropped >= 5 ? connections : null;
    },
    { what: 'dropped clients to be counted', hint: () => tick() },
  );
  expect(after.active).toBeLessThan(5);
});

test('descriptors that run out drop nobody: accepts and handled stay together', { timeout: 60_000 }, async () => {
  const [front = 0] = await freePorts(1);
  const nginx = await startNginx({
    main: 'worker_rlimit_nofile 40;',
    events: 'worker_connections 256;',
    http: `server { listen 127.0.0.1:${front}; location / { return 200 ok; } location /s { stub_status; } }`,
  });
  const facts = {
    statusPages: [{ url: `http://127.0.0.1:${front}/s`, host: null }],
    workerProcesses: 1,
    workerConnections: 256,
  };
  const { tick } = watch(nginx, facts, []);
  await waitUntil(async () => (await tick()).connections, { what: 'stub_status' });
  const clients = await Promise.all(Array.from({ length: 50 }, () => client(front)));
  await nginx.errorLines(/accept4\(\) failed \(24: /);
  const full = await waitUntil(
    async () => {
      const snapshot = await tick();
      return (snapshot.descriptorsUsed ?? 0) > 95 ? snapshot : null;
    },
    { what: 'descriptors at their limit' },
  );
  // A few descriptors above the limit are inherited from the master.
  expect(full.descriptorsUsed).toBeLessThanOrEqual(110);
  expect(full.workerConnectionsUsed).toBeLessThan(25);
  for (const { socket } of clients) socket.destroy();
  const seen: number[] = [];
  await waitUntil(
    async () => {
      const { connections } = await tick();
      if (connections) seen.push(connections.dropped);
      return seen.length >= 5;
    },
    { what: 'stub_status again' },
  );
  expect(seen.every((dropped) => dropped === 0)).toBe(true);
});
