/** Peers on this host: unix sockets and listen queues; nginx in a container, and a host seen through a prefix. */
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLiveProcesses } from '../../../collector/runtime/nginx/processes.ts';
import { createNginxSockets } from '../../../collector/runtime/nginx/sockets.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { processLoad } from '../../../collector/system/process/load.ts';
import { createProcfs } from '../../../collector/system/process/procfs.ts';
import { testOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { start } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { startBackend, startFullBacklog } from '../../support/servers/backend.ts';
import { configText, startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { startPlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

function watch(master: number, peers: readonly string[]) {
  const procfs = createProcfs(nodeFileSystem, '/proc');
  const processes = createLiveProcesses(procfs, () => master);
  const sockets = createNginxSockets(procfs, processLoad.cpuUs);
  return () => {
    const nowUs = systemClock.monotonicUs();
    return sockets.look(processes.look(nowUs), () => peers, true, nowUs);
  };
}

test('a unix socket: connections that are made, and those that wait to be accepted', { timeout: 90_000 }, async () => {
  const [front = 0] = await freePorts(1);
  const path = join(tempDir('unix'), 'app.sock');
  const backend = await startBackend({ path, behave: 'hang' });
  await run('/bin/chmod', ['666', path]);
  const full = join(tempDir('unix'), 'full.sock');
  await startFullBacklog({ path: full });
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://unix:${path}:/; } }`,
  });
  const look = watch(nginx.pid, [`unix:${path}`, `unix:${full}`, 'unix:/none.sock']);
  const asking = Array.from({ length: 4 }, () =>
    request(`http://127.0.0.1:${front}/`, { timeout: 60_000 }).catch(() => null),
  );
  const view = await waitUntil(
    () => {
      const seen = look();
      const app = seen?.peers.get(`unix:${path}`);
      return app?.states.established === 4 && app.queued === 0 ? seen : null;
    },
    { what: 'four connections, all accepted', timeout: 40_000, hint: () => look()?.peers.get(`unix:${path}`) },
  );
  expect(view.toPeers).toBeGreaterThanOrEqual(4);
  expect(view.peers.get(`unix:${full}`)?.queued).toBeGreaterThan(0);
  expect(view.peers.get('unix:/none.sock')).toMatchObject({ queued: null, states: { established: 0 } });
  await backend.stop();
  await Promise.all(asking);
});

test('the listen queue of a peer on this host is what ss says, and its overflows are counted', {
  timeout: 40_000,
}, async () => {
  const [front = 0] = await freePorts(1);
  const full = await startFullBacklog();
  const nginx = await startNginx({ http: `server { listen 127.0.0.1:${front}; }` });
  const look = watch(nginx.pid, [full.address, '127.0.0.1:1', `127.0.0.2:${front}`]);
  const ss = await tool('ss');
  const said = async () =>
    Number((await run(ss.path, ['-Htln', `sport = :${full.port}`], { env: ss.env })).stdout.split(/\s+/)[1]);
  await waitUntil(async () => (await said()) > 0 && look()?.peers.get(full.address)?.queued === (await said()), {
    what: 'the same depth',
    timeout: 40_000,
    hint: async () => [look()?.peers.get(full.address), await said()],
  });
  expect(look()?.peers.get('127.0.0.1:1')?.queued).toBeNull();
  expect(look()?.peers.get(`127.0.0.2:${front}`)?.queued).toBeNull();
  expect(look()?.listenOverflows).toBeGreaterThan(0);
});

testOn('root')(
  'nginx in a container, seen from a Netdata that has the host under a prefix',
  { timeout: 60_000 },
  async () => {
    const nginx = await tool('nginx');
    const prefix = tempDir('container');
    for (const name of ['logs', 'temp']) mkdirSync(join(prefix, name), { recursive: true });
    const [conf, log] = [join(prefix, 'nginx.conf'), join(prefix, 'logs/error.log')];
    writeFileSync(
      conf,
      configText({ workers: 2, main: 'worker_rlimit_nofile 500;', http: 'server { listen 80; }' }, nginx, prefix),
    );
    const own = [
      '--pid',
      '--fork',
      '--net',
      '--mount-proc',
      '--kill-child',
      nginx.path,
      '-p',
      prefix,
      '-e',
      log,
      '-c',
      conf,
    ];
    const container = start('/usr/bin/unshare', own, { env: nginx.env });

    const host = tempDir('host');
    for (const name of ['proc', 'tmp']) symlinkSync(`/${name}`, join(host, name));
    const plugin = startPlugin({
      conf: `jobs:\n  - name: t\n    nginx_conf: ${conf}\n    error_log: ${log}\n`,
      env: { NETDATA_HOST_PREFIX: host },
      user: 65534,
    });
    await plugin.chart('nginx_upstream_t.workers', ({ running }) => running === 2, 20_000);
    expect((await plugin.chart('nginx_upstream_t.descriptors_used'))['used']).toBeGreaterThan(0);
    appendFileSync(
      log,
      '2026/11/22 07:30:45 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.9:80/", host: "x"\n',
    );
    expect(await plugin.chart('nginx_upstream_t.peer_tcp_states_10_0_0_9_80')).toMatchObject({ established: 0 });
    await container.stop();
  },
);
