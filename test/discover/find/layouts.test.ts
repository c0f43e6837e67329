import { chmodSync, cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { logState } from '../../../collector/discover/check/log-state.ts';
import { findNginx } from '../../../collector/discover/find/find-nginx.ts';
import { readNginx, readTold } from '../../../collector/discover/follow/read-nginx.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';
import { hostTree } from '../host-tree.ts';

const fs = nodeFileSystem;
const root = { user: 'root', uid: 0, gids: [0], trial: null, groupName: String };

async function discover(hostPrefix: string) {
  const [found, ...others] = findNginx({ fs, ownUid: 0, hostPrefix }).running;
  if (found === undefined) throw new Error('no nginx was found');
  const { configuration } = readNginx(found, fs);
  const logs = [...configuration.errorLogs, ...configuration.accessLogs].map(({ target }) => [
    target.kind === 'file' ? target.path : target.kind,
    logState(fs, found, target, root).is,
  ]);
  return { found, others, configuration, logs };
}

const program = (version: string, args: string) => `\x7fELF\0${version}\n\0junk\0configure arguments: ${args}\n\0more`;
const server = 'server { listen 80; location / { proxy_pass http://127.0.0.1:3000; } }';

interface Layout {
  readonly files: Readonly<Record<string, string>>;
  readonly version: string | null;
  readonly conf: string;
  readonly logs: readonly (readonly string[])[];
}

const layouts: Readonly<Record<string, Layout>> = {
  'nginx.org': {
    files: {
      '/usr/sbin/nginx': program(
        'nginx version: nginx/1.28.0',
        '--prefix=/etc/nginx --conf-path=/etc/nginx/nginx.conf --error-log-path=/var/log/nginx/error.log --http-log-path=/var/log/nginx/access.log',
      ),
      '/etc/nginx/nginx.conf': `error_log /var/log/nginx/error.log notice;
        http { log_format main '$remote_addr "$request" $status'; access_log /var/log/nginx/access.log main;
          include /etc/nginx/conf.d/*.conf; }`,
      '/etc/nginx/conf.d/default.conf': server,
      '/var/log/nginx/error.log': '',
      '/var/log/nginx/access.log': '',
    },
    version: 'nginx/1.28.0',
    conf: '/etc/nginx/nginx.conf',
    logs: [
      ['/var/log/nginx/error.log', 'readable'],
      ['/var/log/nginx/access.log', 'readable'],
    ],
  },
  Alpine: {
    files: {
      '/usr/sbin/nginx': program(
        'nginx version: nginx/1.26.2',
        "--prefix=/var/lib/nginx --conf-path=/etc/nginx/nginx.conf --error-log-path=/var/log/nginx/error.log --http-log-path=/var/log/nginx/access.log --with-ld-opt='-Wl,--as-needed'",
      ),
      '/etc/nginx/nginx.conf': 'include /etc/nginx/conf.d/*.conf;\nhttp { include /etc/nginx/http.d/*.conf; }',
      '/etc/nginx/http.d/default.conf': server,
      '/var/lib/nginx/logs': '-> /var/log/nginx',
      '/var/log/nginx/error.log': '',
    },
    version: 'nginx/1.26.2',
    conf: '/etc/nginx/nginx.conf',
    logs: [
      ['/var/log/nginx/error.log', 'readable'],
      ['/var/log/nginx/access.log', 'missing'],
    ],
  },
  openresty: {
    files: {
      '/usr/local/openresty/nginx/sbin/nginx': program(
        'nginx version: openresty/1.25.3.1',
        '--prefix=/usr/local/openresty/nginx --with-cc-opt=-O2',
      ),
      '/usr/local/openresty/nginx/conf/nginx.conf': `http { ${server.replace('location', 'access_by_lua_block { local t = { "}" } }\nlocation')} }`,
      '/usr/local/openresty/nginx/logs/error.log': '',
      '/usr/local/openresty/nginx/logs/access.log': '',
    },
    version: 'openresty/1.25.3.1',
    conf: '/usr/local/openresty/nginx/conf/nginx.conf',
    logs: [
      ['/usr/local/openresty/nginx/logs/error.log', 'readable'],
      ['/usr/local/openresty/nginx/logs/access.log', 'readable'],
    ],
  },
  FreeBSD: {
    files: {
      '/usr/local/sbin/nginx': program(
        'nginx version: nginx/1.28.0',
        '--prefix=/usr/local/etc/nginx --conf-path=/usr/local/etc/nginx/nginx.conf --error-log-path=/var/log/nginx/error.log --http-log-path=/var/log/nginx/access.log',
      ),
      '/usr/local/etc/nginx/nginx.conf': `http { include mime.types; ${server} }`,
      '/usr/local/etc/nginx/mime.types': 'types { text/html html; }',
      '/var/log/nginx/error.log': '',
      '/var/log/nginx/access.log': '',
    },
    version: 'nginx/1.28.0',
    conf: '/usr/local/etc/nginx/nginx.conf',
    logs: [
      ['/var/log/nginx/error.log', 'readable'],
      ['/var/log/nginx/access.log', 'readable'],
    ],
  },
  'a docker image': {
    files: {
      '/etc/nginx/nginx.conf': `error_log /var/log/nginx/error.log notice;
        http { access_log /var/log/nginx/access.log; include /etc/nginx/conf.d/*.conf; }`,
      '/etc/nginx/conf.d/default.conf': server,
      '/var/log/nginx/error.log': '-> /dev/stderr',
      '/var/log/nginx/access.log': '-> /dev/stdout',
    },
    version: null,
    conf: '/etc/nginx/nginx.conf',
    logs: [
      ['/var/log/nginx/error.log', 'stream'],
      ['/var/log/nginx/access.log', 'stream'],
    ],
  },
  'a source build, and no program': {
    files: {
      '/usr/local/nginx/conf/nginx.conf': `http { access_log logs/a.log; ${server} }`,
      '/usr/local/nginx/logs/a.log': '',
    },
    version: null,
    conf: '/usr/local/nginx/conf/nginx.conf',
    logs: [
      ['/usr/local/nginx/logs/error.log', 'missing'],
      ['/usr/local/nginx/logs/a.log', 'readable'],
    ],
  },
  angie: {
    files: {
      '/usr/sbin/angie': program('Angie version: Angie/1.8.0', '--prefix=/etc/angie --conf-path=/etc/angie/angie.conf'),
      '/etc/angie/angie.conf': `error_log /var/log/angie/error.log; http { access_log off; ${server} }`,
      '/var/log/angie/error.log': '',
    },
    version: null,
    conf: '/etc/angie/angie.conf',
    logs: [['/var/log/angie/error.log', 'readable']],
  },
};

describe('without any configuration of ours, under NETDATA_HOST_PREFIX', () => {
  test.each(Object.entries(layouts))('%s', async (_, { files, version, conf, logs }) => {
    const { found, others, configuration, logs: seen } = await discover(hostTree(files).prefix);
    expect(others).toEqual([]);
    expect({ version: found.version, conf: found.confPath }).toEqual({ version, conf });
    expect(configuration.problems).toEqual([]);
    expect(configuration.upstreams.map(({ name }) => name)).toEqual(['127.0.0.1:3000']);
    expect(seen).toEqual(logs);
  });

  test("Debian's own package", async () => {
    const nginx = await tool('nginx');
    const prefix = tempDir('debian');
    cpSync(join(nginx.root, 'etc/nginx'), join(prefix, 'etc/nginx'), { recursive: true, verbatimSymlinks: true });
    cpSync(nginx.path, join(prefix, 'usr/sbin/nginx'));
    // What the package's postinst does.
    symlinkSync('/etc/nginx/sites-available/default', join(prefix, 'etc/nginx/sites-enabled/default'));
    const { found, configuration, logs } = await discover(prefix);
    expect(found.version).toMatch(/^nginx\/1\.\d+\.\d+/);
    expect(found.defaults).toEqual({
      prefix: '/usr/share/nginx',
      confPath: '/etc/nginx/nginx.conf',
      errorLogPath: 'stderr',
      httpLogPath: '/var/log/nginx/access.log',
    });
    expect(configuration.problems).toEqual([]);
    expect(configuration.files).toContain('/etc/nginx/sites-enabled/default');
    expect(configuration).toMatchObject({ user: 'www-data', workerProcesses: 'auto', workerConnections: 768 });
    expect(logs.map(([path]) => path)).toEqual(['/var/log/nginx/error.log', '/var/log/nginx/access.log']);
  });
});

test('nothing there is no failure', async () => {
  expect(findNginx({ fs, ownUid: 0, hostPrefix: tempDir('empty') }).running).toEqual([]);
});

test('a named file that is missing, unreadable or no dump is a problem, not an exception', () => {
  const { prefix } = hostTree({ '/etc/x.dump': 'nginx: [emerg] no', '/etc/closed.conf': 'user x;' });
  chmodSync(join(prefix, 'etc/closed.conf'), 0o000);
  const problems = (told: string) =>
    readTold(told, () => null, fs, prefix).configuration.problems.map(({ text }) => text);
  expect(problems('/none.conf')).toEqual(['/none.conf does not exist']);
  expect(problems('dump:/etc/x.dump')).toEqual(['this is not output of nginx -T']);
  expect(problems('dump:/none')).toEqual(['it cannot be read (ENOENT)']);
  if (process.getuid?.() !== 0) expect(problems('/etc/closed.conf')).toEqual(['/etc/closed.conf cannot be read']);
});

test('a dump is read like the files', () => {
  const { prefix } = hostTree({
    '/etc/nginx.dump': `# configuration file /etc/nginx/nginx.conf:\nhttp { include conf.d/*; }\n# configuration file /etc/nginx/conf.d/a:\n${server}\n`,
  });
  const read = readTold('dump:/etc/nginx.dump', () => null, fs, prefix);
  expect(read.dumped).toBe(true);
  expect(read.configuration.upstreams).toMatchObject([
    { name: '127.0.0.1:3000', file: '/etc/nginx/conf.d/a', line: 1 },
  ]);
});
