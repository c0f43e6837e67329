/** Nothing valid in nginx's or a user's configuration stops a job. */
import { describe, expect, test } from 'vitest';
import { refusedLine, runtime } from './world.ts';

const title = 'nginx: master process nginx';

describe('a path of nginx.conf is literal, whatever its characters', () => {
  const names = [
    '[2026-11].log',
    '[z-a].log',
    'a*b.log',
    'what?.log',
    '[',
    '[!',
    '[[:x:]]',
    'back\\\\slash.log',
    'a b.log',
  ];
  test.each([...names, '{a,b}.log', 'müller☃.log', '$host.log'])('error_log "…/%s"', async (name) => {
    // Quoted, nginx takes a backslash before a backslash away.
    const path = `/l/${name.replace('\\\\', '\\')}`;
    const conf = `error_log "/l/${name}";\nevents {}\nhttp { server { location / { proxy_pass http://10.0.0.1:80; } } }\n`;
    const world = runtime({ '/etc/nginx/nginx.conf': conf, [path]: '', '/l/a.log': '', '/l/axb.log': '' });
    world.host.nginx({ pid: 100, title, workers: { 101: 1 } });
    world.apply();
    await world.until('the job', () => world.jobs().length === 1);
    await world.tick();
    world.append('/l/axb.log', refusedLine('10.0.0.1:80'));
    world.append(path, refusedLine('10.0.0.1:80').repeat(2));
    await world.until('two', () => world.values('local.connect_failures')['refused'] === 2);
    expect(world.said.filter((text) => text.startsWith('error'))).toEqual([expect.stringContaining('access.log')]);
  });

  test.each(['[2026-11].log', 'a*b.log', '[z-a]$host.log'])(
    'access_log "…/%s": only its variables stand for anything',
    async (name) => {
      const path = `/l/${name.replace('$host', 'example.com')}`;
      const conf = `error_log /l/error;\nevents {}\nhttp { access_log "/l/${name}"; server { location / { proxy_pass http://10.0.0.1:80; } } }\n`;
      const world = runtime({ '/etc/nginx/nginx.conf': conf, '/l/error': '', [path]: '', '/l/axb.log': '' });
      world.host.nginx({ pid: 100, title, workers: { 101: 1 } });
      world.apply();
      await world.until('the job', () => world.jobs().length === 1);
      await world.tick();
      const line = '192.0.2.1 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 200 5 "-" "-"\n';
      world.append('/l/axb.log', line);
      world.append(path, line.repeat(2));
      await world.until('two', () => world.values('local.requests')['2xx'] === 2);
      expect(world.said.filter((text) => text.startsWith('error'))).toEqual([]);
    },
  );
});

describe('what cannot be opened is a problem of that source, and of nothing else', () => {
  const yaml = (...lines: string[]) => `jobs:\n  - name: a\n    error_log: /l/good.log\n${lines.join('\n')}\n`;
  const cases: Record<string, string> = {
    'a NUL in a log': 'error_log: ["/l/good.log", "/l/a\\0b.log"]',
    'a NUL in a pattern': 'error_log: ["/l/good.log", "/l/\\0*.log"]',
    'a NUL in docker:FILE': 'error_log: ["/l/good.log", "docker:/c/\\0.log"]',
    'a NUL in nginx_conf': 'nginx_conf: "/etc/\\0.conf"',
    'a NUL in dump:FILE': 'nginx_conf: "dump:/etc/\\0.conf"',
    'a reversed range': 'error_log: ["/l/good.log", "/l/[z-a].log"]',
    'a path of 5,000 letters': `error_log: ["/l/good.log", "/${'x'.repeat(5000)}"]`,
    'a status socket with a NUL': 'stub_status: "http://unix:/run/\\0.sock:/s"',
    'a status path with blanks': 'stub_status: "http://unix:/run/nobody.sock:/nginx status"',
    'a status path of another alphabet': 'stub_status: "http://unix:/run/nobody.sock:/статус\\n"',
    'a status host that is none': 'stub_status: "http://[::1/x"',
    'a status host with a control character': 'stub_status: "http://a\\u0001b/x"',
    'a socket path that is too long': `stub_status: "http://unix:/${'x'.repeat(300)}:/s"`,
  };
  test.each(Object.entries(cases))('%s', async (_, line) => {
    const world = runtime({ '/l/good.log': '' });
    const own = line.startsWith('error_log');
    world.apply(own ? `jobs:\n  - name: a\n    ${line}\n` : yaml(`    ${line}`));
    await world.until('the job', () => world.jobs().length === 1);
    await world.tick();
    world.append('/l/good.log', refusedLine('10.0.0.1:80').repeat(3));
    await world.until('three', () => world.values('a.log_lines')['read'] === 3);
    await world.tick(5);
    expect(world.said.filter((text) => / failed and is tried|looking for nginx/.test(text))).toEqual([]);
    expect(world.updated()).toContain('a.log_lines');
  });

  const confs: Record<string, string> = {
    'a status location with a blank': 'server { listen unix:/run/s.sock; location = "/nginx status" { stub_status; } }',
    'a status location of another alphabet': 'server { listen unix:/run/s.sock; location = /статус { stub_status; } }',
    'a server_name that no header may hold':
      'server { listen 127.0.0.1:1; server_name "п\\tр"; location /s { stub_status; } }',
    'a log with a NUL': 'error_log "/l/a\0b.log"; server { location / { proxy_pass http://10.0.0.1:80; } }',
    'an access log with a NUL and variables':
      'access_log "/l/\0$host"; server { location / { proxy_pass http://10.0.0.1:80; } }',
    'an include with a NUL': 'include "/etc/nginx/\0*.conf";',
  };
  test.each(Object.entries(confs))('nginx.conf: %s', async (_, http) => {
    const world = runtime({
      '/etc/nginx/nginx.conf': `error_log /l/good.log;\nevents {}\nhttp { ${http} }\n`,
      '/l/good.log': '',
    });
    world.host.nginx({ pid: 100, title, workers: { 101: 1 } });
    world.apply();
    await world.until('the job', () => world.jobs().length === 1);
    await world.tick(5);
    await world.tick(5);
    expect(world.said.filter((text) => / failed and is tried|looking for nginx/.test(text))).toEqual([]);
    expect(world.updated()).toContain('local.log_lines');
  });
});
