/** A private nginx that can be upgraded, and what a client asks for to forge lines of its error log. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logTime } from '../../support/logs/forging.ts';
import { freePorts } from '../../support/network/ports.ts';
import { descendants, isAlive } from '../../support/process.ts';
import { run } from '../../support/run.ts';
import { configText } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

export const textOf = (path: string) => readFileSync(path, 'utf8');
/** No process of any nginx: the largest pid of Linux is smaller. */
export const stranger = 4_242_424;

/** An nginx that has left its parent, for only such a one takes USR2; all of its family are ended with the test. */
export async function startDaemon() {
  const [front = 0, dead = 0] = await freePorts(2);
  const program = await tool('nginx');
  const prefix = tempDir('forged');
  const conf = join(prefix, 'nginx.conf');
  const errorLog = join(prefix, 'error.log');
  const rotated = `${errorLog}.1`;
  const http = `
    merge_slashes off;
    server {
      listen 127.0.0.1:${front};
      location / { root ${prefix}; }
      location /dead { proxy_pass http://127.0.0.1:${dead}; }
    }`;
  for (const name of ['temp', 'logs']) mkdirSync(join(prefix, name));
  const config = { http, workers: 2, errorLog: [`${errorLog} error`], accessLog: ['off'] };
  writeFileSync(conf, configText(config, program, prefix).replace('daemon off;', 'daemon on;'));
  const started = await run(program.path, ['-p', prefix, '-e', errorLog, '-c', conf], { env: program.env });
  if (started.code !== 0) throw new Error(`nginx did not start: ${started.stderr}`);

  const pidFile = join(prefix, 'nginx.pid');
  const master = () => Number(textOf(pidFile));
  const seen = new Set([await waitUntil(master, { what: 'its pid file' })]);
  const family = (): number[] => {
    // Once the elder of an upgrade has ended, its heir is nobody's child here.
    if (existsSync(pidFile)) seen.add(master());
    for (const pid of seen) for (const child of descendants(pid)) seen.add(child);
    return [...seen].filter(isAlive);
  };
  atEnd(() => {
    for (const pid of family()) process.kill(pid, 'SIGKILL');
  });
  const title = (pid: number) => textOf(`/proc/${pid}/cmdline`).split('\0')[0] ?? '';
  const workers = (of: number) => descendants(of).filter((pid) => /^nginx: worker process$/.test(title(pid)));
  return {
    conf,
    errorLog,
    rotated,
    front: `http://127.0.0.1:${front}`,
    dead,
    prefix,
    master,
    family,
    workers,
    /** By text alone, in another way than the parser does. */
    refusals: () =>
      `${existsSync(rotated) ? textOf(rotated) : ''}${existsSync(errorLog) ? textOf(errorLog) : ''}`
        .split('\n')
        .filter((line) => line.includes(`(111: `) && line.includes(`"http://127.0.0.1:${dead}/`) && !isForged(line))
        .length,
  };
}

export const isForged = (line: string) => line.includes(` ${stranger}#`);

/** A line of now that reports a refused connection. */
export const forgedLine = (dead: number, pid: number): string =>
  `${logTime()} [error] ${pid}#${pid}: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:${dead}/", host: "x"`;

/** What a client asks for, so that it stands in the log: it ends what nginx began, and begins anew. */
export function forgery(dead: number, pid: number): string {
  const end =
    '" failed (2: No such file or directory), client: 127.0.0.1, server: , request: "GET /x HTTP/1.1", host: "x"';
  return `/x${encodeURIComponent(`${end}\n${forgedLine(dead, pid)}\nx`)}`;
}
