/** Logs of containers that nginx-upstream.conf names: by which formats they are read, and whose they are. */
import { mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runtime } from '../world.ts';

const conf = `events {}
http {
  log_format up '$status "$upstream_addr" "$upstream_status" "$upstream_connect_time"';
  access_log /var/log/nginx/access.log up;
  upstream app { server 10.0.0.1:80; }
  server { location / { proxy_pass http://app; } }
}
`;
const line = '200 "10.0.0.1:80" "200" "0.002"';
const record = (text: string) => `${JSON.stringify({ log: `${text}\n`, stream: 'stdout', time: 't' })}\n`;
const containers = '/var/lib/docker/containers';
const [first, second] = ['a'.repeat(64), 'b'.repeat(64)];
const logOf = (id: string) => `${containers}/${id}/${id}-json.log`;
const named = (name: string) => `{"ID":"x","Config":{"Image":"web:1"},"Name":"/${name}","Driver":"overlay2"}`;

type World = ReturnType<typeof runtime>;

async function started(files: Readonly<Record<string, string>>, spec: string): Promise<World> {
  const world = runtime({ '/etc/nginx/nginx.conf': conf, ...files });
  world.host.nginx({ pid: 100, title: 'nginx: master process nginx', workers: { 101: 1 } });
  world.apply(
    `jobs:\n  - name: a\n    nginx_conf: /etc/nginx/nginx.conf\n    error_log: /e.log\n    access_log: ${spec}\n`,
  );
  await world.until('the job', () => world.jobs().length === 1);
  await world.tick();
  return world;
}

const attempts = (world: World) => world.values('a.peer_attempts_app_10_0_0_1_80')['connected'] ?? 0;

const written: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'docker:/c/web.log': ['/c/web.log', record(line)],
  'docker:/c/*.log': ['/c/web.log', record(line)],
  'cri:/pods/0.log': ['/pods/0.log', `2026-11-22T07:30:45.1Z stdout F ${line}\n`],
  'docker:web': [logOf(first), record(line)],
};

test.each(Object.entries(written))('%s is read by the formats of that nginx', async (spec, [file, text]) => {
  const world = await started({ [file]: '', [`${containers}/${first}/config.v2.json`]: named('web') }, spec);
  world.append(file, text);
  await world.until('the attempt', () => attempts(world) === 1);
});

test('journal:NAME is read by them too', async () => {
  const world = await started({}, 'journal:web');
  const entry = `${JSON.stringify({ __CURSOR: 's=1', MESSAGE: line })}\n`;
  world.children.at(-1)?.handlers.onOutput(Buffer.from(entry));
  await world.until('the attempt', () => attempts(world) === 1);
});

test('a file that is none of its logs is `combined` by default', async () => {
  const world = await started({ '/srv/copied.log': '' }, '/srv/copied.log');
  world.append('/srv/copied.log', `${line}\n`);
  await world.until('the line', () => (world.values('a.log_lines')['unmatched'] ?? 0) === 1);
  expect(attempts(world)).toBe(0);
});

const names: Readonly<Record<string, readonly [file: string, text: string]>> = {
  'its name': ['config.v2.json', named('web')],
  'its host name': ['hostname', 'web\n'],
};

test.each(Object.entries(names))('docker:NAME by %s, again when it is made anew', async (_, [file, text]) => {
  const other = { [`${containers}/${'c'.repeat(64)}/config.v2.json`]: named('web2'), [logOf('c'.repeat(64))]: '' };
  const world = await started({ [logOf(first)]: '', [`${containers}/${first}/${file}`]: text, ...other }, 'docker:web');
  world.append(logOf(first), record(line));
  world.append(logOf('c'.repeat(64)), record(line));
  await world.until('the first', () => attempts(world) === 1);
  mkdirSync(`${world.host.prefix}${containers}/${second}`);
  world.append(`${containers}/${second}/${file}`, text);
  world.append(logOf(second), record(line));
  await world.until('the second', () => attempts(world) === 2);
});

test('docker:NAME without a container of the name says so, and what would help', async () => {
  const world = await started({ [`${containers}/${first}/hostname`]: 'x\n', [logOf(first)]: '' }, 'docker:web');
  await world.tick();
  expect(world.said.join('\n')).toMatch(/docker:web: no log of a container with this name.*--hostname web/);
});
