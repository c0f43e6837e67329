/** The running plugin: the cause on the chart while a peer fails, and what it remembers, as reported by `diagnose`. */
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { freePort, freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { type Child, start } from '../../support/process.ts';
import { type Result, run } from '../../support/run.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { type Nginx, startNginx } from '../../support/servers/nginx.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { never, waitUntil } from '../../support/wait.ts';

interface Watched {
  readonly nginx: Nginx;
  readonly plugin: Child;
  /** Another one, after it. */
  startPlugin(): Child;
  readonly lib: string;
  ask(): Promise<number>;
  diagnose(...args: readonly string[]): Promise<Result>;
  /** The causes that are 1 on the chart of the peer, at its last update. */
  causes(): readonly string[];
  /** What the plugin wrote down of the peer. */
  noted(peer: string): { readonly listeningMs: number | null; readonly oomKills: number | null } | null;
}

async function watch(address: string, probe = 'on-failure'): Promise<Watched> {
  const front = await freePort();
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://${address}; } }`,
  });
  const lib = tempDir('lib');
  const conf = join(lib, 'nginx-upstream.conf');
  writeFileSync(conf, `probe: ${probe}\njobs:\n  - name: test\n    nginx_conf: ${nginx.conf}\n`);
  const copy = readablePlugin();
  const env = { ...process.env, NETDATA_LIB_DIR: lib };
  const startPlugin = () => start(process.execPath, [copy, '1', '--config', conf], { env, stdin: 'ignore' });
  const plugin = startPlugin();
  await waitUntil(() => plugin.stdout().includes('BEGIN nginx_upstream_test.upstream_failures_'), {
    what: 'the chart of the upstream',
    hint: plugin.stderr,
  });
  return {
    nginx,
    plugin,
    startPlugin,
    lib,
    ask: () =>
      request(`http://127.0.0.1:${front}/`).then(
        ({ status }) => status,
        () => 0,
      ),
    diagnose: (...args) => run(process.execPath, [copy, 'diagnose', '--config', conf, ...args], { env }),
    causes() {
      const updates = [...plugin.stdout().matchAll(/^BEGIN "?[^\n]*\.peer_cause_[^\n]*\n([\s\S]*?)^END/gm)];
      return Array.from((updates.at(-1)?.[1] ?? '').matchAll(/SET "?(\w+)"? = 1$/gm), ([, cause = '']) => cause);
    },
    noted(peer) {
      const file = readdirSync(lib).find((name) => name.includes('.listeners.') && name.endsWith('.json'));
      if (file === undefined) return null;
      return (JSON.parse(readFileSync(join(lib, file), 'utf8')) as Record<string, never>)[peer] ?? null;
    },
  };
}

const until = (what: string, condition: () => unknown, hint: () => unknown, timeout = 40_000) =>
  waitUntil(condition, { what, timeout, interval: 200, hint });

describe('in plugin mode', () => {
  // The backends listen in this process. Another test's, of the same name, may begin to listen when one of them ends: it
  // would look like the application that has moved to another port.
  beforeAll(() => {
    process.title = `nup-${process.pid}`;
  });

  test('a process that stops: the chart, the log and diagnose say so, with when it last listened', async () => {
    const backend = await startBackend();
    const seen = await watch(backend.address);
    expect(await seen.ask()).toBe(200);
    expect(seen.causes()).toEqual([]);
    await until('the listener to be noted', () => seen.noted(backend.address)?.listeningMs, seen.plugin.stderr);

    await backend.stop();
    expect(await seen.ask()).toBe(502);
    await until('the cause', () => seen.causes().includes('process_down'), seen.plugin.stderr);
    expect(seen.causes()).toEqual(['process_down']);
    await until('the log line', () => /process_down \(certain\)/.test(seen.plugin.stderr()), seen.plugin.stderr);
    const { code, stdout } = await seen.diagnose();
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(/certain process_down/);
    expect(stdout).toMatch(/something listened there until \d\d:\d\d:\d\d: user /);
    expect(stdout).toContain(`${seen.nginx.conf}:`);
  });

  test('a restart of the plugin forgets nobody: what ended meanwhile is known by who it was', async () => {
    const backend = await startBackend();
    const seen = await watch(backend.address);
    await until('the listener to be noted', () => seen.noted(backend.address)?.listeningMs, seen.plugin.stderr);
    const before = seen.noted(backend.address);
    await seen.plugin.stop();
    await backend.stop();
    const next = seen.startPlugin();
    await until('the chart of the upstream', () => next.stdout().includes('.upstream_failures_'), next.stderr);
    expect(await seen.ask()).toBe(502);
    await until('the log line', () => /process_down \(certain\)/.test(next.stderr()), next.stderr);
    expect(seen.noted(backend.address)).toEqual({ ...before, oomKills: null, inode: null });
    expect((await seen.diagnose()).stdout).toMatch(/something listened there until \d\d:\d\d:\d\d: user /);
  });

  test('a healthy system: one line, and exit code 0', async () => {
    const backend = await startBackend();
    const seen = await watch(backend.address);
    expect(await seen.ask()).toBe(200);
    const { code, stdout, stderr } = await seen.diagnose();
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout:
        'Healthy: no upstream failure (1 peer) in the last 10 min, no client with a server error in the last minute.\n',
      stderr: '',
    });
    const stranger = await seen.diagnose('--peer', '10.0.0.1:80');
    expect([stranger.code, stranger.stdout]).toEqual([
      2,
      `Could not check: 10.0.0.1:80 is not a peer in nginx's configuration, which has: ${backend.address}\n`,
    ]);
    const json = await seen.diagnose('--json');
    expect([json.code, (JSON.parse(json.stdout) as { nginx: { failing: unknown }[] }).nginx[0]?.failing]).toEqual([
      0,
      [],
    ]);
  });

  test('a line that no worker wrote, as a client can forge it, makes no verdict', async () => {
    const backend = await startBackend();
    const seen = await watch(backend.address);
    // Later than two minutes after the workers began: then nobody else can have written it.
    const at = new Date(Date.now() + 130_000);
    const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString();
    const time = `${local.slice(0, 10).replaceAll('-', '/')} ${local.slice(11, 19)}`;
    const line = (pid: number) =>
      `${time} [error] ${pid}#${pid}: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://${backend.address}/", host: "x"\n`;
    appendFileSync(seen.nginx.errorLog, line(4_000_000));
    const forged = await seen.diagnose();
    expect([forged.code, forged.stdout]).toEqual([
      0,
      expect.stringMatching(/^Healthy: .*\n.*1 line of the log not counted: no process of this nginx wrote/),
    ]);
    appendFileSync(seen.nginx.errorLog, line(seen.nginx.workers()[0] ?? 0));
    expect((await seen.diagnose()).code).toBe(1);
  });

  test('where nothing can be read, silence is not called health', async () => {
    const folder = tempDir('none');
    const conf = join(folder, 'nginx-upstream.conf');
    writeFileSync(
      conf,
      `jobs:\n  - name: none\n    nginx_conf: ${folder}/nginx.conf\n    error_log: ${folder}/error.log\n`,
    );
    const absent = await run(process.execPath, [readablePlugin(), 'diagnose', '--config', conf]);
    expect([absent.code, absent.stdout]).toEqual([
      2,
      `Could not check: ${folder}/nginx.conf cannot be read (see check).\nNote: not read: ${folder}/error.log: it does not exist\n`,
    ]);
    const wrong = await run(process.execPath, [readablePlugin(), 'diagnose', '--since', 'yesterday']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('a time like 90s, 10m, 2h or 1d')]);
  });

  test.each([
    ['level crit', (nginx: Nginx) => `${nginx.errorLog} crit`, 'crit on'],
    ['standard error', () => '/dev/stderr', 'journal:nginx'],
    ['/dev/null', () => '/dev/null', 'nothing is kept'],
  ])('an error log that cannot show failures does not prove health: %s', async (_, errorLog, note) => {
    const [port = 0, front = 0] = await freePorts(2);
    const seen = await watch(`127.0.0.1:${port}`);
    await seen.plugin.stop();
    await seen.nginx.reload({
      errorLog: [errorLog(seen.nginx)],
      http: `server { listen 127.0.0.1:${front}; location / { proxy_pass http://127.0.0.1:${port}; } }`,
    });
    expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(502);
    const { code, stdout } = await seen.diagnose();
    expect([code, stdout]).toEqual([2, expect.stringMatching(/^Could not check: no error log /)]);
    expect(stdout).toContain(note);
  });

  test('requests that fail behind a connection, and names that do not resolve, are no silence', async () => {
    const server = createServer((socket) => socket.on('data', () => socket.destroy()).on('error', () => undefined));
    const [port = 0, front = 0] = await freePorts(2);
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
    atEnd(() => server.close());
    const seen = await watch(`127.0.0.1:${port}`);
    expect(await seen.ask()).toBe(502);
    const later = await seen.diagnose();
    expect([later.code, later.stdout]).toEqual([1, expect.stringContaining('likely breaks_after_connect')]);
    expect(later.stdout).toMatch(/^1 peer fails now\. Clients: 100 % 502 \(1 in the last \d+ s\) on the entire server/);
    await seen.nginx.reload({
      http: `server { listen 127.0.0.1:${front}; location / { set $name nowhere.test; proxy_pass http://$name; } }`,
    });
    expect((await request(`http://127.0.0.1:${front}/`)).status).toBe(502);
    const unresolved = await seen.diagnose();
    expect(unresolved.code).toBe(1);
    expect(unresolved.stdout).toContain('nginx cannot resolve nowhere.test: no resolver defined');
  });

  test('a configuration of the plugin that is named and not there: nothing else is read', async () => {
    const { code, stdout, stderr } = await run(process.execPath, [readablePlugin(), 'diagnose', '--config', '/none']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('--config /none: no such file')]);
  });

  test('a peer that nobody fails to reach is never connected to, nor one that fails where probing is off', async () => {
    const [port = 0] = await freePorts(1);
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.on('data', () => socket.destroy()).on('error', () => undefined);
    });
    const seen = await watch(`127.0.0.1:${port}`, 'off');
    expect(await seen.ask()).toBe(502);
    await until('a verdict', () => seen.causes().length > 0, seen.plugin.stderr);
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
    atEnd(() => server.close());
    const { stdout } = await seen.diagnose();
    expect(stdout).toContain('not probed: `probe: off`');
    await never(() => connections, { what: 'a connection', during: 1500 });
  });

  test('the probe: at most one in 10 s, closed without a byte', async () => {
    const [port = 0] = await freePorts(1);
    const seen = await watch(`127.0.0.1:${port}`);
    expect(await seen.ask()).toBe(502);
    await until('a verdict', () => seen.causes().length > 0, seen.plugin.stderr);
    const probes: { readonly at: number; bytes: number }[] = [];
    const server = createServer((socket) => {
      const probe = { at: performance.now(), bytes: 0 };
      let asked = false;
      socket.on('data', (bytes) => {
        asked ||= bytes.includes('GET ');
        probe.bytes += bytes.length;
        socket.resetAndDestroy();
      });
      socket.on('close', () => {
        if (!asked) probes.push(probe);
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
    atEnd(() => server.close());
    // Still failing by the log: requests to another moment of the same peer.
    await seen.nginx.errorLines(/\(111: /);
    await never(() => probes.length > 3, { what: 'more probes than the pace allows', during: 3000 });
    for (const { bytes } of probes) expect(bytes).toBe(0);
  });
});

/** A private memory cgroup, whichever layout; null where none can be made. */
function memoryCgroup(bytes: number): string | null {
  const name = `nginx-upstream-test-${process.pid}`;
  const layouts = [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max'],
  ] as const;
  for (const [root, limit] of layouts) {
    const folder = join(root, name);
    try {
      mkdirSync(folder);
      atEnd(() => rmdirSync(folder));
      writeFileSync(join(folder, limit), String(bytes));
      if (existsSync(join(folder, 'memory.swap.max'))) writeFileSync(join(folder, 'memory.swap.max'), '0');
      return folder;
    } catch {
      // The other layout, or none.
    }
  }
  return null;
}

const EATER = `
require('node:http').createServer((request, answer) => {
  if (request.url !== '/eat') return answer.end('ok');
  const eaten = [];
  setInterval(() => eaten.push(Buffer.alloc(16 << 20, 1)), 5);
}).listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));
`;

test('OOM-killed: the kill is reported with the refusal', async () => {
  const port = await freePort();
  const peer = `127.0.0.1:${port}`;
  const cgroup = memoryCgroup(160 << 20);
  const enter = cgroup === null ? '' : `echo $$ > ${cgroup}/cgroup.procs; `;
  const app = start('/bin/sh', ['-c', `${enter}exec "$0" "$@"`, process.execPath, '-e', EATER, String(port)]);
  await app.waitForLine(/listening/);
  const seen = await watch(peer);
  await until('the listener to be noted', () => seen.noted(peer)?.listeningMs, seen.plugin.stderr);

  if (cgroup === null) {
    console.error(
      '!!! no memory cgroup can be made here: the OOM kill is a line in the plugin’s notes, not a real one',
    );
    await app.stop('SIGKILL');
  } else {
    request(`http://${peer}/eat`, { timeout: 20_000 }).catch(() => undefined);
    expect((await app.exited).signal).toBe('SIGKILL');
  }
  expect(await seen.ask()).toBe(502);
  await until('the cause', () => seen.causes().includes('process_down'), seen.plugin.stderr);
  if (cgroup === null) {
    await seen.plugin.stop();
    const file = readdirSync(seen.lib).find((name) => name.includes('.listeners.')) ?? '';
    const notes = JSON.parse(readFileSync(join(seen.lib, file), 'utf8')) as Record<string, object>;
    writeFileSync(join(seen.lib, file), JSON.stringify({ [peer]: { ...notes[peer], oomKills: 1 } }));
  }
  const { stdout } = await seen.diagnose();
  expect(stdout).toMatch(/certain process_down/);
  expect(stdout).toMatch(/the kernel killed \d+ process(es)? because memory ran out/);
});
