/** The complete main path: a real nginx fails to reach its peers, and a real Netdata shows it and raises the alert. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { type Backend, startBackend } from '../../support/servers/backend.ts';
import { type Netdata, startNetdata } from '../../support/servers/netdata.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** Counts by text alone, on purpose in another way than the parser does. */
function countInLog(path: string, needle: string, peer: string): number {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes(needle) && line.includes(`://${peer}`)).length;
}

async function chartOfPeer(netdata: Netdata, peer: string): Promise<string> {
  return waitUntil(
    async () => {
      const charts = Object.values(await netdata.charts());
      return charts.find(
        ({ context, chart_labels }) => context.endsWith('.peer_failures') && chart_labels['peer'] === peer,
      )?.id;
    },
    { what: `the chart of ${peer}` },
  );
}

describe('refused connections of a real nginx on a real Netdata', () => {
  test('every failure is counted at its peer and kind, the very first included, and the alert names the peer', async () => {
    const [front = 0, dead = 0, single = 0, v6 = 0] = await freePorts(4);
    const alive: Backend = await startBackend();
    const missing = join(tempDir('sock'), 'missing.sock');
    const nginx: Nginx = await startNginx({
      http: `
        upstream pair { server 127.0.0.1:${dead} max_fails=0; server ${alive.address}; }
        server {
          listen 127.0.0.1:${front};
          location /pair { proxy_pass http://pair; }
          location /single { proxy_pass http://127.0.0.1:${single}; }
          location /socket { proxy_pass http://unix:${missing}:/; }
          location /v6 { proxy_pass http://[::1]:${v6}; }
        }`,
    });
    const netdata = await startNetdata({
      plugin: { conf: `jobs:\n  - name: test\n    error_log: ${nginx.errorLog}\n` },
      health: 'alerts',
    });
    await netdata.chart('nginx_upstream_test.connect_failures', ['refused', 'socket_missing']);

    const ask = async (path: string, times: number) => {
      for (let i = 0; i < times; i++) await request(`http://127.0.0.1:${front}${path}`);
    };
    await ask('/pair', 20);
    await ask('/single', 7);
    await ask('/socket', 5);
    if (has('ipv6')) await ask('/v6', 3);

    const expected: readonly (readonly [peer: string, label: string, kind: string, needle: string])[] = [
      [`127.0.0.1:${dead}`, `127.0.0.1:${dead}`, 'refused', '(111:'],
      [`127.0.0.1:${single}`, `127.0.0.1:${single}`, 'refused', '(111:'],
      [`unix:${missing}`, `unix:${missing}`, 'socket_missing', '(2:'],
      ...(has('ipv6') ? ([[`[::1]:${v6}`, `::1:${v6}`, 'refused', '(111:']] as const) : []),
    ];
    let refused = 0;
    for (const [peer, label, kind, needle] of expected) {
      const inLog = countInLog(nginx.errorLog, needle, peer);
      expect(inLog, peer).toBeGreaterThan(0);
      const chart = await chartOfPeer(netdata, label);
      await netdata.waitForCount(chart, kind, inLog);
      if (kind === 'refused') refused += inLog;
    }
    expect([countInLog(nginx.errorLog, '(111:', `127.0.0.1:${single}`), alive.requests()]).toEqual([7, 20]);
    await netdata.waitForCount('nginx_upstream_test.connect_failures', 'refused', refused);
    await netdata.waitForCount('nginx_upstream_test.connect_failures', 'socket_missing', 5);

    const chart = await chartOfPeer(netdata, `127.0.0.1:${single}`);
    const raised = await waitUntil(
      async () => {
        await ask('/single', 1);
        const alarm = (await netdata.alarms())[`${chart}.nginx_upstream_refused`];
        return alarm?.status === 'WARNING' || alarm?.status === 'CRITICAL' ? alarm : null;
      },
      { what: 'the alert on the peer that keeps refusing', timeout: 60_000, interval: 500 },
    );
    expect(raised.info).toContain(`127.0.0.1:${single}`);
    expect(raised.recipient).toBe('webmaster');
    // The others were refused for a moment only: their alerts exist and stay quiet.
    const quiet = (await netdata.alarms(true))[
      `${await chartOfPeer(netdata, `127.0.0.1:${dead}`)}.nginx_upstream_refused`
    ];
    expect(quiet?.status).not.toBe('WARNING');
  }, 120_000);
});
