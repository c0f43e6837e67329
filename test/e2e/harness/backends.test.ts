/** The support's backends make a real nginx write what a real failure makes it write. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../support/machine.ts';
import { freePort, freePorts } from '../../support/network/ports.ts';
import { request, statuses } from '../../support/network/request.ts';
import { type Behaviour, startBackend, startFullBacklog } from '../../support/servers/backend.ts';
import { NginxFailed, startNginx } from '../../support/servers/nginx.ts';
import { tempDir } from '../../support/temp.ts';

describe('a backend that misbehaves', () => {
  const cases: Record<string, { behave: Behaviour; status: number; line: RegExp }> = {
    reset: { behave: 'reset', status: 502, line: /recv\(\) failed \(104: .*while reading response header/ },
    close: { behave: 'close', status: 502, line: /while reading response header from upstream/ },
    'close early': { behave: 'close_early', status: 502, line: /upstream prematurely closed connection/ },
    hang: { behave: 'hang', status: 504, line: /upstream timed out \(110: .*while reading response header/ },
    'big header': { behave: 'big_header', status: 502, line: /upstream sent too big header/ },
    garbage: {
      behave: 'garbage',
      status: 502,
      line: /upstream sent invalid header/,
    },
    'a late answer': { behave: { delay: 2_000 }, status: 504, line: /upstream timed out \(110: / },
  };
  test.each(Object.entries(cases))('%s', async (_name, { behave, status, line }) => {
    const [front, backend] = [await freePort(), await startBackend({ behave })];
    const nginx = await startNginx({
      http: `server { listen 127.0.0.1:${front}; proxy_read_timeout 300ms; proxy_http_version 1.1;
                      location / { proxy_pass http://${backend.address}; } }`,
    });
    expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(status);
    await nginx.errorLines(line);
    backend.behave({ status: 201, body: 'well again' });
    const answer = await request(`http://127.0.0.1:${front}/`);
    expect([answer.status, answer.body]).toEqual([201, 'well again']);
  });
});

test('unix sockets: one answers, one with a full queue is unavailable (11), one is missing (2)', async () => {
  const [front, dir] = [await freePort(), tempDir('sockets')];
  const good = await startBackend({ path: join(dir, 'good.sock') });
  const full = await startFullBacklog({ path: join(dir, 'full.sock') });
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front};
                    location /good { proxy_pass http://${good.address}:/; }
                    location /full { proxy_pass http://${full.address}:/; }
                    location /missing { proxy_pass http://unix:${dir}/missing.sock:/; } }`,
  });
  const ask = async (path: string): Promise<number> => (await request(`http://127.0.0.1:${front}${path}`)).status;
  expect([await ask('/good'), await ask('/full'), await ask('/missing')]).toEqual([200, 502, 502]);
  await nginx.errorLines(/connect\(\) to unix:.*full\.sock failed \(11: /);
  await nginx.errorLines(/connect\(\) to unix:.*missing\.sock failed \(2: /);
});

test.each(has('ipv6') ? ['127.0.0.1', '::1'] : ['127.0.0.1'])(
  'a stopped backend refuses, a restarted one answers at the same address: %s',
  async (host) => {
    const [front, backend] = [await freePort(), await startBackend({ host })];
    await startNginx({
      http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://${backend.address}; } }`,
    });
    const ask = (): Promise<number[]> => statuses(`http://127.0.0.1:${front}/`, 4, 2);
    expect(await ask()).toEqual([200, 200, 200, 200]);
    await backend.stop();
    expect(await ask()).toEqual([502, 502, 502, 502]);
    await backend.restart();
    expect(await ask()).toEqual([200, 200, 200, 200]);
    expect(backend.requests()).toBe(8);
  },
);

test('stream and mail modules load; a reload that nginx refuses rejects and the old configuration serves on', async () => {
  const [front = 0, tcp = 0, mail = 0] = await freePorts(3);
  const backend = await startBackend();
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; return 204; }`,
    stream: `server { listen 127.0.0.1:${tcp}; proxy_pass ${backend.address}; }`,
    mail: `server { listen 127.0.0.1:${mail}; protocol smtp; auth_http 127.0.0.1:1; }`,
  });
  expect((await request(`http://127.0.0.1:${tcp}/`)).status).toBe(200);
  await expect(nginx.reload({ http: 'nonsense;' })).rejects.toThrow(NginxFailed);
  expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(204);
  await nginx.reload({ http: `server { listen 127.0.0.1:${front}; return 205; }` });
  expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(205);
});

test('reopening begins new logs after a rename', async () => {
  const front = await freePort();
  const nginx = await startNginx({ http: `server { listen 127.0.0.1:${front}; return 204; }` });
  await request(`http://127.0.0.1:${front}/before`);
  await nginx.accessLines(/before/);
  renameSync(nginx.accessLog, `${nginx.accessLog}.1`);
  await nginx.reopen();
  await request(`http://127.0.0.1:${front}/after`);
  expect(await nginx.accessLines()).toEqual([expect.stringContaining('/after')]);
});
