/**
 * What reading /proc/net/tcp costs with very many sockets: `npm run bench -- sockets [COUNT]`. As root it makes them, in
 * its own network namespace: connections to four listeners on loopback, closed by the client, so that each leaves
 * a TIME-WAIT. Otherwise only the parsing of a made-up table is measured.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTcpScanner, indexPeers } from '../../collector/parse/proc/net-tcp.ts';
import { socketStates } from '../../collector/parse/proc/socket-rows.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';
import { createProcfs, type Procfs } from '../../collector/system/process/procfs.ts';

const ports = [9001, 9002, 9003, 9004];
const peers = ports.map((port) => `127.0.0.1:${port}`);
const index = indexPeers(peers);

export async function reportSockets(count: number): Promise<string> {
  const synthetic = measure(`${count} rows made up, read from a file and counted`, tableOf(count));
  if (process.getuid?.() !== 0)
    return `${synthetic}real sockets: NOT MEASURED, only root can make a network namespace\n`;
  const inside = spawnSync(
    '/usr/bin/unshare',
    ['--net', process.execPath, process.argv[1] ?? '', 'sockets-inside', String(count)],
    {
      encoding: 'utf8',
      timeout: 120_000,
    },
  );
  return `${synthetic}${inside.stdout}${inside.stderr}`;
}

/** Runs in its own namespace. */
export async function reportRealSockets(count: number): Promise<string> {
  spawnSync('/usr/sbin/ip', ['link', 'set', 'lo', 'up']);
  // On loopback the kernel would use the port of a TIME-WAIT again after a second.
  writeFileSync('/proc/sys/net/ipv4/tcp_tw_reuse', '0');
  const procfs = createProcfs(nodeFileSystem, '/proc');
  const empty = measure('no sockets', procfs);
  await leaveTimeWaits(count);
  return empty + measure(`${count} connections made and closed`, procfs);
}

/** The middle of several readings: of the total, and of the kernel's part alone. */
function measure(what: string, procfs: Procfs): string {
  const rounds = 15;
  const path = 'self/net/tcp';
  let seen = 0;
  let bytes = 0;
  const whole: number[] = [];
  const kernel: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const scanner = createTcpScanner(index, new Set([0]));
    whole.push(cpuMs(() => procfs.pieces(path, scanner.scan)));
    seen = peers.reduce(
      (sum, peer) => sum + Object.values(socketStates).reduce((all, st) => all + scanner.count(peer, st), 0),
      0,
    );
    bytes = 0;
    kernel.push(
      cpuMs(() =>
        procfs.pieces(path, (_bytes, end) => {
          bytes += end;
          return end;
        }),
      ),
    );
  }
  const [all, read] = [middle(whole), middle(kernel)];
  const every = (share: number) => `every ${Math.min(30, Math.max(1, Math.ceil(all / share / 1000)))} s`;
  const share = (of: number) =>
    `${((all / (Math.min(30, Math.max(1, Math.ceil(all / of / 1000))) * 1000)) * 100).toFixed(2)} %`;
  return (
    `${what}: ${seen} sockets to peers, ${(bytes / 1e6).toFixed(1)} MB; ${all.toFixed(1)} ms a reading, of which ` +
    `${read.toFixed(1)} ms is reading alone; read ${every(0.002)} while all is well (${share(0.002)} of a core), ` +
    `${every(0.01)} in trouble (${share(0.01)})\n`
  );
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Half of the rows are clients of nginx, half are connections to the peers. */
function tableOf(count: number): Procfs {
  const root = mkdtempSync(join(tmpdir(), 'nginx-upstream-bench-'));
  process.on('exit', () => rmSync(root, { recursive: true, force: true }));
  const hex = (value: number, width: number) => value.toString(16).toUpperCase().padStart(width, '0');
  const rows = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'.padEnd(149),
  ];
  for (let at = 0; at < count; at++) {
    const toPeer = at % 2 === 1;
    const local = `0100007F:${hex(toPeer ? 32_768 + (at % 28_000) : 80, 4)}`;
    const remote = toPeer
      ? `0100007F:${hex(ports[at % 4] ?? 0, 4)}`
      : `${hex((at * 2_654_435_761) % 2 ** 32, 8)}:${hex(1024 + (at % 60_000), 4)}`;
    const rest = '00000000:00000000 00:00000000 00000000    33        0 443024 1 0000000000000000 20 4 30 10 -1';
    rows.push(`${String(at).padStart(4)}: ${local} ${remote} ${toPeer ? '06' : '01'} ${rest}`.padEnd(149));
  }
  mkdirSync(join(root, 'self/net'), { recursive: true });
  writeFileSync(join(root, 'self/net/tcp'), `${rows.join('\n')}\n`);
  return createProcfs(nodeFileSystem, root);
}

async function leaveTimeWaits(count: number): Promise<void> {
  const servers = ports.map((port) =>
    createServer({ allowHalfOpen: false }, (socket) => socket.resume()).listen(port, '127.0.0.1'),
  );
  await Promise.all(servers.map((server) => once(server, 'listening')));
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const socket = connect(ports[next++ % ports.length] ?? 0, '127.0.0.1');
      socket.resume().once('connect', () => socket.end());
      await once(socket, 'close');
    }
  };
  await Promise.all(Array.from({ length: 50 }, worker));
  for (const server of servers) server.close();
}
