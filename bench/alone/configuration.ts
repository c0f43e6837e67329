/** What reading a large nginx.conf costs: `npm run bench -- configuration [INCLUDES]`. 20 lines in each included file. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layouts } from '../../collector/discover/find/layouts.ts';
import { rootView } from '../../collector/discover/find/view.ts';
import { readNginx } from '../../collector/discover/follow/read-nginx.ts';
import { signatureOf } from '../../collector/discover/follow/watch.ts';
import { createAttribution } from '../../collector/nginx/peers.ts';
import { nodeFileSystem } from '../../collector/system/fs.ts';

function site(at: number): string {
  return `upstream app${at} {
  zone app${at} 64k;
  server 10.${at >> 8}.${at & 255}.1:8080 max_fails=3 fail_timeout=10s;
  server 10.${at >> 8}.${at & 255}.2:8080 backup;
}
server {
  listen 80;
  server_name site${at}.example "~^www\\.site${at}\\.(?<tld>com|org)$";
  access_log /var/log/nginx/site${at}.log main; # its own log
  location / {
    proxy_pass http://app${at};
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  }
  location ~ \\.(css|js|png)$ {
    expires 30d;
    add_header Cache-Control "public, max-age=2592000";
  }
}
`;
}

/** CPU time, so that it means the same on a busy machine. */
function ms(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

export async function reportConfiguration(includes: number): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'nginx-upstream-conf-'));
  try {
    mkdirSync(join(dir, 'sites'));
    for (let at = 0; at < includes; at++) writeFileSync(join(dir, 'sites', `${at}.conf`), site(at));
    const main = `http {\n  log_format main '$remote_addr "$request" $status';\n  include sites/*.conf;\n}\n`;
    writeFileSync(join(dir, 'nginx.conf'), main);
    const [defaults] = layouts;
    if (defaults === undefined) throw new Error('no layout is known');
    const found = {
      master: null,
      version: null,
      defaults,
      confPath: join(dir, 'nginx.conf'),
      commandLine: null,
      view: rootView(nodeFileSystem, ''),
    };
    const read = () => readNginx(found, nodeFileSystem);
    const first = ms(read);
    const again = Array.from({ length: 5 }, () => ms(read));
    const { configuration, watched } = read();
    const attribution = ms(() => createAttribution(configuration));
    const looks = Array.from({ length: 5 }, () => ms(() => signatureOf(nodeFileSystem, watched)));
    const rows: readonly (readonly [string, number])[] = [
      ['read, the first time (code still cold)', first],
      ['read again', Math.min(...again)],
      ['who belongs to whom', attribution],
      ['a check whether anything has changed', Math.min(...looks)],
    ];
    const lines = includes * 20 + 4;
    const head = `| ${lines} lines, ${includes} includes, ${configuration.upstreams.length} upstreams | ms of CPU |\n| --- | --- |`;
    return `${[head, ...rows.map(([name, value]) => `| ${name} | ${value.toFixed(1)} |`)].join('\n')}\n`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
