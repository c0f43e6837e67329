/** A log is counted by exactly one job, and by all of its formats, whatever it is called. */
import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Runtime, refusedLine, runtime } from '../world.ts';

const title = 'nginx: master process nginx';

function nginx(port: number, more = ''): string {
  return `error_log /var/log/n${port}/error.log;\nevents {}\nhttp {\naccess_log /var/log/n${port}/access.log;\n${more}
upstream u${port} { server 10.0.0.1:${port}; }\nserver { location / { proxy_pass http://u${port}; } }\n}\n`;
}

/** So many nginx of this host, each with its own configuration and logs. */
function many(count: number, more: Readonly<Record<string, string>> = {}): Runtime {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  const files = numbers.map((n) => ({
    [`/etc/nginx/n${n}.conf`]: nginx(n),
    [`/var/log/n${n}/error.log`]: '',
    [`/var/log/n${n}/access.log`]: '',
  }));
  const world = runtime(Object.assign({}, ...files, more));
  for (const n of numbers)
    world.host.nginx({ pid: n * 100, title: `${title} -c /etc/nginx/n${n}.conf`, workers: { [n * 100 + 1]: n } });
  return world;
}

const sum = (world: Runtime, chart: string, dimension: string): number =>
  world.jobs().reduce((total, job) => total + (world.values(`${job}.${chart}`)[dimension] ?? 0), 0);
const refused = (world: Runtime) => sum(world, 'connect_failures', 'refused');

const id = 'f'.repeat(64);
const docker = (text: string) => `${JSON.stringify({ log: text, stream: 'stderr', time: '2026-11-22T07:30:45Z' })}\n`;

describe('one log that is named in the settings, beside five nginx: each line counts once', () => {
  const cases: Record<string, { yaml: string; write: (world: Runtime, line: string) => void; files?: string[] }> = {
    'docker:FILE': {
      yaml: `docker:/c/x-json.log`,
      files: ['/c/x-json.log'],
      write: (world, line) => world.append('/c/x-json.log', docker(line)),
    },
    'docker:FILE of a container that is none of these': {
      yaml: `docker:/c/${id}-json.log`,
      files: [`/c/${id}-json.log`],
      write: (world, line) => world.append(`/c/${id}-json.log`, docker(line)),
    },
    'cri:FILE': {
      yaml: 'cri:/pods/0.log',
      files: ['/pods/0.log'],
      write: (world, line) => world.append('/pods/0.log', `2026-11-22T07:30:45.1Z stderr F ${line}`),
    },
    'syslog on a port': {
      yaml: 'syslog:udp://127.0.0.1:5514',
      write: (world, line) =>
        world.bound.get(5514)?.onDatagram(Buffer.from(`<187>Nov 22 07:30:45 h nginx: ${line.trimEnd()}`)),
    },
    'the journal': {
      yaml: 'journal:nginx',
      write: (world, line) =>
        world.children
          .at(-1)
          ?.handlers.onOutput(Buffer.from(`${JSON.stringify({ __CURSOR: 's=1', MESSAGE: line.trimEnd() })}\n`)),
    },
    'a file that no nginx here writes': {
      yaml: '/srv/copied.log',
      files: ['/srv/copied.log'],
      write: (world, line) => world.append('/srv/copied.log', line),
    },
    'the log of one of them': {
      yaml: '/var/log/n3/error.log',
      write: (world, line) => world.append('/var/log/n3/error.log', line),
    },
    'the logs of all of them, as a pattern': {
      yaml: '/var/log/n*/error.log',
      write: (world, line) => world.append('/var/log/n2/error.log', line),
    },
  };
  test.each(Object.entries(cases))('%s', async (_, { yaml, write, files = [] }) => {
    const world = many(5, Object.fromEntries(files.map((path) => [path, ''])));
    world.apply(`jobs:\n  - name: edge\n    error_log: ${yaml}\n`);
    await world.until('a job', () => world.jobs().length > 0);
    await world.tick(20);
    await world.tick(20);
    for (let at = 0; at < 4; at++) write(world, refusedLine('10.0.0.1:3'));
    await world.until('four', () => refused(world) >= 4);
    await world.tick();
    await world.tick();
    expect(refused(world)).toBe(4);
    const children = world.children.filter(({ isStopped }) => !isStopped);
    expect(world.bound.size + children.length).toBeLessThanOrEqual(1);
  });
});

describe('two jobs that name one log: the first counts it', () => {
  const twice = (a: string, b: string) => `jobs:\n  - name: a\n    error_log: ${a}\n  - name: b\n    error_log: ${b}\n`;
  const cases: Record<string, [a: string, b: string]> = {
    'the same path': ['/l/e.log', '/l/e.log'],
    'a symbolic link': ['/l/e.log', '/l/link.log'],
    'a hard link': ['/l/hard.log', '/l/e.log'],
    'a pattern and a path': ['/l/e*.log', '/l/e.log'],
    'through a folder that is a link': ['/l/e.log', '/m/e.log'],
    'two patterns': ['/l/[e-f].log', '/l/e.*'],
  };
  test.each(Object.entries(cases))('%s', async (_, [a, b]) => {
    const world = runtime({ '/l/e.log': '' });
    const at = (path: string) => join(world.host.prefix, path);
    symlinkSync('e.log', at('/l/link.log'));
    linkSync(at('/l/e.log'), at('/l/hard.log'));
    symlinkSync('l', at('/m'));
    mkdirSync(at('/etc'), { recursive: true });
    world.apply(twice(a, b));
    await world.until('both', () => world.jobs().length === 2);
    world.append('/l/e.log', refusedLine('10.0.0.1:80').repeat(3));
    await world.until('three', () => refused(world) === 3);
    await world.tick();
    expect([world.values('a.connect_failures')['refused'], world.values('b.connect_failures')['refused']]).toEqual([
      3, 0,
    ]);
    expect(world.values('b.sources')).toEqual({ ok: 1, failing: 0 });
    expect(world.said.filter((text) => text.includes('counted once'))).toHaveLength(1);
    // The first ends: the second continues where it was, with nothing twice.
    world.apply(`jobs:\n  - name: b\n    error_log: ${b}\n`);
    world.append('/l/e.log', refusedLine('10.0.0.1:80').repeat(2));
    await world.until('two', () => world.values('b.connect_failures')['refused'] === 2);
  });

  test('a port and the journal go over to the next job, too', async () => {
    const world = runtime();
    world.apply(twice('syslog:udp://127.0.0.1:5514', 'syslog:udp://127.0.0.1:5514'));
    await world.until('both', () => world.jobs().length === 2);
    expect([...world.bound.keys()]).toEqual([5514]);
    expect(world.said).toContain('info syslog:udp://127.0.0.1:5514 is read by job a: counted once');
    world.apply(`jobs:\n  - name: b\n    error_log: syslog:udp://127.0.0.1:5514\n`);
    await world.tick();
    await world.tick();
    world.bound
      .get(5514)
      ?.onDatagram(Buffer.from(`<187>Nov 22 07:30:45 h nginx: ${refusedLine('10.0.0.1:80').trimEnd()}`));
    await world.until('it', () => world.values('b.connect_failures')['refused'] === 1);
  });
});

describe('one access log with several formats: every line is matched', () => {
  const line = [
    '192.0.2.1 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n',
    'A 200 0.100\n',
    'B 200\n',
    'B 502\n',
  ];
  const short = "'B $status'";
  const long = "'A $status $request_time'";
  const log = (path: string, format?: string) =>
    `      - path: ${path}\n${format === undefined ? '' : `        format: "${format}"\n`}`;
  const cases: Record<string, string> = {
    'the same path three times':
      log('/l/a.log') + log('/l/a.log', 'A $status $request_time') + log('/l/a.log', 'B $status'),
    'by a symbolic link':
      log('/l/a.log', 'A $status $request_time') + log('/l/link.log', 'B $status') + log('/l/a.log'),
    'by a pattern': log('/l/*.log', 'B $status') + log('/l/a.log', 'A $status $request_time') + log('/l/a.log'),
    'by two patterns': log('/l/a*', 'B $status') + log('/l/[a].log', 'A $status $request_time') + log('/l/a.log'),
    'by a hard link': log('/l/hard', 'B $status') + log('/l/a.log', 'A $status $request_time') + log('/l/hard'),
    'by a pattern for a file that is not there yet':
      log('/n/*.log', 'B $status') + log('/n/a.log', 'A $status $request_time') + log('/n/a.log'),
  };
  test.each(Object.entries(cases))('%s', async (name, logs) => {
    const world = runtime({ '/l/a.log': '' });
    symlinkSync('a.log', join(world.host.prefix, '/l/link.log'));
    linkSync(join(world.host.prefix, '/l/a.log'), join(world.host.prefix, '/l/hard'));
    mkdirSync(join(world.host.prefix, '/n'));
    world.apply(`jobs:\n  - name: a\n    access_log:\n${logs}`);
    await world.until('the job', () => world.jobs().length === 1);
    await world.tick();
    world.append(name.includes('not there') ? '/n/a.log' : '/l/a.log', line.join(''));
    await world.until('the lines', () => (world.values('a.log_lines')['read'] ?? 0) >= 4);
    expect(world.values('a.log_lines')).toMatchObject({ read: 4, unmatched: 0 });
    await world.until('all of them', () => world.values('a.requests')['2xx'] === 3);
    expect(world.values('a.requests')).toMatchObject({ '2xx': 3, status_502: 1 });
  });

  test('nginx.conf itself writes one file under two names, in two formats', async () => {
    const conf = `events {}\nhttp {\nlog_format s ${short};\nlog_format l ${long};
server { access_log /l/a.log s; location / { proxy_pass http://10.0.0.1:80; } }
server { access_log /l/link.log l; location / { proxy_pass http://10.0.0.2:80; } }\n}\n`;
    const world = runtime({ '/etc/nginx/nginx.conf': conf, '/l/a.log': '' });
    symlinkSync('a.log', join(world.host.prefix, '/l/link.log'));
    world.host.nginx({ pid: 100, title, workers: { 101: 1 } });
    world.apply();
    await world.until('the job', () => world.charts.has('local.requests'));
    world.append('/l/a.log', line.slice(1).join(''));
    await world.until('the lines', () => (world.values('local.log_lines')['read'] ?? 0) >= 3);
    expect(world.values('local.log_lines')).toMatchObject({ read: 3, unmatched: 0 });
  });
});

describe('a log that the settings name shows which nginx is meant: files are compared', () => {
  const cases: Record<string, string> = {
    'its own path': '/var/log/n1/error.log',
    'a symbolic link': '/l/link.log',
    'a hard link': '/l/hard.log',
    'a folder that is a link': '/l/n1/error.log',
    'a pattern': '/var/log/n1/*.log',
    'a pattern for a folder': '/var/log/*1/error.log',
    'a pattern through a link': '/l/n1/err*',
  };
  test.each(Object.entries(cases))('%s', async (_, path) => {
    const world = many(2);
    const at = (file: string) => join(world.host.prefix, file);
    mkdirSync(at('/l'));
    symlinkSync('../var/log/n1/error.log', at('/l/link.log'));
    symlinkSync('../var/log/n1', at('/l/n1'));
    linkSync(at('/var/log/n1/error.log'), at('/l/hard.log'));
    world.apply(`jobs:\n  - name: edge\n    error_log: ${path}\n`);
    await world.until('its upstream', () => world.charts.has('edge.peer_failures_u1_10_0_0_1_1'));
    expect(world.jobs()).toEqual(['edge']);
    expect(world.charts).toContain('edge.requests');
    world.append('/var/log/n1/error.log', refusedLine('10.0.0.1:1'));
    await world.until('it', () => world.values('edge.peer_failures_u1_10_0_0_1_1')['refused'] === 1);
  });
});

test('a port that only nginx.conf names is not bound; named in the settings, it is', async () => {
  const conf = nginx(1).replace(/error_log \S+;/, 'error_log syslog:server=127.0.0.1:5140,tag=x;');
  const world = runtime({ '/etc/nginx/nginx.conf': conf, '/var/log/n1/access.log': '' });
  world.host.nginx({ pid: 100, title, workers: { 101: 1 } });
  world.apply();
  await world.until('the job', () => world.jobs().length === 1);
  await world.tick(20);
  expect([...world.bound.keys()]).toEqual([]);
  expect(world.said.join('\n')).toContain('write syslog:udp://127.0.0.1:5140 into nginx-upstream.conf');
  world.apply('jobs:\n  - name: edge\n    error_log: syslog:udp://127.0.0.1:5140\n');
  await world.until('bound', () => world.bound.has(5140));
});
