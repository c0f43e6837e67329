/** The built file as a process: when it leaves, when it stays, and what a person gets who types something. */

import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const line =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n';

const begins = (text: string) => text.split('\nBEGIN ').length - 1;

/** Its own configuration: discovery would find whatever nginx runs on this machine. */
function environment() {
  const folder = tempDir('config');
  const log = join(folder, 'error.log');
  writeFileSync(log, '');
  writeFileSync(join(folder, 'nginx-upstream.conf'), `jobs:\n  - name: local\n    error_log: ${log}\n`);
  return { ...process.env, NETDATA_USER_CONFIG_DIR: folder };
}

describe('leaving', () => {
  test.each([
    ['QUIT on stdin', (child: ReturnType<typeof start>) => child.process.stdin?.write('QUIT')],
    ['the end of stdin', (child: ReturnType<typeof start>) => child.process.stdin?.end()],
    ['SIGTERM', (child: ReturnType<typeof start>) => child.signal('SIGTERM')],
    ['nobody reads any more (EPIPE)', (child: ReturnType<typeof start>) => child.process.stdout?.destroy()],
  ])('%s: at once, with 0', async (_name, tell) => {
    const child = start(process.execPath, [builtPlugin, '1'], { env: environment() });
    await waitUntil(() => begins(child.stdout()) > 0, { what: 'the first tick' });
    tell(child);
    await waitUntil(() => child.exit(), { what: 'the end', timeout: 3_000 });
    expect(child.exit()?.code).toBe(0);
  });

  test.each(['/dev/null', 'a file'])('stdin is %s: its end says nothing', async (what) => {
    const path = what === 'a file' ? join(tempDir('stdin'), 'empty') : what;
    if (what === 'a file') writeFileSync(path, '');
    const stdin = openSync(path, 'r');
    const child = spawn(process.execPath, [builtPlugin, '1'], { env: environment(), stdio: [stdin, 'pipe', 'pipe'] });
    closeSync(stdin);
    atEnd(() => void child.kill('SIGKILL'));
    let text = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    await waitUntil(() => text.split('BEGIN nginx_upstream_local.connect_failures').length > 4, {
      what: 'three ticks',
    });
    child.kill('SIGTERM');
    await waitUntil(() => child.exitCode !== null, { what: 'the end' });
    expect(child.exitCode).toBe(0);
  });

  test('SIGHUP reads the configuration again', async () => {
    const child = start(process.execPath, [builtPlugin, '1'], { env: environment() });
    await child.waitForLine(/configuration read from/);
    child.signal('SIGHUP');
    await waitUntil(() => child.stderr().split('configuration read from').length === 3, { what: 'the second reading' });
  });
});

describe('what a person types', () => {
  const typed = (...args: string[]) => run(process.execPath, [builtPlugin, ...args]);

  test('--help and --version', async () => {
    const help = await typed('--help');
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('nginx-upstream parse error [FILE…]');
    expect((await typed('--version')).stdout).toMatch(/^nginx-upstream \d+\.\d+\.\d+\n$/);
  });

  test.each([
    ['a word that is nothing', ['chekc'], "'chekc' is no command"],
    ['an unknown option', ['--verbose'], 'unknown option --verbose'],
    ['--config without a file', ['--config'], '--config needs a FILE'],
    ['half a command', ['parse'], 'parse what? parse error, or parse access'],
    ['an unknown option of parse error', ['parse', 'error', '--json'], 'unknown option --json'],
  ])('%s: exit 2 and a hint', async (_name, args, text) => {
    const result = await typed(...args);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(text);
    expect(result.stdout).toBe('');
  });

  test('parse error: one object per physical line, in order, also for the last without a newline', async () => {
    const folder = tempDir('parse');
    const path = join(folder, 'error.log');
    writeFileSync(path, `${line}garbage\n\n  Stack trace:\r\n${line.trimEnd()}`);
    const { code, stdout } = await typed('parse', 'error', path);
    const objects = stdout
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(code).toBe(0);
    expect(objects.map((o) => o['kind'] ?? o['line'])).toEqual(['refused', 'garbage', '', '  Stack trace:', 'refused']);
    expect(objects.map((o) => 'unmatched' in o)).toEqual([false, true, true, true, false]);
  });

  test('parse error and access: terminal escapes, C1 and reordering characters come out as escapes, and stay what they are', async () => {
    const path = join(tempDir('parse'), 'hostile.log');
    const hostile = 'a\u001b[31m\u009b2J\u202e\u007f<b>\ufeff';
    writeFileSync(path, `${line.replace('GET / HTTP', `GET /${hostile} HTTP`)}${hostile}\n`);
    const errors = (await typed('parse', 'error', path)).stdout;
    const access = (await typed('parse', 'access', '--format', '$request $status', path)).stdout;
    const isHarmful = (character: string) => /[\p{Cc}\p{Cf}]/u.test(character) && character !== '\n';
    for (const text of [errors, access]) expect([...text].filter(isHarmful)).toEqual([]);
    const [first, second] = errors
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, unknown>);
    expect([first?.['request'], second?.['line']]).toEqual([`GET /${hostile} HTTP/1.1`, hostile]);
  });

  test('parse error: some input unreadable is 1, all unreadable is 2, and each is named', async () => {
    const folder = tempDir('parse');
    const path = join(folder, 'error.log');
    writeFileSync(path, line);
    mkdirSync(join(folder, 'directory'));
    const some = await typed('parse', 'error', join(folder, 'missing'), path, join(folder, 'directory'));
    expect(some.code).toBe(1);
    expect(some.stdout.split('\n')).toHaveLength(2);
    expect(some.stderr).toBe(
      `${join(folder, 'missing')}: no such file\n${join(folder, 'directory')}: is a directory: name the files in it\n`,
    );
    expect((await typed('parse', 'error', join(folder, 'missing'))).code).toBe(2);
  });

  test('a directory on stdin, and a full disk: one line each', async () => {
    const path = join(tempDir('parse'), 'error.log');
    writeFileSync(path, line);
    const script = '"$1" "$2" parse error < /; echo $?; "$1" "$2" parse error "$3" > /dev/full; echo $?';
    const { stdout, stderr } = await run('bash', ['-c', script, 'bash', process.execPath, builtPlugin, path]);
    expect(stdout).toBe('2\n1\n');
    expect(stderr.trimEnd().split('\n')).toEqual([
      '-: is a directory: name the files in it',
      expect.stringContaining('cannot write: '),
    ]);
  });

  test('the interval of the configuration counts from the first chart on', async () => {
    const settings = environment();
    const path = join(settings.NETDATA_USER_CONFIG_DIR, 'nginx-upstream.conf');
    writeFileSync(path, `update_every: 2\n${readFileSync(path, 'utf8')}`);
    const child = start(process.execPath, [builtPlugin, '1'], { env: settings });
    await waitUntil(() => begins(child.stdout()) > 0, { what: 'the first tick' });
    expect(child.stdout()).toMatch(/^CHART nginx_upstream_local\.connect_failures .* stacked 60000 2 /m);
  });

  test('parse error: | head is a quiet 0', async () => {
    const path = join(tempDir('parse'), 'error.log');
    writeFileSync(path, line.repeat(50_000));
    const script = `"$1" "$2" parse error "$3" | head -1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await run('bash', ['-c', script, 'bash', process.execPath, builtPlugin, path]);
    expect([stdout, stderr]).toEqual(['0\n', '']);
  });
});
