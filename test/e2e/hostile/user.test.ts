/**
 * What an ordinary user of the host may try against `check`, `diagnose` and the plugin, which root or Netdata runs: the
 * attacks by which it became root, or made the plugin read, run or print what it liked.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { type Child, start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { type Result, run } from '../../support/run.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const mallory = 65_534;

/** What it would be known by if anything of it came through. */
const marker = 'mallorys-upstream';

interface Attack {
  /** A folder of mallory's. */
  readonly home: string;
  readonly conf: string;
  /** A program that leaves a file behind when anybody runs it. */
  readonly payload: string;
  hasRun(): boolean;
}

function attack(): Attack {
  const home = tempDir('mallory');
  const [conf, payload, trace] = [join(home, 'nginx.conf'), join(home, 'nginx'), join(home, 'has-run')];
  writeFileSync(
    conf,
    `http { upstream ${marker} { server 127.0.0.1:1; } server { location / { proxy_pass http://${marker}; } } }`,
  );
  writeFileSync(
    payload,
    `#!/bin/sh\nid > ${trace}\necho "nginx version: nginx/1.0" >&2\necho "configure arguments: --prefix=${home}" >&2\n`,
  );
  chmodSync(payload, 0o755);
  for (const path of [home, conf, payload]) chownSync(path, mallory, mallory);
  return { home, conf, payload, hasRun: () => existsSync(trace) };
}

/** Starts a program under any title, as mallory or with other ids. */
async function pretend(title: string, ids: readonly string[] = [], program = '/bin/sleep'): Promise<Child> {
  const as = ids.length > 0 ? ids : ['--reuid', String(mallory), '--regid', String(mallory), '--clear-groups'];
  const child = start('setpriv', [...as, 'bash', '-c', 'exec -a "$0" "$@"', title, program, '300']);
  atEnd(() => child.stop());
  await waitUntil(() => readFileSync(`/proc/${child.pid}/cmdline`, 'utf8').startsWith(title.slice(0, 40)), {
    what: 'the title to be taken',
  });
  return child;
}

interface Traced extends Result {
  /** What was run, after the program itself. */
  readonly ran: readonly string[];
  readonly opened: readonly string[];
}

/** Runs a command of the plugin's as root, under strace. */
async function traced(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Traced> {
  const strace = await tool('strace');
  const log = join(tempDir('strace'), 'calls');
  const calls = 'execve,execveat,open,openat,openat2';
  const command = [
    '-f',
    '-qq',
    '-s',
    '4096',
    '-o',
    log,
    '-e',
    `trace=${calls}`,
    process.execPath,
    builtPlugin,
    ...args,
  ];
  const result = await run(strace.path, command, { env: { ...env, ...strace.env }, timeout: 60_000 });
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  const named = (call: RegExp) => lines.flatMap((line) => call.exec(line)?.[1] ?? []);
  const [own, ...ran] = named(/ execve(?:at)?\((?:AT_FDCWD, )?"([^"]*)"/);
  const opened = named(/ open(?:at2?)?\((?:AT_FDCWD|\d+)?,? ?"([^"]*)"/);
  if (own !== process.execPath || !opened.includes('/proc/self/mountinfo')) {
    throw new Error(`strace saw nothing: ${result.stderr}`);
  }
  return { ...result, ran, opened };
}

/** What diagnose may run. */
const diagnosing = /^\/(usr\/)?s?bin\/(journalctl|nft|iptables-save)$/;

/** Nothing of mallory's was run, opened or said. */
function expectNothingOf({ home, hasRun }: Attack, { ran, opened, stdout, stderr }: Traced, allowed = /^$/): void {
  expect(ran.filter((path) => !allowed.test(path))).toEqual([]);
  expect(hasRun()).toBe(false);
  expect(opened.filter((path) => path.startsWith(home))).toEqual([]);
  expect(stdout + stderr).not.toContain(marker);
  expect(stdout + stderr).not.toContain(home);
}

describeOn('root')('an ordinary user whose process calls itself nginx', { timeout: 90_000 }, () => {
  test.each<[string, (attack: Attack) => string]>([
    ['and names its own program', ({ payload, conf }) => `nginx: master process ${payload} -c ${conf}`],
    ['and names a program of root', ({ conf }) => `nginx: master process /usr/bin/id -c ${conf}`],
    ['and names a program by its name alone', ({ conf }) => `nginx: master process id -c ${conf}`],
    ['under another name', ({ payload, conf }) => `openresty: master process ${payload} -c ${conf}`],
    ['with a folder as its prefix', ({ payload, home }) => `nginx: master process ${payload} -p ${home}`],
    ['and says directives with -g', ({ conf }) => `nginx: master process nginx -g include ${conf};`],
    [
      'with control characters and shell words in its title',
      ({ conf }) => `nginx: master process $(id>${conf}.x) -c \x1b]0;${conf}\x07\r\n`,
    ],
  ])('%s: check, as root, runs, opens and says nothing of it', async (_, title) => {
    const mallorys = attack();
    const { pid } = await pretend(title(mallorys));
    const result = await traced(['check']);
    expectNothingOf(mallorys, result);
    expect(result.stdout).toContain(`pid ${pid} (`);
    const json = await run(process.execPath, [builtPlugin, 'check', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      notFollowed: expect.arrayContaining([expect.objectContaining({ pid })]),
    });
  });

  test('a set-user-ID program of root under the title of nginx', async () => {
    const mallorys = attack();
    const program = join(tempDir('suid'), 'su');
    copyFileSync('/bin/sleep', program);
    chmodSync(program, 0o4755);
    const { pid } = await pretend(`nginx: master process nginx -c ${mallorys.conf}`, [], program);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t0\t0\t0$/m);
    expectNothingOf(mallorys, await traced(['check']));
  });

  test('a program that has made itself root, as sudo does before it asks for a password', async () => {
    const mallorys = attack();
    const ids = ['--regid', String(mallory), '--groups', String(mallory)];
    const { pid } = await pretend(`nginx: master process nginx -c ${mallorys.conf}`, ids);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t0\t0\t0\t0$/m);
    expectNothingOf(mallorys, await traced(['check']));
  });

  test('a real nginx, copied and run by that user with its own files', async () => {
    const mallorys = attack();
    const { path, env } = await tool('nginx');
    const program = join(mallorys.home, 'copied-nginx');
    copyFileSync(path, program);
    chmodSync(program, 0o755);
    const [front] = await freePorts(1);
    const { home, conf } = mallorys;
    mkdirSync(join(home, 'logs'));
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${home}/t-${name};`,
    );
    writeFileSync(
      conf,
      `daemon off; pid ${home}/pid; error_log ${home}/logs/e.log; events {} http { access_log off; ${places.join(' ')}
       upstream ${marker} { server 127.0.0.1:1; } server { listen 127.0.0.1:${front}; location / { proxy_pass http://${marker}; } } }`,
    );
    for (const each of [program, conf, join(home, 'logs')]) chownSync(each, mallory, mallory);
    const as = ['--reuid', String(mallory), '--regid', String(mallory), '--clear-groups'];
    const child = start('setpriv', [...as, program, '-e', `${home}/logs/e.log`, '-c', conf], { env });
    atEnd(() => child.stop());
    await waitUntil(() => existsSync(join(home, 'pid')), { what: 'its pid file', hint: () => child.stderr() });
    await request(`http://127.0.0.1:${front}/`);
    for (const command of ['check', 'diagnose']) {
      const result = await traced([command]);
      expectNothingOf(mallorys, result, diagnosing);
      if (command === 'check') expect(result.stdout).toContain(`pid ${child.pid} (`);
    }
  });

  test('a program of root that is no nginx, started with its title', async () => {
    const mallorys = attack();
    await pretend(`nginx: master process nginx -c ${mallorys.conf}`, ['--reuid', '0']);
    expectNothingOf(mallorys, await traced(['check']));
  });

  test('diagnose runs, opens and says nothing of it', async () => {
    const mallorys = attack();
    await pretend(`nginx: master process ${mallorys.payload} -c ${mallorys.conf}`);
    // Another nginx of this machine may fail just now, and has its firewall checked.
    expectNothingOf(mallorys, await traced(['diagnose']), diagnosing);
  });

  test.each([
    ['as root', 0],
    ['as the user netdata would be', 4242],
  ])('its configuration draws nothing in the plugin, %s', async (_, uid) => {
    const mallorys = attack();
    await pretend(`nginx: master process ${mallorys.payload} -c ${mallorys.conf}`);
    const plugin = join(tempDir('plugin'), 'nginx-upstream.plugin');
    copyFileSync(builtPlugin, plugin);
    const as = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const child = start('setpriv', [...as, process.execPath, plugin, '1', '--config', settingsFile()]);
    atEnd(() => child.stop());
    await waitUntil(() => (child.stdout().match(/^(PLUGIN_KEEPALIVE|END)$|^$/gm) ?? []).length >= 8, {
      what: 'eight ticks',
    });
    expect(child.exit()).toBeNull();
    expect(child.stdout()).not.toContain('mallory');
    expect(mallorys.hasRun()).toBe(false);
  });
});

/** Settings as if there were none, whatever this machine has. */
function settingsFile(): string {
  const path = join(tempDir('settings'), 'nginx-upstream.conf');
  writeFileSync(path, 'update_every: 1\n');
  return path;
}

/** An nginx whose only peer refuses, with one failure in its log. */
async function failingNginx(): Promise<Nginx> {
  const [front, closed] = await freePorts(2);
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://127.0.0.1:${closed}; } }`,
  });
  await request(`http://127.0.0.1:${front}/`);
  await nginx.errorLines(/\(111: /);
  return nginx;
}

describeOn('root')('files that an ordinary user, or netdata, puts in the way', { timeout: 90_000 }, () => {
  /** A folder that Netdata's own user owns, with what stands where the plugin keeps its state. */
  function stateFolder(make: (path: string) => void, names: readonly string[]): string {
    const folder = tempDir('lib');
    for (const name of names) make(join(folder, name));
    return folder;
  }

  const traps: readonly (readonly [string, (path: string) => void])[] = [
    ['a FIFO', (path) => void execFileSync('mkfifo', ['-m', '0666', path])],
    ['/dev/zero', (path) => symlinkSync('/dev/zero', path)],
    ['a folder', (path) => mkdirSync(path)],
  ];

  test.each(traps)('%s as the checkpoint and its .tmp: the plugin runs', async (_, make) => {
    const folder = stateFolder(make, ['nginx-upstream.checkpoint.json', 'nginx-upstream.checkpoint.json.tmp']);
    const child = start(process.execPath, [builtPlugin, '1', '--config', settingsFile()], {
      env: { ...process.env, NETDATA_LIB_DIR: folder },
    });
    atEnd(() => child.stop());
    await waitUntil(() => child.stdout().split('\n').length > 3, { what: 'three ticks' });
    expect(child.exit()).toBeNull();
    expect(child.stderr()).toMatch(/checkpoint\.json cannot be read \(/);
  });

  test.each(traps)('%s as the file of listeners: diagnose, as root, ends', async (_, make) => {
    const nginx = await failingNginx();
    const slug = nginx.conf.replace(/[^A-Za-z0-9]+/g, '_').slice(-100);
    const folder = stateFolder(make, [`nginx-upstream.listeners.${slug}.json`]);
    const config = join(folder, 'c.conf');
    writeFileSync(config, `jobs:\n  - name: here\n    nginx_conf: ${nginx.conf}\n`);
    const done = await run(process.execPath, [builtPlugin, 'diagnose', '--config', config], {
      env: { ...process.env, NETDATA_LIB_DIR: folder },
    });
    // It has failures to explain, and so has asked for what the plugin remembers.
    expect([done.signal, done.code]).toEqual([null, 1]);
  });
});

describeOn('root')('what diagnose runs, as root', { timeout: 90_000 }, () => {
  test('programs of root by absolute paths, whatever stands first in PATH', async () => {
    const mallorys = attack();
    for (const name of ['journalctl', 'nft', 'iptables-save']) {
      copyFileSync(mallorys.payload, join(mallorys.home, name));
      chmodSync(join(mallorys.home, name), 0o755);
    }
    const config = join(tempDir('conf'), 'c.conf');
    const { conf } = await failingNginx();
    writeFileSync(config, `jobs:\n  - name: here\n    nginx_conf: ${conf}\n    error_log: journal:nginx\n`);
    const env = { ...process.env, PATH: `.:${mallorys.home}:${process.env['PATH']}` };
    const { ran } = await traced(['diagnose', '--config', config], env);
    expect(ran.filter((path) => !diagnosing.test(path))).toEqual([]);
    expect(mallorys.hasRun()).toBe(false);
  });
});
