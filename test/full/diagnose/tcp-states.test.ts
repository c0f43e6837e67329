/**
 * Sockets per peer, as the plugin draws them from outside nginx's network namespace and as a user without rights, equal
 * to what `ss` says inside.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tcpStates } from '../../../collector/model.ts';
import { cable, type Namespace } from '../../support/hosts/netns.ts';
import { describeOn } from '../../support/machine.ts';
import type { Child } from '../../support/process.ts';
import { configText } from '../../support/servers/nginx.ts';
import { type Tool, tool } from '../../support/servers/packages.ts';
import { type Plugin, startPlugin, type Values } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** What `ss` calls the states, and how they are charted. */
const inSs = {
  'SYN-SENT': 'syn_sent',
  ESTAB: 'established',
  'TIME-WAIT': 'time_wait',
  'CLOSE-WAIT': 'close_wait',
  'FIN-WAIT-1': 'fin_wait',
  'FIN-WAIT-2': 'fin_wait',
  CLOSING: 'fin_wait',
  'LAST-ACK': 'fin_wait',
} as const;

/** Every way a backend may be: `hold` keeps connections open after its answer, `gone` closes after much of it. */
const backendScript = (host: string) => `
const http = require('node:http'), net = require('node:net');
const hold = http.createServer((q, s) => s.end('ok')); hold.keepAliveTimeout = 0;
const body = Buffer.alloc(40000, 120);
const gone = net.createServer((c) => c.on('error', () => {}).once('data', () =>
  c.end('HTTP/1.1 200 OK\\r\\nContent-Length: ' + body.length + '\\r\\n\\r\\n' + body)));
hold.listen(9001, '${host}', () => gone.listen(9002, '${host}', () => console.log('listening')));
`;

/** Asks so many times at once. */
const clientScript = (path: string, count: number) => `
const net = require('node:net'); let begun = 0, ended = 0;
for (let i = 0; i < ${count}; i++) {
  const c = net.connect(80, '127.0.0.1', () => { c.write('GET ${path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n'); if (++begun === ${count}) console.log('begun'); });
  c.on('error', () => {}).on('close', () => { if (++ended === ${count}) console.log('ended'); });
  c.resume();
}
setInterval(() => {}, 1000);
`;

describeOn('namespaces')('TCP states per peer', () => {
  let front: Namespace;
  let back: Namespace;
  let nginx: Tool;
  let ss: Tool;
  let plugin: Plugin;

  beforeAll(async () => {
    [nginx, ss] = [await tool('nginx'), await tool('ss')];
    ({ front, back } = await cable());
    for (const host of [back.address, back.address6]) {
      await back.start(process.execPath, ['-e', backendScript(host)]).waitForLine(/listening/);
    }
    const prefix = tempDir('states');
    for (const name of ['logs', 'temp']) mkdirSync(join(prefix, name), { recursive: true });
    const [conf, log] = [join(prefix, 'nginx.conf'), join(prefix, 'logs/error.log')];
    const proxy = (path: string, peer: string) =>
      `location ${path} { proxy_pass http://${peer}; proxy_http_version 1.1; proxy_set_header Connection ""; }`;
    const http = `proxy_connect_timeout 60s; proxy_limit_rate 500;
      server { listen 80; ${proxy('/hold', `${back.address}:9001`)} ${proxy('/gone', `${back.address}:9002`)}
               ${proxy('/six', `[${back.address6}]:9001`)} ${proxy('/dropped', `${back.address}:9003`)} }`;
    writeFileSync(conf, configText({ http }, nginx, prefix));
    const child: Child = front.start(nginx.path, ['-p', prefix, '-e', log, '-c', conf], { env: nginx.env });
    plugin = startPlugin({
      conf: `jobs:\n  - name: t\n    nginx_conf: ${conf}\n    error_log: ${log}\n`,
      user: 65534,
    });
    await plugin.chart('nginx_upstream_t.workers', ({ running }) => running === 1, 20_000);
    expect(child.exit()).toBeNull();
  }, 120_000);

  async function said(address: string, port: number): Promise<Values> {
    const { stdout } = await front.run(ss.path, ['-Htan', 'dst', `${address}:${port}`], ss.env);
    const counts: Record<string, number> = Object.fromEntries(tcpStates.map((state) => [state, 0]));
    for (const [, word = ''] of stdout.matchAll(/^(\S+)/gm)) {
      const state = inSs[word as keyof typeof inSs];
      counts[state] = (counts[state] ?? 0) + 1;
    }
    return counts;
  }

  /** The chart shows so many in this state, and then exactly what ss says. */
  async function shows(
    peer: string,
    [address, port]: readonly [string, number],
    state: string,
    count: number,
  ): Promise<void> {
    const id = `nginx_upstream_t.peer_tcp_states_${peer}`;
    const drawn = await plugin.chart(id, (values) => values[state] === count, 30_000);
    const same = await waitUntil(
      async () => {
        const [now, then] = [plugin.updates(id).at(-1)?.values, await said(address, port)];
        return JSON.stringify(now) === JSON.stringify(then) ? then : null;
      },
      {
        what: 'the same as ss',
        timeout: 15_000,
        hint: async () => [plugin.updates(id).at(-1)?.values, await said(address, port)],
      },
    );
    console.log(`${peer}: plugin ${JSON.stringify(drawn)}, ss ${JSON.stringify(same)}`);
    expect(same[state]).toBe(count);
  }

  const ask = async (path: string, count: number, word: 'begun' | 'ended') => {
    const child = front.start(process.execPath, ['-e', clientScript(path, count)]);
    await child.waitForLine(new RegExp(word));
    return child;
  };

  test('SYN-SENT grows when a firewall drops', { timeout: 90_000 }, async () => {
    await back.nft('add rule ip filter input tcp dport 9003 drop');
    const clients = await ask('/dropped', 7, 'begun');
    await shows('10_203_0_2_9003', [back.address, 9003], 'syn_sent', 7);
    await clients.stop();
    await shows('10_203_0_2_9003', [back.address, 9003], 'syn_sent', 0);
  });

  test('TIME-WAIT is left by connections without keepalive', { timeout: 60_000 }, async () => {
    await ask('/hold', 25, 'ended');
    await shows('10_203_0_2_9001', [back.address, 9001], 'time_wait', 25);
  });

  test('the same over IPv6', { timeout: 60_000 }, async () => {
    await ask('/six', 9, 'ended');
    await shows('fd00_203_2_9001', [`[${back.address6}]`, 9001], 'time_wait', 9);
  });

  test('CLOSE-WAIT is a backend that has closed while nginx takes its time to read', {
    timeout: 60_000,
  }, async () => {
    const clients = await ask('/gone', 5, 'begun');
    await shows('10_203_0_2_9002', [back.address, 9002], 'close_wait', 5);
    await clients.stop();
    await shows('10_203_0_2_9002', [back.address, 9002], 'close_wait', 0);
  });
});
