/** The demo's nginx: two upstreams, everything in the demo's folder, the log_format that `check` recommends. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { httpFormat } from '../collector/discover/check/words/remedies.ts';
import type { Program } from './programs.ts';
import { type Server, start, waitFor } from './server.ts';

export interface NginxOptions {
  readonly folder: string;
  readonly port: number;
  /** Name → addresses. */
  readonly upstreams: Readonly<Record<string, readonly string[]>>;
  readonly env: NodeJS.ProcessEnv;
}

export async function startNginx(program: Program, options: NginxOptions): Promise<Server> {
  const { folder, port, env } = options;
  for (const name of ['logs', 'temp']) mkdirSync(join(folder, name));
  const conf = join(folder, 'nginx.conf');
  const log = join(folder, 'logs/error.log');
  writeFileSync(conf, confText(options));
  // -e: else it complains about the system's log, which it may not open.
  const args = ['-p', `${folder}/`, '-e', log, '-c', conf];
  const server = start('nginx', program.path, args, { cwd: folder, env: { ...program.env, ...env } }, log);
  await waitFor(server, `http://127.0.0.1:${port}/status`);
  return server;
}

function confText({ folder, port, upstreams }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  // A short fail_timeout, so that a few minutes show what else takes an hour.
  const group = ([name, peers]: [string, readonly string[]]): string =>
    `upstream ${name} {\n${peers.map((peer) => `    server ${peer} max_fails=1 fail_timeout=3s;\n`).join('')}  }`;
  return `daemon off;
${process.getuid?.() === 0 ? `user ${workerUser()};\n` : ''}worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/logs/error.log;
events { worker_connections 256; }
http {
${temporary.map((of) => `  ${of}_temp_path ${folder}/temp/${of};`).join('\n')}
  ${httpFormat}
  access_log ${folder}/logs/access.log nginx_upstream;
  proxy_connect_timeout 1s;
  proxy_read_timeout 3s;
  ${Object.entries(upstreams).map(group).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
${Object.keys(upstreams)
  .map((name) => `    location /${name} { proxy_pass http://${name}; }`)
  .join('\n')}
    location = /status { stub_status; access_log off; }
  }
}
`;
}

/** User and group that Debian's nginx, or else any system, has for programs without rights. */
function workerUser(): string {
  if (/^www-data:/m.test(readFileSync('/etc/passwd', 'utf8'))) return 'www-data';
  return /^nogroup:/m.test(readFileSync('/etc/group', 'utf8')) ? 'nobody nogroup' : 'nobody';
}
