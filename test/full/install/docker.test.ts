/**
 * An nginx in a real docker container, whose logs go to its standard output as the official image's do. The engine is
 * Debian's docker.io, unpacked privately, in its own network namespace and without a bridge: nothing of this machine
 * changes. Loudly skipped where it cannot run.
 */

import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { type Tool, tool } from '../../support/servers/packages.ts';
import { startPlugin } from '../../support/servers/plugin.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot)
  process.stderr.write('\n!!! test/full/install/docker.test.ts does not run: only root can start a docker engine\n');

const conf = `user www-data; pid /run/nginx.pid; error_log /var/log/nginx/error.log; events {}
http {
  log_format app '$status "$upstream_addr" "$upstream_status" "$upstream_connect_time"';
  access_log /var/log/nginx/access.log app;
  upstream app { server app:3000; }
  server { listen 127.0.0.1:8080; location / { proxy_pass http://app; } location = /nginx_status { stub_status; } }
}`;

interface Engine {
  docker(...args: readonly string[]): Promise<string>;
  /** Makes the container anew, with nginx.conf from the host; the pid of its nginx. */
  web(): Promise<number>;
  readonly data: string;
  readonly site: string;
}

async function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, { env, timeout: 60_000 });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** The program, its libraries, and links to its streams: all that an image of nginx is. */
const image = `set -e
mkdir -p usr/sbin etc/nginx var/log/nginx var/lib/nginx run tmp dev lib64
cp "$1" usr/sbin/nginx
for lib in $(ldd "$1" | grep -o '/[^ ]*'); do mkdir -p ".$(dirname "$lib")"; cp -L "$lib" ".$lib"; done
printf 'root:x:0:0:root:/:/bin/sh\\nwww-data:x:33:33::/:/bin/sh\\n' > etc/passwd
printf 'root:x:0:\\nwww-data:x:33:\\n' > etc/group
ln -s /dev/stderr var/log/nginx/error.log
ln -s /dev/stdout var/log/nginx/access.log
tar -c .`;

async function startEngine(dockerd: Tool, nginx: Tool): Promise<Engine> {
  const folder = tempDir('docker');
  const [data, site, root] = ['data', 'site', 'image'].map((name) => join(folder, name)) as [string, string, string];
  for (const each of [site, root]) mkdirSync(each);
  writeFileSync(join(site, 'nginx.conf'), conf);
  const bin = ['usr/bin', 'usr/sbin'].map((each) => join(dockerd.root, each)).join(':');
  const env = { ...process.env, ...dockerd.env, PATH: `${bin}:${process.env['PATH']}` };
  const socket = `unix://${folder}/d.sock`;
  const options = [
    '--iptables=false',
    '--ip-masq=false',
    '--bridge=none',
    '--storage-driver=vfs',
    `--data-root=${data}`,
  ];
  const own = [`--exec-root=${folder}/run`, `--pidfile=${folder}/d.pid`, '-H', socket];
  const engine = start('unshare', ['-n', dockerd.path, ...options, ...own], { env, grace: 10_000 });
  const docker: Engine['docker'] = (...args) => must('docker', ['-H', socket, ...args], env);
  atEnd(async () => {
    await run('docker', ['-H', socket, 'rm', '-f', 'web'], { env });
    await engine.stop();
  });
  await waitUntil(async () => (await run('docker', ['-H', socket, 'version'], { env })).code === 0, {
    what: 'the docker engine',
    timeout: 30_000,
  });
  const tar = join(folder, 'image.tar');
  await must('sh', ['-c', `cd "$2"; ( ${image}\n) > "$3"`, 'sh', nginx.path, root, tar], {
    ...process.env,
    ...nginx.env,
  });
  await docker('import', tar, 'web:1');
  rmSync(tar);
  return {
    docker,
    data,
    site,
    async web() {
      await run('docker', ['-H', socket, 'rm', '-f', 'web'], { env });
      const mount = `${site}/nginx.conf:/etc/nginx/nginx.conf:ro`;
      const as = ['run', '-d', '--name', 'web', '--network', 'none', '--add-host', 'app:127.0.0.1', '-v', mount];
      await docker(...as, 'web:1', 'nginx', '-g', 'daemon off;');
      const pid = Number(await docker('inspect', '-f', '{{.State.Pid}}', 'web'));
      await waitUntil(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('nginx: master'), {
        what: 'nginx',
      });
      return pid;
    },
  };
}

/** Requests in the container's own network. */
async function ask(pid: number, times: number): Promise<void> {
  const client = `for (let at = 0; at < ${times}; at++) await fetch('http://127.0.0.1:8080/').then((answer) => answer.text())`;
  const args = ['-t', String(pid), '-n', process.execPath, '--input-type=module', '-e', client];
  await must('nsenter', args, process.env);
}

describe.skipIf(!isRoot)('nginx in a docker container', { timeout: 120_000 }, () => {
  let engine: Engine;
  let settings = '';
  beforeAll(async () => {
    engine = await startEngine(await tool('dockerd'), await tool('nginx'));
    settings = 'jobs:\n  - name: web\n    nginx_conf: /etc/nginx/nginx.conf\n';
  });

  interface Report {
    readonly nginx: readonly {
      readonly upstreams: readonly {
        readonly name: string;
        readonly servers: readonly { readonly peers: string[] }[];
      }[];
      readonly errorLogs: readonly { readonly state: string }[];
      readonly accessLogs: readonly { readonly state: string }[];
    }[];
    readonly findings: readonly { readonly code: string; readonly remedy: string }[];
  }

  async function check(...as: readonly string[]): Promise<Report> {
    const config = join(tempDir('settings'), 'c.conf');
    const plugin = join(dirname(config), 'p.plugin');
    writeFileSync(config, settings);
    writeFileSync(plugin, readFileSync(builtPlugin));
    const [command = '', ...args] = [...as, process.execPath, plugin, 'check', '--json', '--config', config];
    return JSON.parse((await run(command, args)).stdout) as Report;
  }

  test("as root: its own names, its engine's log file, and no status page of another nginx", async () => {
    await ask(await engine.web(), 1);
    const { nginx, findings } = await check();
    expect(nginx[0]?.upstreams).toMatchObject([{ name: 'app', servers: [{ peers: ['127.0.0.1:3000'] }] }]);
    expect([nginx[0]?.errorLogs, nginx[0]?.accessLogs]).toMatchObject([
      [{ state: 'readable' }],
      [{ state: 'readable' }],
    ]);
    const codes = findings.map(({ code }) => code);
    expect(codes).toContain('stub_status_elsewhere');
    expect(codes.filter((code) => /^(name|log_is|log_un|container|configuration)/.test(code))).toEqual([]);
  });

  test('made anew twice: the same upstream on the same charts, and no failure is lost', async () => {
    const plugin = startPlugin({ conf: settings });
    const chart = 'nginx_upstream_web.upstream_failures_app';
    let seen = 0;
    for (let round = 0; round < 3; round += 1) {
      const pid = await engine.web();
      await waitUntil(() => plugin.log().some((text) => text.includes('/etc/nginx/nginx.conf')), { what: 'nginx' });
      // What the first container's log holds when the plugin opens it is history; a later one's is all news.
      if (round === 0) await plugin.chart(chart);
      await ask(pid, 4);
      seen += 4;
      await plugin.chart(chart, ({ refused = 0 }) => refused >= seen, 30_000);
    }
    const upstreams = new Set(plugin.child.stdout().match(/upstream_failures_\w+/g));
    expect([...upstreams]).toEqual(['upstream_failures_app']);
  });

  test('as netdata: an access list opens the logs of later containers, and nothing else', async (context) => {
    const pid = await engine.web();
    await ask(pid, 1);
    chmodSync(engine.data, 0o711);
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const before = await check(...nobody);
    expect(before.nginx[0]?.errorLogs).toMatchObject([{ state: 'unreadable' }]);
    const { path, env } = await tool('setfacl');
    const containers = join(engine.data, 'containers');
    const set = ['-R', '-n', '-m', 'u:65534:rX,d:u:65534:rX,d:m::rX', containers];
    const done = await run(path, set, { env });
    if (done.code !== 0) context.skip(`SKIPPED: no access lists on this file system: ${done.stderr}`);
    await ask(await engine.web(), 1);
    const after = await check(...nobody);
    expect(after.nginx[0]?.errorLogs).toMatchObject([{ state: 'readable' }]);
    const secret = `cat ${containers}/*/config.v2.json`;
    expect((await run('setpriv', [...nobody.slice(1), 'sh', '-c', secret])).stdout).toBe('');
  });
});
