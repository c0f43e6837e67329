/** Ways to run nginx, and what applications have it print, that change what its error log looks like: no real line is lost. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../../collector/config/settings.ts';
import { testOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { descendants, isAlive, start } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { configText, type NginxConfig } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';
import { forgery, isForged, stranger, textOf } from './kit.ts';
import { watch } from './watch-kit.ts';

interface Mode extends NginxConfig {
  /** A command that runs nginx elsewhere and stays its parent. */
  readonly within?: readonly string[];
  /** In server { }. */
  readonly locations?: string;
}

async function startMode({ within = [], locations = '', ...config }: Mode) {
  const [front = 0, dead = 0] = await freePorts(2);
  const program = await tool('nginx');
  const prefix = tempDir('mode');
  const [conf, errorLog] = [join(prefix, 'nginx.conf'), join(prefix, 'error.log')];
  for (const name of ['temp', 'logs']) mkdirSync(join(prefix, name));
  const http = `server {
    listen 127.0.0.1:${front};
    location / { root ${prefix}; }
    location /up { return 204; }
    location /dead { proxy_pass http://127.0.0.1:${dead}; }
    ${locations}
  }`;
  const errorLogs = config.errorLog ?? ['error'];
  const text = { accessLog: ['off'], ...config, http, errorLog: errorLogs.map((level) => `${errorLog} ${level}`) };
  writeFileSync(conf, configText(text, program, prefix));
  const [command = program.path, ...args] = [...within, program.path, '-p', prefix, '-e', errorLog, '-c', conf];
  const child = start(command, args, { env: program.env, stdin: 'ignore' });
  const ask = (path: string) => request(`http://127.0.0.1:${front}${path}`);
  const isUp = () =>
    ask('/up').then(
      ({ status }) => status === 204,
      () => false,
    );
  await waitUntil(isUp, { what: 'nginx to serve', hint: () => child.stderr() });
  const linesOf = (isOne: (line: string) => boolean) => textOf(errorLog).split('\n').filter(isOne);
  return {
    conf,
    dead,
    ask,
    linesOf,
    family: () => [...(within.length > 0 ? [] : [child.pid]), ...descendants(child.pid)].filter(isAlive),
    /** By text alone, in another way than the parser does. */
    refusals: () =>
      linesOf((line) => line.includes('(111: ') && line.includes(`"http://127.0.0.1:${dead}/dead`) && !isForged(line))
        .length,
  };
}

/** Refusals between requests of other kinds, of many lengths, in a log that has been quiet for minutes: all of them count. */
async function losesNothing(mode: Mode, noise: readonly string[], times = 60) {
  const nginx = await startMode(mode);
  const [job] = defaultSettings.jobs;
  const told = { ...defaultSettings, jobs: job === undefined ? [] : [{ ...job, nginxConf: nginx.conf }] };
  const plugin = watch([nginx], told);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  await nginx.ask('/dead');
  await plugin.allCounted();
  await plugin.settle();
  let asked = 1;
  for (let round = 0; round < times; round++) {
    const others = noise.map((path) => nginx.ask(path).catch(() => null));
    const refused = [0, 1, 2].map((n) => nginx.ask(`/dead/${'x'.repeat(round * 3 + n)}`));
    const answers = await Promise.all(refused);
    expect(answers.map(({ status }) => status)).toEqual([502, 502, 502]);
    await Promise.all(others);
    asked += refused.length;
    if (round % 4 === 0) await plugin.tick();
  }
  expect(nginx.refusals()).toBe(asked);
  for (let count = 0; count < 3; count++) await plugin.tick();
  const { refused, forged } = plugin.counted();
  expect({ refused, forged }).toEqual({ refused: asked, forged: 0 });
  // It would have been seen: what a client forges is.
  await nginx.ask(forgery(nginx.dead, stranger));
  await nginx.ask('/dead');
  await plugin.until('the last refusal', () => (plugin.counted().forged ?? 0) > 0);
  await plugin.allCounted();
  return { nginx, plugin };
}

/** No file, one whose name holds line feeds, a quote in one, and a long one. */
const requests = ['/none', '/a%0Ab', '/a%0A%0Ab%22c', `/${'long/'.repeat(300)}`, '/up?a=%0A"'];

test('a single process, master_process off', { timeout: 60_000 }, async () => {
  await losesNothing({ main: 'master_process off;' }, requests);
});

test('in the foreground, daemon off', { timeout: 60_000 }, async () => {
  await losesNothing({ workers: 2 }, requests);
});

test('at the most talkative level', { timeout: 60_000 }, async () => {
  const { path, env } = await tool('nginx');
  const built = (await run(path, ['-V'], { env })).stderr;
  await losesNothing({ workers: 2, errorLog: [built.includes('--with-debug') ? 'debug' : 'info'] }, requests);
});

testOn('root')("with a container's pids", { timeout: 60_000 }, async () => {
  const within = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const { nginx } = await losesNothing({ workers: 2, within }, requests);
  expect(nginx.linesOf((line) => / \[error\] \d{1,2}#\d{1,2}: /.test(line))).not.toEqual([]);
});

const trace = (lines: number) =>
  [
    'PHP message: PHP Fatal error:  Uncaught Exception: "no" in /srv/a.php:3',
    'Stack trace:',
    ...Array.from({ length: lines }, (_, n) => `#${n} /srv/b.php(${n}): a("x", Object(B))`),
    '  thrown in /srv/a.php on line 3',
  ].join('\n');

const messages: Readonly<Record<string, string>> = {
  short: 'PHP message: one\nPHP message: two',
  ends: 'PHP message: a line feed at its end\n',
  empty: 'PHP message: \n\n\n',
  trace: trace(5),
  cut: trace(80),
  dated: `${trace(2)}\n[28-Nov-2026 18:00:00 UTC] PHP Warning:  x while reading y in /srv/a.php on line 4`,
};

/** An application that prints on its stderr what is asked for, and answers; or is gone without an answer. */
async function startFastcgi(): Promise<number> {
  const record = (type: number, text: string) => {
    const content = Buffer.from(text);
    const header = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
    return Buffer.concat([header, content]);
  };
  const [stdout, stderr, end] = [6, 7, 3];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    let got = '';
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
      const [, kind = '', name = ''] = /\/php\/(answers|closes)\/(\w+)/.exec(got) ?? [];
      // Its last record: an empty stdin.
      if (!got.endsWith('\x01\x05\x00\x01\x00\x00\x00\x00')) return;
      socket.write(record(stderr, messages[name] ?? ''));
      if (kind === 'answers') {
        socket.write(record(stdout, 'Content-Type: text/plain\r\n\r\nok'));
        socket.write(record(end, '\0'.repeat(8)));
      }
      socket.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('messages of FastCGI applications over several lines', { timeout: 60_000 }, async () => {
  const port = await startFastcgi();
  const locations = `location /php { fastcgi_param SCRIPT_NAME $uri; fastcgi_pass 127.0.0.1:${port}; }`;
  const names = Object.keys(messages);
  const noise = [...requests, ...names.flatMap((name) => [`/php/answers/${name}`, `/php/closes/${name}`])];
  const { nginx, plugin } = await losesNothing({ workers: 2, locations }, noise, 30);
  const closed = nginx.linesOf((line) => / upstream prematurely closed /.test(line));
  expect(closed).toHaveLength(30 * names.length);
  const early = [...plugin.values].filter(([name]) => /\.(?:peer|upstream)_failures_\w+\.closed_early$/.test(name));
  expect(early.map(([, count]) => count)).toContain(closed.length);
});
