import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testOn } from '../../support/machine.ts';
import { freePort, freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { run } from '../../support/run.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

interface Finding {
  readonly code: string;
  readonly severity: string;
  readonly subject: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly remedy: string;
}

interface Report {
  readonly nginx: readonly {
    readonly job: string;
    readonly version: string;
    readonly pid: number;
    readonly configuration: { readonly main: string };
    readonly upstreams: readonly {
      readonly name: string;
      readonly servers: readonly {
        readonly peers: readonly string[];
        readonly maxFails: number;
        readonly failTimeoutSeconds: number;
        readonly file: string;
        readonly line: number;
      }[];
    }[];
    readonly errorLogs: readonly {
      readonly state: string;
      readonly level: string;
      readonly target: { path: string };
    }[];
    readonly accessLogs: readonly { readonly state: string; readonly formatName: string }[];
    readonly statusPages: readonly { readonly url: string; readonly obstacle: string | null }[];
  }[];
  readonly findings: readonly Finding[];
}

/** Runs check as a user without rights where this test may choose one, in `groups`. */
async function check(plugin: string, args: readonly string[], groups: readonly number[] = [], asPlugin = true) {
  const command = [process.execPath, plugin, 'check', ...args];
  const drop = ['--reuid', String(nobody), '--regid', String(nobody)];
  const member = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  const [file = '', ...rest] = isRoot ? ['setpriv', ...drop, ...member, ...command] : command;
  // Netdata gives the plugin its version: this user stands for the one that it runs as.
  const env = { ...process.env, NETDATA_VERSION: asPlugin ? 'v1.37.1' : undefined };
  return run(file, rest, { env });
}

async function report(plugin: string, conf: string, groups: readonly number[] = []) {
  const settings = join(tempDir('settings'), 'nginx-upstream.conf');
  writeFileSync(settings, `jobs:\n  - name: here\n    nginx_conf: ${conf}\n`);
  const { code, stdout, stderr } = await check(plugin, ['--json', '--config', settings], groups);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as Report) };
}

/** Follows the remedies to the letter: lines to replace, from the last on, then blocks to put in. */
function follow(findings: readonly Finding[], conf: string, port: number): void {
  const replaced = new Map<number, string>();
  const added: string[] = [];
  for (const { remedy } of findings) {
    let target: { readonly line: number } | 'http' | null = null;
    for (const text of remedy.replaceAll('127.0.0.1:8099', `127.0.0.1:${port}`).split('\n')) {
      const at = /eplace the (?:access_log )?line at \S+:(\d+) with$/.exec(text);
      const server = /^ {4}\S+:(\d+) {2}(.*;)$/.exec(text) ?? /^ {4}(server .*;) {4}# \S+:(\d+)$/.exec(text);
      if (at !== null) target = { line: Number(at[1]) };
      else if (/^Put (?:into|at the top of) the http block/.test(text)) target = 'http';
      else if (server !== null) {
        const [, a = '', b = ''] = server;
        replaced.set(Number(/^\d+$/.test(a) ? a : b), /^\d+$/.test(a) ? b : a);
      } else if (target === 'http' && text.startsWith('    ')) added.push(text);
      else if (target !== null && target !== 'http' && text.startsWith('    ')) replaced.set(target.line, text);
    }
  }
  const lines = readFileSync(conf, 'utf8').split('\n');
  for (const [line, text] of replaced) lines[line - 1] = text;
  const at = lines.indexOf('http {');
  lines.splice(at + 1, 0, ...added);
  writeFileSync(conf, lines.join('\n'));
}

async function reloadBy(finding: Finding | undefined, nginx: Nginx): Promise<void> {
  const command = /(?:then: )?(\S*nginx .*-t && .*-s reload)$/m.exec(finding?.remedy ?? '')?.[1] ?? 'false';
  const before = new Set(nginx.workers());
  const done = await run('/bin/sh', ['-c', command], { env: nginx.tool.env });
  expect(done.code, done.stderr).toBe(0);
  await waitUntil(() => nginx.workers().every((pid) => !before.has(pid)) && nginx.workers().length > 0, {
    what: 'nginx to reload',
  });
}

const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code).sort();
const oldKernel = () => {
  const [major = 0, minor = 0] = readFileSync('/proc/sys/kernel/osrelease', 'utf8').split('.').map(Number);
  return major < 6 || (major === 6 && minor < 2) ? ['kernel_too_old'] : [];
};

test('check shows a user without rights what is there and what is missing, and its remedies leave nothing', async () => {
  const plugin = readablePlugin();
  const [front = 0, page = 0] = await freePorts(2);
  const [one, two] = [await startBackend(), await startBackend()];
  const nginx = await startNginx({
    http: `upstream app {
  server ${one.address};
  server ${two.address} max_fails=2 fail_timeout=30s;
}
upstream api {
  server ${two.address};
}
server {
  listen 127.0.0.1:${front};
  location / { proxy_pass http://app; }
  location /api { proxy_pass http://api; }
}`,
  });
  const adm = isRoot ? Number(/^adm:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1] ?? 4) : 0;
  if (isRoot) {
    chownSync(nginx.errorLog, 0, adm);
    chmodSync(nginx.errorLog, 0o640);
  } else console.log('not root: the finding about rights is not shown');

  const first = await report(plugin, nginx.conf);
  expect(first.code).toBe(1);
  expect(first.nginx).toHaveLength(1);
  const lineOf = (text: string) =>
    readFileSync(nginx.conf, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1;
  expect(first.nginx[0]).toMatchObject({
    job: 'here',
    version: `nginx/${nginx.version}`,
    pid: nginx.pid,
    configuration: { main: nginx.conf },
    errorLogs: [{ level: 'error', target: { path: nginx.errorLog }, state: isRoot ? 'unreadable' : 'readable' }],
    accessLogs: [{ formatName: 'combined', state: 'readable' }],
    statusPages: [],
    upstreams: [
      {
        name: 'app',
        servers: [
          { peers: [one.address], maxFails: 1, failTimeoutSeconds: 10, file: nginx.conf, line: lineOf(one.address) },
          { peers: [two.address], maxFails: 2, failTimeoutSeconds: 30, file: nginx.conf, line: lineOf('max_fails=2') },
        ],
      },
      { name: 'api', servers: [{ peers: [two.address] }] },
    ],
  });
  expect(codes(first.findings)).toEqual(
    [
      'error_log_hides_ejections',
      'log_format_without_upstream',
      ...(isRoot ? ['log_unreadable'] : []),
      'max_fails_one',
      'single_server',
      'stub_status_missing',
      ...oldKernel(),
    ].sort(),
  );
  const rights = first.findings.find(({ code }) => code === 'log_unreadable');
  if (isRoot) expect(rights?.remedy).toContain('usermod -aG adm nobody');

  follow(first.findings, nginx.conf, page);
  await reloadBy(
    first.findings.find(({ code }) => code === 'stub_status_missing'),
    nginx,
  );
  // usermod -aG adm: the group that the remedy names, without changing this machine.
  const second = await report(plugin, nginx.conf, isRoot ? [adm] : []);
  expect(codes(second.findings)).toEqual(oldKernel());
  expect(second.code).toBe(0);
  const url = second.nginx[0]?.statusPages[0]?.url ?? '';
  expect((await request(url)).body).toContain('Active connections');
  expect(second.nginx[0]?.accessLogs).toMatchObject([{ formatName: 'nginx_upstream', state: 'readable' }]);
});

testOn('root')(
  'an ordinary user sees a note that Netdata can read other files, and no remedy for the own account',
  async () => {
    const plugin = readablePlugin();
    const port = await freePort();
    const nginx = await startNginx({
      http: `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:1; } }`,
    });
    chmodSync(nginx.accessLog, 0o640);
    const settings = join(tempDir('settings'), 'nginx-upstream.conf');
    writeFileSync(settings, `jobs:\n  - name: here\n    nginx_conf: ${nginx.conf}\n`);
    const said = await check(plugin, ['--config', settings], [], false);
    expect(said.stdout).toMatch(
      /^This is what the user nobody can read, not what Netdata can. Run it as root: sudo nginx-upstream check\n/,
    );
    expect(said.stdout).toContain(`warning needs_root: the user nobody cannot read ${nginx.accessLog}`);
    expect(said.stdout).not.toMatch(/usermod|setfacl|log_unreadable/);
    const severities = Array.from(said.stdout.matchAll(/^(error|warning|notice) \w+:/gm), ([, severity]) => severity);
    expect(severities).toEqual([...severities].sort((a, b) => order.indexOf(a ?? '') - order.indexOf(b ?? '')));
    expect(said.code).toBe(1);
  },
);
const order = ['error', 'warning', 'notice'];

test('plain in a pipe, coloured on a terminal, one screen', async () => {
  const plugin = readablePlugin();
  const port = await freePort();
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:1; } }`,
  });
  const settings = join(tempDir('settings'), 'nginx-upstream.conf');
  writeFileSync(settings, `jobs:\n  - name: here\n    nginx_conf: ${nginx.conf}\n`);
  const piped = await check(plugin, ['--config', settings]);
  expect(piped.stdout).not.toContain('\u001b');
  expect(piped.stdout).toContain(`nginx/${nginx.version}, pid ${nginx.pid} (job here)`);
  expect(piped.stdout).toContain('warning log_format_without_upstream: ');
  // script(1) gives it a terminal; some minimal systems lack it.
  const command = `${process.execPath} ${plugin} check --config ${settings}`;
  const env = { ...process.env, NO_COLOR: undefined };
  const terminal = await run('script', ['-qec', command, '/dev/null'], { env }).catch(() => null);
  if (terminal === null) console.log('no script(1): the colours were not shown');
  else expect(terminal.stdout).toContain('\u001b[33mwarning\u001b[0m');
});

test('nothing usable is 2, and a configuration of ours that is wrong is named', async () => {
  const plugin = readablePlugin();
  const settings = join(tempDir('settings'), 'nginx-upstream.conf');
  writeFileSync(settings, 'jobs:\n  - name: here\n    nginx_conf: /nowhere/nginx.conf\n');
  const nothing = await check(plugin, ['--config', settings]);
  expect(nothing.code).toBe(2);
  expect(nothing.stdout).toContain(
    'error configuration_unreadable: /nowhere/nginx.conf:1: /nowhere/nginx.conf does not exist',
  );
  writeFileSync(settings, 'jobs: [');
  expect((await check(plugin, ['--config', settings])).stdout).toContain('error settings_invalid: ');
  expect((await check(plugin, ['--nonsense'])).code).toBe(2);
});

test('logs that nginx-upstream.conf names are read instead of those of nginx.conf', async () => {
  const plugin = readablePlugin();
  const port = await freePort();
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:1; } }`,
  });
  const dir = tempDir('settings');
  const settings = join(dir, 'nginx-upstream.conf');
  const container = join(dir, 'ID-json.log');
  writeFileSync(container, '');
  const seen = async (log: string) => {
    writeFileSync(settings, `jobs:\n  - name: here\n    nginx_conf: ${nginx.conf}\n    error_log: ${log}\n`);
    const { stdout } = await check(plugin, ['--json', '--config', settings]);
    const { nginx: read, findings } = JSON.parse(stdout) as Report;
    return [
      read[0]?.errorLogs.map(({ state }) => state),
      findings.filter(({ code }) => /^configured|^log_(missing|unreadable)/.test(code)).map(({ code }) => code),
    ];
  };
  chmodSync(dir, 0o755);
  expect(await seen(nginx.errorLog)).toEqual([['readable'], []]);
  expect(await seen(`docker:${container}`)).toEqual([['replaced'], []]);
  expect(await seen(`${container}.typo`)).toEqual([['replaced'], ['configured_log_unusable']]);
  chmodSync(container, 0o600);
  const unreadable = isRoot ? ['configured_log_unusable'] : [];
  expect(await seen(`docker:${container}`)).toEqual([['replaced'], unreadable]);
});

test('the configuration that nginx itself prints says the same as the files', async () => {
  const plugin = readablePlugin();
  const port = await freePort();
  const nginx = await startNginx({
    http: `include vhosts/*.conf;\nserver { listen 127.0.0.1:${port}; location / { proxy_pass http://127.0.0.1:1; } }`,
  });
  const dump = join(nginx.prefix, 'dump');
  const args = ['-p', nginx.prefix, '-e', nginx.errorLog, '-c', nginx.conf, '-T'];
  writeFileSync(
    dump,
    execFileSync(nginx.tool.path, args, { env: nginx.tool.env, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  const [told] = (await report(plugin, `dump:${dump}`)).nginx;
  const [read] = (await report(plugin, nginx.conf)).nginx;
  expect(told).toEqual(read);
});
