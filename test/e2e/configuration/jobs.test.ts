/** What befalls one job stays with it; and a job outlives its nginx: with a real Netdata 1.37.1, and real nginx in their own roots. */
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testOn } from '../../support/machine.ts';
import { freePort } from '../../support/network/ports.ts';
import { request, statuses } from '../../support/network/request.ts';
import { type Child, start } from '../../support/process.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { startPlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';

const refused =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n';

describe('a job throws, and Netdata 1.37.1 has its plugin still', () => {
  test.each(['drain 4 1', 'draw 1 2', 'follow 1 2'])(
    '%s: the other job continues, the log has the stack once, all is counted in the end',
    { timeout: 120_000 },
    async (fault) => {
      const isAtStart = / 1 \d$/.test(fault) && !fault.startsWith('follow');
      const dir = tempDir('jobs');
      const logs = { a: join(dir, 'a.log'), b: join(dir, 'b.log') };
      const conf = join(dir, 'nginx.conf');
      for (const path of Object.values(logs)) writeFileSync(path, '');
      writeFileSync(conf, `error_log ${logs.a};\nevents {}\nhttp { access_log off; }\n`);
      const netdata = await startNetdata({
        plugin: { conf: `jobs:\n  - name: a\n    nginx_conf: ${conf}\n  - name: b\n    error_log: ${logs.b}\n` },
        env: { NGINX_UPSTREAM_TEST_FAULT: `a ${fault}` },
      });
      // Each job reads its log from then on: the other may be a second behind, and one that fails at the start is later.
      for (const job of isAtStart ? ['b'] : ['a', 'b']) await netdata.chart(`nginx_upstream_${job}.connect_failures`);
      const pid = netdata.pluginPid();
      // A job follows what its nginx takes.
      writeFileSync(conf, readFileSync(conf, 'utf8').replace('off;', 'off; server {}'));
      for (let second = 0; second < 16; second++) {
        for (const path of Object.values(logs)) appendFileSync(path, refused);
        await sleep(1_000);
      }
      // On a busy machine the configuration is read again some seconds later, and the fault comes then.
      await waitUntil(() => netdata.errorLog().includes('job a works again'), { what: 'its return', timeout: 60_000 });
      await netdata.waitForCount('nginx_upstream_b.connect_failures', 'refused', 16);
      // A job that never got as far as its first tick begins with what comes then: the rest is exact.
      if (!isAtStart) await netdata.waitForCount('nginx_upstream_a.connect_failures', 'refused', 16);
      const log = netdata.errorLog();
      expect(log.split('job a failed and is tried again every 10 s')).toHaveLength(2);
      expect(log).toMatch(/Error: test fault in \w+\\n +at /);
      expect(log).toContain('job a works again');
      expect(log).not.toMatch(/PLUGINSD.*(disabl|exited|killed)/i);
      expect(netdata.pluginPid()).toBe(pid);
      await netdata.stop();
    },
  );
});

/** An nginx in its own root, as in a container: the same paths, other files. */
async function inOwnRoot(
  conf: string,
): Promise<{ readonly child: Child; readonly root: string; readonly socketPath: string }> {
  const program = await tool('nginx');
  const root = tempDir('root');
  for (const name of ['etc/nginx', 'var/log/nginx', 'var/lib/nginx', 'run', 'tmp'])
    mkdirSync(join(root, name), { recursive: true });
  for (const name of ['passwd', 'group']) copyFileSync(`/etc/${name}`, join(root, 'etc', name));
  writeFileSync(join(root, 'etc/nginx/nginx.conf'), conf);
  const script = `set -e; mount --make-rprivate /; mount --bind "$1" "$1"
    for dir in /usr /lib /lib64 /bin /dev /proc "$2"; do
      [ -d "$dir" ] && [ "$dir" != / ] || continue
      mkdir -p "$1$dir"; mount --rbind "$dir" "$1$dir"
    done
    exec chroot "$1" "$3" -c /etc/nginx/nginx.conf -e /var/log/nginx/error.log`;
  const args = ['--mount', 'sh', '-c', script, 'sh', root, program.root, program.path];
  const child = start('unshare', args, { env: program.env, stdin: 'ignore' });
  const socketPath = join(root, 'run/front.sock');
  await waitUntil(async () => (await request('http://x/up', { socketPath })).status === 204, {
    what: 'nginx in its root',
    hint: () => child.stderr(),
  });
  return { child, root, socketPath };
}

testOn('root')(
  'nginx in its own root is replaced by a new one: same chart ids, exact counts',
  {
    timeout: 120_000,
  },
  async () => {
    const dead = await freePort();
    const group = `swap_${dead}`;
    const variables = '$upstream_addr $upstream_status $upstream_connect_time';
    const conf = `daemon off; pid /run/nginx.pid; user root; worker_processes 1;
error_log /var/log/nginx/error.log;
events { worker_connections 64; }
http {
  client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  log_format ours '$status ${variables}';
  access_log /var/log/nginx/access.log ours;
  upstream ${group} { server 127.0.0.1:${dead}; }
  server { listen unix:/run/front.sock; location / { proxy_pass http://${group}; } location /up { access_log off; return 204; } }
}
`;
    const ask = async (socketPath: string, count: number) =>
      expect(await statuses('http://x/', count, 4, { socketPath })).toEqual(Array(count).fill(502));
    let nginx = await inOwnRoot(conf);
    const plugin = startPlugin({ conf: '{}' });
    const chart = new RegExp(`^CHART (nginx_upstream_\\w+)\\.(peer_failures_${group}_\\w+) `, 'gm');
    const ids = () => new Set(Array.from(plugin.child.stdout().matchAll(chart), ([, job, id]) => `${job}.${id}`));
    const id = await waitUntil(() => [...ids()][0], { what: 'the chart', timeout: 30_000 });
    const attempts = id.replace('peer_failures', 'peer_attempts');
    let sent = 5;
    await ask(nginx.socketPath, sent);
    await plugin.chart(id, ({ refused: count }) => count === sent);
    for (let deploy = 0; deploy < 3; deploy++) {
      await ask(nginx.socketPath, 3);
      await nginx.child.stop();
      nginx = await inOwnRoot(conf);
      await ask(nginx.socketPath, 4);
      sent += 7;
      await plugin.chart(id, ({ refused: count = 0 }) => count >= sent, 30_000);
      await ask(nginx.socketPath, 2);
      sent += 2;
      await plugin.chart(id, ({ refused: count = 0 }) => count >= sent);
      expect(plugin.updates(id).at(-1)?.values['refused']).toBe(sent);
      await plugin.chart(attempts, ({ connect_failed: count }) => count === sent);
    }
    expect([...ids()]).toEqual([id]);
    // No gap in what it draws, however often it was replaced.
    const at = plugin.updates(id).map((update) => update.at);
    const perTick = plugin.updates(id.replace(/\..*/, '.log_lines')).length;
    expect(at.length).toBeGreaterThanOrEqual(perTick - 2);
  },
);

test('a status page whose location has blanks, and a log whose name looks like a pattern', {
  timeout: 60_000,
}, async () => {
  const dead = await freePort();
  const front = await freePort();
  const dir = tempDir('odd');
  const log = join(dir, '[2026-11].log');
  const nginx = await startNginx({
    accessLog: [],
    http: `access_log "${log}";
      server { listen unix:${dir}/s.sock; location = "/nginx status" { stub_status; access_log off; } }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://127.0.0.1:${dead}; } }`,
  });
  const plugin = startPlugin({ conf: `jobs:\n  - name: odd\n    nginx_conf: ${nginx.conf}\n` });
  await plugin.chart('nginx_upstream_odd.connections', ({ reading, writing }) => (reading ?? 0) + (writing ?? 0) > 0);
  await statuses(`http://127.0.0.1:${front}/`, 3);
  await plugin.chart('nginx_upstream_odd.requests', (now) => (now['status_502'] ?? now['502']) === 3);
});

test('22 nginx at once: each is drawn in every tick, and it leaves when asked', { timeout: 120_000 }, async () => {
  const dead = await freePort();
  const all = await Promise.all(
    Array.from({ length: 22 }, async () => {
      const port = await freePort();
      await startNginx({
        http: `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:${dead}; } }`,
      });
      return port;
    }),
  );
  const syslog = await freePort();
  const plugin = startPlugin({ conf: `jobs:\n  - name: many\n    error_log: syslog:udp://127.0.0.1:${syslog}\n` });
  await waitUntil(() => (plugin.child.stdout().match(/^BEGIN nginx_upstream_\w+\.plugin_load/gm)?.length ?? 0) >= 22, {
    what: 'a job for each',
    timeout: 30_000,
  });
  const jobs = new Set(
    Array.from(plugin.child.stdout().matchAll(/^BEGIN (nginx_upstream_\w+)\.plugin_load/gm), ([, job]) => job),
  );
  const drawn = () => [...jobs].map((job) => plugin.updates(`${job}.log_lines`).length);
  const before = drawn();
  await Promise.all(all.map((port) => statuses(`http://127.0.0.1:${port}/`, 5)));
  // None waits for the others, however long a second is on a busy machine.
  await waitUntil(() => drawn().every((ticks, at) => ticks - (before[at] ?? 0) >= 8), {
    what: 'eight ticks of each',
    timeout: 60_000,
    hint: drawn,
  });
  const ticks = drawn().map((count, at) => count - (before[at] ?? 0));
  // Either reading may have come in the middle of a tick.
  expect(Math.max(...ticks) - Math.min(...ticks)).toBeLessThanOrEqual(2);
  plugin.child.signal('SIGTERM');
  await waitUntil(() => plugin.child.exit(), { what: 'the end', timeout: 30_000 });
  expect(plugin.log().filter((text) => text.includes('counted once'))).not.toEqual([]);
});
