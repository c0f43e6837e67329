/** Every place nginx can log to, end to end: a real nginx writes, the built plugin counts, and the numbers are exact. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { start } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';
import { sleep, waitUntil } from '../../support/wait.ts';
import { type Plugin, startPlugin } from './kit.ts';

/** An nginx whose only peer refuses, and a way to ask it. */
async function failing(logs: { errorLog?: readonly string[]; accessLog?: readonly string[] } = {}) {
  const [front = 0, dead = 0] = await freePorts(2);
  const nginx = await startNginx({
    http: `large_client_header_buffers 4 64k;
           server { listen 127.0.0.1:${front}; root /tmp; location / { proxy_pass http://127.0.0.1:${dead}; } }`,
    ...logs,
  });
  let asked = 0;
  const ask = async (times = 1, path = '/') => {
    for (let n = 0; n < times; n += 1) await request(`http://127.0.0.1:${front}${path}`);
    asked += times;
  };
  return { nginx, ask, asked: () => asked };
}

const refused = (plugin: Plugin) => () => plugin.value('connect_failures', 'refused');
const requests = (plugin: Plugin) => () => plugin.total('requests');

describe('files', () => {
  test('T11 T12 renamed, written to for three more seconds, reopened by USR1: every line', async () => {
    const { nginx, ask, asked } = await failing();
    const plugin = await startPlugin([`error_log: ${nginx.errorLog}`, `access_log: ${nginx.accessLog}`]);
    for (const seconds of [3, 1]) {
      await ask(5);
      const before = statSync(nginx.errorLog).ino;
      for (const log of [nginx.errorLog, nginx.accessLog]) renameSync(log, `${log}.${seconds}`);
      for (let second = 0; second < seconds; second += 1) {
        await ask(2);
        await sleep(1000);
      }
      await nginx.reopen();
      expect(statSync(nginx.errorLog).ino).not.toBe(before);
      await ask(5);
    }
    await plugin.waitFor(refused(plugin), asked());
    await plugin.waitFor(requests(plugin), asked());
    expect(plugin.value('log_lines', 'lost')).toBe(0);
  }, 60_000);

  test('T15 the real logrotate: create, copytruncate, dateext, compress, delaycompress, extension, one log each', async () => {
    const rotations: Record<string, readonly string[]> = {
      create: ['create 0644'],
      copytruncate: ['copytruncate'],
      dateext: ['create 0644', 'dateext', 'dateformat -%Y%m%d-%s'],
      compress: ['create 0644', 'compress'],
      delaycompress: ['create 0644', 'compress', 'delaycompress'],
      extension: ['create 0644', 'dateext', 'dateformat -%Y%m%d-%s', 'extension .log', 'compress'],
    };
    const logrotate = await tool('logrotate');
    const names = Object.keys(rotations);
    const { nginx, ask, asked } = await failing({ errorLog: names.map((name) => `logs/${name}.log error`) });
    const logs = names.map((name) => join(nginx.prefix, 'logs', `${name}.log`));
    const plugin = await startPlugin([`error_log: [${logs.join(', ')}]`]);
    const conf = join(plugin.folder, 'logrotate.conf');
    const blocks = names.map((name, n) => {
      const reopen = name === 'copytruncate' ? '' : `postrotate\n kill -USR1 ${nginx.pid}\n endscript`;
      return `${logs[n]} {\n rotate 5\n ${rotations[name]?.join('\n ')}\n ${reopen}\n}`;
    });
    writeFileSync(conf, `${blocks.join('\n')}\n`, { mode: 0o600 });
    const counted = () => names.length * asked();
    for (let rotation = 0; rotation < 3; rotation += 1) {
      await ask(2);
      await plugin.waitFor(refused(plugin), counted());
      // Not read yet when they are rotated away: found where logrotate has put them, also after copytruncate.
      await ask(4);
      const before = logs.map((log) => readFileSync(log, 'utf8').slice(0, 80));
      const args = ['--force', '--state', join(plugin.folder, 'logrotate.state'), conf];
      const result = await run(logrotate.path, args, { env: logrotate.env });
      expect(result).toMatchObject({ code: 0, stderr: '' });
      const isRotated = () => logs.every((log, n) => !readFileSync(log, 'utf8').startsWith(before[n] ?? ''));
      await waitUntil(isRotated, { what: 'the rotation of each' });
      await ask(4);
      // Their dateformat ends in seconds: the next name must be another.
      await sleep(1100);
    }
    await plugin.waitFor(refused(plugin), counted());
    expect(plugin.value('log_lines', 'lost')).toBe(0);
    expect(readdirSync(join(nginx.prefix, 'logs')).filter((name) => name.endsWith('.gz')).length).toBeGreaterThan(5);
  }, 60_000);

  testOn('root')(
    'T24 T26 unreadable after a rotation: one line with user, file, mode and remedy; recovery without a restart',
    async () => {
      const { nginx, ask, asked } = await failing();
      const command = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
      const folder = tempDir('plugin');
      mkdirSync(join(folder, 'lib'));
      chownSync(join(folder, 'lib'), 65534, 65534);
      chmodSync(nginx.errorLog, 0o644);
      const plugin = await startPlugin([`error_log: ${nginx.errorLog}`], { command, folder });
      await ask(3);
      await plugin.waitFor(refused(plugin), 3);
      renameSync(nginx.errorLog, `${nginx.errorLog}.1`);
      writeFileSync(nginx.errorLog, '', { mode: 0o640 });
      chownSync(nginx.errorLog, 0, 0);
      // USR1 is late: nginx still writes to the old file, which is held.
      await ask(4);
      await plugin.said(/level=error.*may not read/);
      const errors = plugin
        .messages()
        .split('\n')
        .filter((line) => line.includes('level=error') && !line.includes('/health.d/'));
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain(`user nobody may not read ${nginx.errorLog} (mode 0640, root:root): `);
      expect(errors[0]).toContain(`setfacl -m u:nobody:r ${nginx.errorLog} && setfacl -d -m u:nobody:r `);
      const updates = plugin.updates('connect_failures');
      await plugin.ticks(2);
      // A gap: the chart gets no value while the log cannot be read.
      expect(plugin.updates('connect_failures')).toBe(updates);
      await nginx.reopen();
      chmodSync(nginx.errorLog, 0o644);
      await plugin.said(/works again/);
      await ask(2);
      await plugin.waitFor(refused(plugin), asked());
      expect(plugin.messages().match(/level=error.*may not read/g)).toHaveLength(1);
    },
    60_000,
  );

  test('T27 killed and started again: neither loses nor doubles a line, also when rotated meanwhile', async () => {
    const { nginx, ask, asked } = await failing();
    const first = await startPlugin([`error_log: ${nginx.errorLog}`]);
    await ask(5);
    await first.waitFor(refused(first), 5);
    await ask(1);
    await first.child.stop('SIGKILL');
    const told = refused(first)();
    await ask(5);
    renameSync(nginx.errorLog, `${nginx.errorLog}.1`);
    await nginx.reopen();
    await ask(5);
    const second = await startPlugin([`error_log: ${nginx.errorLog}`], { folder: first.folder });
    await ask(5);
    await second.waitFor(refused(second), asked() - told);
    expect(second.value('log_lines', 'lost')).toBe(0);
  }, 60_000);

  test('T31 several files, a glob and the same file twice', async () => {
    const { nginx, ask } = await failing({ accessLog: ['logs/$server_port.access.log combined'] });
    const logs = dirname(nginx.errorLog);
    chmodSync(logs, 0o777);
    const plugin = await startPlugin([
      `error_log: [${nginx.errorLog}, ${nginx.errorLog}, '${logs}/err*.log']`,
      'access_log:',
      `  - path: ${logs}/$server_port.access.log`,
    ]);
    await ask(7);
    await plugin.waitFor(refused(plugin), 7);
    await plugin.waitFor(requests(plugin), 7);
  }, 60_000);

  test('T23 logs that nobody can read are explained: the first line says where to read instead', async () => {
    const folder = tempDir('logs');
    symlinkSync('/dev/stdout', join(folder, 'access.log'));
    expect((await run('mkfifo', [join(folder, 'fifo')])).code).toBe(0);
    const plugin = await startPlugin([`error_log: [${folder}/access.log, ${folder}/fifo, ${folder}]`]);
    await plugin.said(/access\.log leads to \/dev\/stdout.*docker:FILE/);
    await plugin.said(/fifo is a FIFO and is not opened, because a slow reader would block nginx/);
    await plugin.said(/is a directory, not a log/);
    await waitUntil(() => plugin.value('sources', 'failing') === 3, { what: 'three failing sources' });
  });
});

describe('syslog', () => {
  test('both logs over UDP to one port, as nginx frames them', async () => {
    const [port = 0] = await freePorts(1);
    const server = `syslog:server=127.0.0.1:${port}`;
    const plugin = await startPlugin([
      `error_log: syslog:udp://127.0.0.1:${port}`,
      `access_log: syslog:udp://127.0.0.1:${port}`,
    ]);
    await plugin.said(/listening on syslog:udp/);
    const { ask } = await failing({
      errorLog: [`${server},tag=edge_1 error`],
      accessLog: [`${server},nohostname,severity=info combined`],
    });
    await ask(20);
    await plugin.waitFor(refused(plugin), 20);
    await plugin.waitFor(requests(plugin), 20);
    expect(plugin.value('log_lines', 'foreign')).toBe(0);
    expect(plugin.value('log_lines', 'unmatched')).toBe(0);
  });
});

describe('containers', () => {
  /** What a container runtime does with one stream: a record per line, over 16 KiB in parts, appended to one file. */
  const shim = `
    const { appendFileSync } = require('node:fs');
    const [file, format, stream] = process.argv.slice(1);
    const time = () => new Date().toISOString().replace('Z', '000000Z');
    const docker = (text, last) => JSON.stringify({ log: last ? text + '\\n' : text, stream, time: time() });
    const cri = (text, last) => time() + ' ' + stream + ' ' + (last ? 'F' : 'P') + ' ' + text;
    const record = { docker, cri }[format];
    let rest = '';
    process.stdin.on('data', (bytes) => {
      const lines = (rest + bytes).split('\\n');
      rest = lines.pop();
      for (const line of lines) {
        const parts = line.match(/.{1,16384}/g) ?? [''];
        parts.forEach((part, n) => appendFileSync(file, record(part, n === parts.length - 1) + '\\n'));
      }
    });`;
  const piped = `node=$1 shim=$2 file=$3 format=$4; shift 4
    exec "$@" > >("$node" -e "$shim" "$file" "$format" stdout) 2> >("$node" -e "$shim" "$file" "$format" stderr)`;

  test.each(['docker', 'cri'])('%s: nginx’s stdout and stderr, lines over 16 KiB in parts', async (format) => {
    const [front = 0, dead = 0] = await freePorts(2);
    const program = await tool('nginx');
    const prefix = tempDir('container');
    const file = join(prefix, 'container.log');
    writeFileSync(file, '');
    const plugin = await startPlugin([`error_log: ${format}:${file}`, `access_log: ${format}:${file}`]);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
    writeFileSync(
      join(prefix, 'nginx.conf'),
      `daemon off; master_process off; pid nginx.pid; error_log stderr error; events {}
       http { access_log /dev/stdout combined; ${temporary.join(' ')} large_client_header_buffers 4 64k;
              server { listen 127.0.0.1:${front}; location / { proxy_pass http://127.0.0.1:${dead}; } } }`,
    );
    const command = [program.path, '-p', prefix, '-c', join(prefix, 'nginx.conf')];
    start('bash', ['-c', piped, 'bash', process.execPath, shim, file, format, ...command], { env: program.env });
    const ask = (path: string) => request(`http://127.0.0.1:${front}${path}`);
    const answers = () =>
      ask('/').then(
        ({ status }) => status === 502,
        () => false,
      );
    await waitUntil(answers, { what: 'nginx to answer', hint: () => readFileSync(file, 'utf8') });
    for (let n = 0; n < 9; n += 1) await ask('/');
    for (let n = 0; n < 3; n += 1) await ask(`/${'x'.repeat(40_000)}`);
    await plugin.waitFor(refused(plugin), 13);
    await plugin.waitFor(requests(plugin), 13);
    expect(plugin.value('log_lines', 'unmatched')).toBe(0);
    expect(plugin.value('log_lines', 'lost')).toBe(0);
    // Parts there were: nginx cuts error lines at 2 KiB, and access lines nowhere.
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2 * 13 + 3 * 2);
  });
});

describe('the journal', () => {
  /** journald on its own /run, in its own mount namespace. Its socket is seen from outside in the folder. */
  const script = `
    mount --make-rprivate / && mount --bind "$1" /run || exit 77
    mkdir -p /run/systemd/journal /run/systemd/journald.conf.d /run/log/journal
    printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\n' > /run/systemd/journald.conf.d/test.conf
    exec "$2"`;

  testOn('namespaces')(
    'journalctl -f, started by the plugin, on a private journald; after a kill it continues where it ended',
    async () => {
      const journalctl = await tool('journalctl');
      const journald = ['usr/lib', 'lib']
        .map((lib) => join(journalctl.root, lib, 'systemd/systemd-journald'))
        .find(existsSync);
      const folder = tempDir('run');
      const namespace = start('unshare', ['-m', 'sh', '-c', script, 'sh', folder, journald ?? ''], {
        env: journalctl.env,
      });
      const socket = join(folder, 'systemd/journal/dev-log');
      await waitUntil(() => existsSync(socket), { what: 'journald', hint: () => namespace.stderr() });
      const inside = {
        command: ['nsenter', '--target', `${namespace.pid}`, '--mount', '--'],
        env: { ...journalctl.env, PATH: `${dirname(journalctl.path)}:${process.env['PATH']}` },
      };
      const lines = ['error_log: journal:nginx', 'access_log: journal:nginx'];
      const first = await startPlugin(lines, inside);
      const log = `syslog:server=unix:${socket}`;
      const { ask, asked } = await failing({ errorLog: [`${log} error`], accessLog: [`${log},nohostname combined`] });
      await ask(10);
      await first.waitFor(refused(first), 10);
      await first.waitFor(requests(first), 10);
      expect(first.value('log_lines', 'unmatched')).toBe(0);
      await first.ticks(1);
      await first.child.stop('SIGKILL');
      await ask(5);
      const second = await startPlugin(lines, { ...inside, folder: first.folder });
      await ask(5);
      await second.waitFor(refused(second), asked() - 10);
      await second.waitFor(requests(second), asked() - 10);
    },
    60_000,
  );
});
