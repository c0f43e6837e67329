/** A tick in which nothing happens makes nothing anew, from the counts to what the Functions show. */
import { expect, test } from 'vitest';
import { refusedLine, runtime } from './world.ts';

const conf = `
  error_log /var/log/nginx/error.log;
  events {}
  http {
    upstream app { server 10.0.0.1:80; server 10.0.0.2:80; }
    server { listen 80; location / { proxy_pass http://app; } }
  }`;

async function quiet() {
  const world = runtime({ '/etc/nginx/nginx.conf': conf, '/var/log/nginx/error.log': '' });
  world.host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 1 } });
  world.apply();
  await world.until('the job is drawn', () => world.now().length === 1);
  for (let tick = 0; tick < 5; tick++) await world.tick();
  const snapshot = () => {
    const [job] = world.now();
    if (job === undefined) throw new Error('no job');
    return job.snapshot;
  };
  return { world, snapshot };
}

test('in peace peers and upstreams are the same objects in each tick', async () => {
  const { world, snapshot } = await quiet();
  const before = snapshot();
  expect(before.peers).toHaveLength(2);
  await world.tick();
  expect(snapshot().peers).toBe(before.peers);
  expect(snapshot().upstreams).toBe(before.upstreams);
});

test('a refusal makes its own peer anew, at once, and no other', async () => {
  const { world, snapshot } = await quiet();
  const [one, two] = snapshot().peers;
  world.append('/var/log/nginx/error.log', refusedLine('10.0.0.1:80'));
  await world.tick();
  expect(snapshot().peers[0]?.failures?.refused).toBe(1);
  expect(snapshot().peers[0]).not.toBe(one);
  expect(snapshot().peers[1]?.causeLabel).toBe(two?.causeLabel);
  expect(world.values('local.peer_failures_app_10_0_0_1_80')['refused']).toBe(1);
});

test('a reload that renames a peer', async () => {
  const { world, snapshot } = await quiet();
  world.host.write({ '/etc/nginx/nginx.conf': conf.replaceAll('10.0.0.2', '10.0.0.3') });
  world.host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 102: 2 } });
  await world.until('the new peer', () => snapshot().peers.some(({ peer }) => peer === '10.0.0.3:80'));
  expect(snapshot().peers.map(({ peer }) => peer)).toEqual(['10.0.0.1:80', '10.0.0.3:80']);
});
