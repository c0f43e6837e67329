/** A job's name and its charts outlive its nginx: another container takes the place of the one that is gone. */
import { linkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hostMounts } from '../../discover/host-tree.ts';
import { type Runtime, refusedLine, runtime } from '../world.ts';

const conf = '/etc/nginx/nginx.conf';
const log = '/var/log/nginx/error.log';
const config = (...upstreams: string[]) =>
  `error_log ${log};\nevents {}\nhttp {\n${upstreams
    .map((name, at) => `upstream ${name} { server 10.0.${at}.1:80; server 10.0.${at}.2:80; }`)
    .join(
      '\n',
    )}\nserver { ${upstreams.map((name) => `location /${name} { proxy_pass http://${name}; }`).join(' ')} }\n}\n`;

const title = 'nginx: master process nginx';

interface Container {
  readonly pid: number;
  /** 64 digits; none: its own namespace with this root. */
  readonly id?: string;
  readonly text?: string;
  readonly logged?: string;
  readonly confPath?: string;
}

/** An nginx in a container: its files are seen through its process. */
function up(world: Runtime, { pid, id = '', text = config('shop'), logged = '', confPath = conf }: Container): void {
  const root = `/proc/${pid}/root`;
  world.host.nginx({
    pid,
    title: confPath === conf ? title : `${title} -c ${confPath}`,
    workers: { [pid + 1]: pid },
    mountinfo: hostMounts.replace('8:1 / /', `0:${pid} /${id === '' ? `roots/${pid}` : ''} /`),
    cgroup: id === '' ? '0::/' : `0::/system.slice/docker-${id}.scope`,
  });
  world.host.write({ [`${root}${confPath}`]: text, [`${root}${log}`]: logged });
}

function down(world: Runtime, pid: number): void {
  world.host.write({ [`/proc/${pid}`]: null, [`/proc/${pid + 1}`]: null });
}

const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
const refused = (world: Runtime, job = 'local', peer = 'shop_10_0_0_1_80') =>
  world.values(`${job}.peer_failures_${peer}`)['refused'] ?? 0;

function say(world: Runtime, pid: number, count = 1, peer = '10.0.0.1:80'): void {
  for (let at = 0; at < count; at++) world.append(`/proc/${pid}/root${log}`, refusedLine(peer, pid + 1));
}

async function begun(first: Container): Promise<Runtime> {
  const world = runtime();
  up(world, first);
  world.apply();
  await world.until('the first nginx', () => world.charts.has('local.peer_failures_shop_10_0_0_1_80'));
  return world;
}

describe('a new one in place of the old one', () => {
  const cases: Record<string, [old: Container, next: Container]> = {
    'docker: another container': [
      { pid: 100, id: a },
      { pid: 200, id: b },
    ],
    'two roots without a name': [{ pid: 100 }, { pid: 200 }],
    'another set of peers in the same group': [
      { pid: 100, id: a },
      { pid: 200, id: b, text: config('shop').replace('10.0.0.2', '10.0.0.3') },
    ],
    'one more upstream': [
      { pid: 100, id: a },
      { pid: 200, id: b, text: config('shop', 'blog') },
    ],
    'another image: the main file lies elsewhere': [
      { pid: 100, id: a },
      { pid: 200, id: b, confPath: '/opt/bitnami/nginx/conf/nginx.conf' },
    ],
    'out of a container onto its own root': [{ pid: 100, id: a }, { pid: 200 }],
  };
  test.each(Object.entries(cases))('%s: same chart ids, every line counted', async (_, [old, next]) => {
    const world = await begun(old);
    const before = new Set(world.charts);
    say(world, old.pid, 3);
    await world.until('three', () => refused(world) === 3);
    // The last words of the old one, and what the new one says before it is found.
    say(world, old.pid, 2);
    await world.tick();
    say(world, old.pid, 1);
    down(world, old.pid);
    up(world, { ...next, logged: refusedLine('10.0.0.1:80', next.pid + 1).repeat(4) });
    await world.until('all', () => refused(world) === 10 || refused(world) > 10);
    say(world, next.pid, 5);
    await world.until('five more', () => refused(world) >= 15);
    expect(refused(world)).toBe(15);
    expect(world.jobs()).toEqual(['local']);
    expect([...before].filter((id) => !world.charts.has(id))).toEqual([]);
    expect([...world.obsolete]).toEqual([]);
  });

  test.each([
    ['nothing is installed on the host', {}],
    ['another nginx is installed on the host', { [conf]: config('installed') }],
  ])('named by its main file, made anew after a while: %s', async (_, files) => {
    const world = runtime(files);
    up(world, { pid: 100, id: a });
    world.apply(`jobs:\n  - name: local\n    nginx_conf: ${conf}\n    error_log: /e.log\n`);
    world.host.write({ '/e.log': '' });
    await world.until('the first nginx', () => world.charts.has('local.peer_failures_shop_10_0_0_1_80'));
    world.append('/e.log', refusedLine('10.0.0.1:80', 101));
    await world.until('one', () => refused(world) === 1);
    down(world, 100);
    await world.tick(20);
    world.append('/e.log', refusedLine('10.0.0.1:80', 101).repeat(2));
    await world.until('its last words', () => refused(world) === 3);
    up(world, { pid: 200, id: b });
    await world.tick(20);
    world.append('/e.log', refusedLine('10.0.0.1:80', 201));
    await world.until('the next one', () => refused(world) === 4);
    expect([...world.charts].filter((id) => /upstream_failures_/.test(id))).toEqual(['local.upstream_failures_shop']);
    expect([...world.obsolete]).toEqual([]);
  });

  test('twelve deploys in an hour: one job, and no id of a container in a name', async () => {
    const world = await begun({ pid: 100, id: a });
    for (let deploy = 1; deploy <= 12; deploy++) {
      down(world, 90 + deploy * 10);
      const pid = 100 + deploy * 10;
      up(world, { pid, id: deploy.toString(16).padStart(64, '0'), logged: refusedLine('10.0.0.1:80', pid + 1) });
      await world.until(`deploy ${deploy}`, () => refused(world) === deploy);
    }
    expect(world.jobs()).toEqual(['local']);
  });
});

test('old and new overlap: the new one has the lowest free name, the next one that of the one that is gone', async () => {
  const world = await begun({ pid: 100, id: a });
  up(world, { pid: 200, id: b });
  await world.until('the second', () => world.jobs().includes('local_2'));
  down(world, 100);
  await world.tick(20);
  say(world, 200, 2);
  await world.until('continues', () => refused(world, 'local_2') === 2);
  up(world, { pid: 300, id: c, logged: refusedLine('10.0.0.1:80', 301) });
  await world.until('the third', () => refused(world) === 1);
  expect(world.jobs()).toEqual(['local', 'local_2']);
});

test('two are replaced at once: each takes the place of the one with its upstreams', async () => {
  const world = await begun({ pid: 100, id: a });
  up(world, { pid: 200, id: b, text: config('blog') });
  const blog = 'local_2.peer_failures_blog_10_0_0_1_80';
  await world.until('the second', () => world.charts.has(blog));
  down(world, 100);
  down(world, 200);
  up(world, { pid: 300, id: c, text: config('blog'), logged: refusedLine('10.0.0.1:80', 301) });
  up(world, { pid: 400, id: c.replace('c', 'd'), logged: refusedLine('10.0.0.1:80', 401).repeat(2) });
  await world.until('both', () => refused(world) === 2 && world.values(blog)['refused'] === 1);
  expect(world.jobs()).toEqual(['local', 'local_2']);
});

test('something else altogether is no successor: it has its own name', async () => {
  const world = await begun({ pid: 100, id: a });
  down(world, 100);
  up(world, { pid: 200, id: b, text: config('blog') });
  await world.until('the other', () => world.jobs().length === 2);
  expect(world.jobs()).toEqual(['local', 'local_2']);
});

test('the same container is started again, and its nginx has another number: it continues', async () => {
  const world = await begun({ pid: 100, id: a });
  say(world, 100, 2);
  await world.until('two', () => refused(world) === 2);
  down(world, 100);
  up(world, { pid: 300, id: a, logged: refusedLine('10.0.0.1:80', 301) });
  await world.until('three', () => refused(world) >= 3);
  expect(refused(world)).toBe(3);
  expect(world.jobs()).toEqual(['local']);
});

test('a log that both containers share (a volume) is continued, not read again', async () => {
  const world = runtime({ [`/srv${log}`]: refusedLine('10.0.0.1:80').repeat(7) });
  const volume = (pid: number) => {
    world.host.write({ [`/proc/${pid}/root${log}`]: null });
    linkSync(`${world.host.prefix}/srv${log}`, `${world.host.prefix}/proc/${pid}/root${log}`);
  };
  up(world, { pid: 100, id: a });
  volume(100);
  world.apply();
  await world.until('it', () => world.charts.has('local.peer_failures_shop_10_0_0_1_80'));
  const line = refusedLine('10.0.0.1:80');
  world.append(`/srv${log}`, line.repeat(2));
  await world.until('two', () => refused(world) === 2);
  down(world, 100);
  world.append(`/srv${log}`, line);
  up(world, { pid: 200, id: b });
  volume(200);
  await world.until('three', () => refused(world) >= 3);
  world.append(`/srv${log}`, line.repeat(3));
  await world.until('six', () => refused(world) >= 6);
  expect(refused(world)).toBe(6);
});

test('installed and not running: whatever runs first takes its place and its name', async () => {
  const world = runtime({ [conf]: config('elsewhere'), [log]: '' });
  world.apply();
  await world.until('the file', () => world.charts.has('local.upstream_failures_elsewhere'));
  up(world, { pid: 100, id: a });
  await world.until('the container', () => world.charts.has('local.peer_failures_shop_10_0_0_1_80'));
  expect(world.jobs()).toEqual(['local']);
});
