/** Nothing is given but which nginx, or not even that: upstreams, formats, logs and the status page are found. */
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort, freePorts } from '../../support/network/ports.ts';
import { statuses } from '../../support/network/request.ts';
import { type Backend, startBackend } from '../../support/servers/backend.ts';
import { type Nginx, type NginxConfig, startNginx } from '../../support/servers/nginx.ts';
import { startPlugin, type Values } from '../../support/servers/plugin.ts';
import { waitUntil } from '../../support/wait.ts';

const variables =
  'addr="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" urt="$upstream_response_time"';
const full = `'$remote_addr "$request" $status rt=$request_time host=$proxy_host ${variables}'`;
const noHost = `'$remote_addr "$request" $status rt=$request_time ${variables}'`;

function told(nginx: Nginx): string {
  return `jobs:\n  - name: test\n    nginx_conf: ${nginx.conf}\n`;
}

const slug = (peer: string | undefined) => (peer ?? '').replace(/\W/g, '_');
const attempts = (now: Values) => (now['connected'] ?? 0) + (now['reused'] ?? 0);

test('without any configuration: configured peers have charts before anything happens, the first failure counts', {
  timeout: 60_000,
}, async () => {
  const [front = 0, dead = 0, page = 0] = await freePorts(3);
  const group = `found_${front}`;
  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format ours ${full};
      access_log logs/access.log ours;
      upstream ${group} { server 127.0.0.1:${dead}; }
      server { listen 127.0.0.1:${page}; location = /status { stub_status; access_log off; } }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://${group}; } }`,
  });
  const plugin = startPlugin({ conf: '{}' });
  // Other nginx may run on this machine: then ours is not the first, and has a longer name.
  const chart = new RegExp(`^CHART (nginx_upstream_local\\w*)\\.peer_failures_${group}_127_0_0_1_${dead} `, 'm');
  const job = await waitUntil(() => chart.exec(plugin.child.stdout())?.[1], { what: 'the chart', timeout: 30_000 });
  const peer = `${group}_127_0_0_1_${dead}`;
  await plugin.chart(`${job}.peer_failures_${peer}`, ({ refused }) => refused === 0);
  await statuses(`http://127.0.0.1:${front}/`, 3);
  await plugin.chart(`${job}.peer_failures_${peer}`, ({ refused }) => refused === 3);
  await plugin.chart(`${job}.peer_attempts_${peer}`, ({ connect_failed }) => connect_failed === 3);
  await plugin.chart(`${job}.client_outcomes_${group}`, ({ bad_gateway }) => bad_gateway === 3);
  await plugin.chart(`${job}.connections`);
  await plugin.chart(`${job}.worker_connections_used`);
  await nginx.stop();
});

test('two upstreams with a common peer: distinguished by $proxy_host, one joint instance without it', {
  timeout: 60_000,
}, async () => {
  const [front = 0, plain = 0] = await freePorts(2);
  const both = await startBackend();
  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format with_host ${full};
      log_format without ${noHost};
      upstream blue { server ${both.address}; }
      upstream green { server ${both.address}; }
      server { listen 127.0.0.1:${front}; access_log logs/access.log with_host;
        location /b { proxy_pass http://blue; } location /g { proxy_pass http://green; } }
      server { listen 127.0.0.1:${plain}; access_log logs/plain.log without;
        location /b { proxy_pass http://blue; } location /g { proxy_pass http://green; } }`,
  });
  const plugin = startPlugin({ conf: told(nginx) });
  await plugin.chart('nginx_upstream_test.client_outcomes_blue_green');
  await statuses(`http://127.0.0.1:${front}/b`, 5);
  await statuses(`http://127.0.0.1:${front}/g`, 3);
  await statuses(`http://127.0.0.1:${plain}/b`, 2);
  await statuses(`http://127.0.0.1:${plain}/g`, 2);
  const expected = { blue: 5, green: 3, blue_green: 4 };
  for (const [upstream, count] of Object.entries(expected)) {
    await plugin.chart(`nginx_upstream_test.client_outcomes_${upstream}`, ({ ok }) => ok === count);
    const chart = `nginx_upstream_test.peer_attempts_${upstream}_${slug(both.address)}`;
    await plugin.chart(chart, (now) => attempts(now) === count);
  }
  expect(plugin.child.stdout()).toContain("CLABEL 'upstream' 'blue / green' 1");
});

interface Load {
  readonly done: () => number;
  stop(): Promise<void>;
}

/** Requests, one after the other in four lines, until it is stopped: every one of them gets its answer. */
function load(port: number): Load {
  let done = 0;
  let going = true;
  const lines = [1, 2, 3, 4].map(async () => {
    while (going) {
      const answers = await statuses(`http://127.0.0.1:${port}/`, 5);
      done += answers.length;
    }
  });
  return {
    done: () => done,
    async stop() {
      going = false;
      await Promise.all(lines);
    },
  };
}

test('a reload under load with a renamed log, another format and another peer: no line is lost, none counted twice', {
  timeout: 150_000,
}, async () => {
  const [front = 0, dead = 0] = await freePorts(2);
  const [stays, goes, comes]: Backend[] = [await startBackend(), await startBackend(), await startBackend()];
  const config = (log: string, format: string, peers: readonly string[]): NginxConfig => ({
    accessLog: [],
    workers: 2,
    errorLog: [`${log.replace('access', 'error')} error`],
    http: `
      log_format ours ${format};
      access_log ${log} ours;
      upstream app { ${peers.map((peer) => `server ${peer} max_fails=0;`).join(' ')} }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`,
  });
  const refusing = `127.0.0.1:${dead}`;
  const nginx = await startNginx(
    config('logs/access.log', full, [stays?.address ?? '', goes?.address ?? '', refusing]),
  );
  const plugin = startPlugin({ conf: told(nginx) });
  await plugin.chart(`nginx_upstream_test.peer_failures_app_${slug(goes?.address)}`);

  const running = load(front);
  await waitUntil(() => running.done() > 200, { what: 'the load', timeout: 60_000 });
  const peers = [stays?.address ?? '', comes?.address ?? '', refusing];
  await nginx.reload(config('logs/access-2.log', noHost, peers));
  const since = running.done();
  await waitUntil(() => running.done() > since + 400, { what: 'load after the reload', timeout: 60_000 });
  await plugin.chart(`nginx_upstream_test.peer_failures_app_${slug(comes?.address)}`, () => true, 60_000);
  // Once more, with the format alone changed: one file then holds both.
  await nginx.reload(config('logs/access-2.log', full, peers));
  const again = running.done();
  await waitUntil(() => running.done() > again + 400, { what: 'load after the second reload', timeout: 60_000 });
  await running.stop();

  const requests = await plugin.chart('nginx_upstream_test.requests', (now) => now['2xx'] === running.done(), 60_000);
  expect(requests['2xx']).toBe(running.done());
  const errors = ['logs/error.log', 'logs/error-2.log'].map((path) => readFileSync(join(nginx.prefix, path), 'utf8'));
  const refused = errors.join('').split('connect() failed (111').length - 1;
  expect(refused).toBeGreaterThan(20);
  await plugin.chart('nginx_upstream_test.connect_failures', (now) => now['refused'] === refused);
  for (const backend of [stays, goes, comes]) {
    const chart = `nginx_upstream_test.peer_attempts_app_${slug(backend?.address)}`;
    await plugin.chart(chart, (now) => attempts(now) === backend?.requests());
  }
  await plugin.chart('nginx_upstream_test.log_lines', (now) => now['unmatched'] === 0 && now['lost'] === 0);
});

test('nginx restarted with another configuration is followed, and so is a log that is rotated meanwhile', {
  timeout: 60_000,
}, async () => {
  const front = await freePort();
  const [one, two]: Backend[] = [await startBackend(), await startBackend()];
  const config = (backend: Backend | undefined): NginxConfig => ({
    accessLog: [],
    http: `log_format ours ${full}; access_log logs/access.log ours;
      upstream app { server ${backend?.address}; }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`,
  });
  const nginx = await startNginx(config(one));
  const plugin = startPlugin({ conf: told(nginx) });
  const outcomes = 'nginx_upstream_test.client_outcomes_app';
  await plugin.chart(outcomes);
  await statuses(`http://127.0.0.1:${front}/`, 4);
  await plugin.chart(outcomes, ({ ok }) => ok === 4);
  await nginx.stop();
  renameSync(nginx.accessLog, `${nginx.accessLog}.1`);
  const restarted = await startNginx(config(two), { prefix: nginx.prefix });
  await plugin.chart(`nginx_upstream_test.peer_failures_app_${slug(two?.address)}`, () => true, 30_000);
  await statuses(`http://127.0.0.1:${front}/`, 6);
  await plugin.chart(outcomes, ({ ok }) => ok === 10);
  await restarted.stop();
});
