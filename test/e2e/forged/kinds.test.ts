/** A quiet, healthy nginx, and clients that forge lines of every kind, in every way: nothing comes of them. */
import { expect, test } from 'vitest';
import { type Claim, escaped, forgeries, logTime, shapes } from '../../support/logs/forging.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { descendants, isAlive } from '../../support/process.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { textOf } from './kit.ts';
import { watch } from './watch-kit.ts';

async function startShop() {
  const [front = 0, dead = 0, shop = 0, decoded = 0] = await freePorts(4);
  const http = `
    upstream shop { server 127.0.0.1:${shop}; server 127.0.0.1:${shop} weight=2; }
    server {
      listen 127.0.0.1:${front};
      location / { root /usr/share/nginx/html; }
      location /shop { proxy_pass http://shop; }
      location /dead { proxy_pass http://127.0.0.1:${dead}; }
      location ~ (?s)^/name/(.*)$ { resolver 127.0.0.1; resolver_timeout 50ms; proxy_pass http://$1; }
      location /decoded { proxy_pass http://127.0.0.1:${decoded}$uri; }
    }`;
  const nginx = await startNginx({ http });
  return {
    ...nginx,
    front: `http://127.0.0.1:${front}`,
    shop: `127.0.0.1:${shop}`,
    decoded: `127.0.0.1:${decoded}`,
    family: () => [nginx.pid, ...descendants(nginx.pid)].filter(isAlive),
    refusals: () =>
      textOf(nginx.errorLog)
        .split('\n')
        .filter((line) => line.includes('(111: ') && line.includes(`"http://127.0.0.1:${dead}/dead"`)).length,
  };
}

/** Connection failures and others of all upstreams and peers, and every chart's name. */
function failures(values: ReadonlyMap<string, number>) {
  const counted = [...values].filter(
    ([name, value]) => value > 0 && /\.(?:connect_failures|(?:upstream|peer)_failures_\w+)\./.test(name),
  );
  const names = new Set(
    [...values.keys()].map((name) => name.split('.')[1] ?? '').filter((name) => /peer|upstream/.test(name)),
  );
  return {
    counted: Object.fromEntries(counted),
    names: [...names].sort(),
    died: values.get('nginx_upstream_local.worker_events.restarts'),
  };
}

test('no forged line of any kind counts, in any shape, whatever it claims; the real ones between them do', {
  timeout: 120_000,
}, async () => {
  const nginx = await startShop();
  const plugin = watch([nginx]);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  const refuse = () => request(`${nginx.front}/dead`);
  const [old = 0] = nginx.workers();
  await nginx.reload();
  await refuse();
  await plugin.allCounted();
  await plugin.settle();
  const [worker = 0] = nginx.workers();
  expect(worker).not.toBe(old);
  const before = failures(plugin.values);

  const real = { connection: '*7 ', pid: worker, time: logTime(), upstream: 'shop', peer: nginx.shop };
  const claims: Readonly<Record<string, Claim>> = {
    'no connection': { ...real, connection: '' },
    'the pid of a worker': real,
    'the pid of the master': { ...real, pid: nginx.pid },
    'a foreign pid': { ...real, pid: 4_242_424 },
    'the pid of a worker before the reload': { ...real, pid: old },
    'a time that runs back': { ...real, time: logTime(3600) },
    'a peer in no configuration': { ...real, peer: '10.9.9.9:81', upstream: 'nobody' },
    'another upstream': { ...real, peer: nginx.decoded, upstream: 'decoded' },
  };
  let asked = 0;
  for (const [name, claim] of Object.entries(claims)) {
    for (const forge of Object.values(forgeries)) {
      for (const shape of Object.values(shapes)) {
        // What nginx prints before the path; each request has its own connection.
        const line = forge({ ...claim, peer: name.startsWith('a peer') ? `10.9.9.${asked % 250}:81` : claim.peer });
        const ofWorker = textOf(nginx.errorLog).split(` ${worker}#${worker}: *`);
        const number = Number.parseInt(ofWorker.at(-1) ?? '', 10);
        const root = `${logTime()} [error] ${worker}#${worker}: *${number + 1} open() "/usr/share/nginx/html`;
        const { status } = await request(nginx.front + escaped(shape(line, root.length)));
        expect(status).toBe(404);
        asked++;
        if (asked % 20 === 0) await refuse();
        if (asked % 50 === 0) await plugin.tick();
      }
    }
  }
  await refuse();
  await plugin.allCounted();
  const after = failures(plugin.values);
  const refused = nginx.refusals();
  expect(refused).toBeGreaterThan(asked / 20);
  expect(Object.values(after.counted)).toEqual(Object.values(before.counted).map(() => refused));
  expect(after.names).toEqual(before.names);
  expect(after.died).toBe(before.died);
  expect(plugin.counted().forged ?? 0).toBeGreaterThan(asked * 0.85);
});

test('other texts of clients that nginx prints decoded: names of hosts, and URIs that are proxied decoded', {
  timeout: 90_000,
}, async () => {
  const nginx = await startShop();
  const plugin = watch([nginx]);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  const [worker = 0] = nginx.workers();
  const claim = { connection: '*7 ', pid: worker, time: logTime(), upstream: 'shop', peer: nginx.shop };
  const context = ', client: 127.0.0.1, server: , request: "GET / HTTP/1.1", host: "x"';
  const ask = (path: string) => request(`${nginx.front}${path}`, { timeout: 20_000 });
  for (const forge of Object.values(forgeries)) {
    const line = forge(claim);
    const message = line.slice(line.indexOf(': ') + 2).replace(/^\*7 /, '');
    for (const name of [`${message}\nx`, `x"${context}\n${line}\nx`, `x\n${line}\nx`, message.replace(/"$/, '')]) {
      await ask(`/name/${escaped(name)}`);
    }
    await ask(`/decoded${escaped(`/x", host: "a"\n${line}\nx`)}`);
    await plugin.tick();
  }
  await ask('/dead');
  await plugin.until('the last refusal', () => (plugin.counted().refused ?? 0) >= nginx.refusals());
  await plugin.tick();
  const { counted } = failures(plugin.values);
  const ofShop = Object.entries(counted).filter(
    ([name]) => name.includes('shop') || name.includes(nginx.shop.replace(/\W/g, '_')),
  );
  expect(ofShop).toEqual([]);
  expect(
    Object.keys(counted).filter((name) =>
      /(?:no_live|worker_connections|no_files|timed_out|tls|reset|denied|no_ports)$/.test(name),
    ),
  ).toEqual([]);
});
