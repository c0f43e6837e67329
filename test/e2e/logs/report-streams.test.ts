/** One traffic, its logs in every form that people have them in: `report` says the same of each. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePorts } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { run } from '../../support/run.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';

test('two files, a mixed stream, a json-file of docker, an export of the journal, kubectl, logfmt', {
  timeout: 60_000,
}, async () => {
  const [front = 0, dead = 0, live = 0] = await freePorts(3);
  const format =
    '$remote_addr [$time_local] "$request" $status rt=$request_time addr="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" urt="$upstream_response_time"';
  const nginx = await startNginx({
    accessLog: [],
    http: `log_format up '${format}'; access_log logs/access.log up;
      upstream app { server 127.0.0.1:${dead}; server 127.0.0.1:${live}; }
      server { listen 127.0.0.1:${live}; access_log off; location / { return 200 ok; } }
      server {
        listen 127.0.0.1:${front};
        location / { proxy_pass http://app; }
        location /dead { proxy_pass http://127.0.0.1:${dead}; }
        location /files { root /nowhere; }
      }`,
  });
  for (let n = 0; n < 30; n++) await request(`http://127.0.0.1:${front}${['/', '/dead', '/files/x'][n % 3]}`);
  const access = await nginx.accessLines(/./, 30);
  const error = await nginx.errorLines(/./, 21);
  const mixed: (readonly ['stdout' | 'stderr', string])[] = [];
  for (let n = 0; n < Math.max(access.length, error.length); n++) {
    if (error[n] !== undefined) mixed.push(['stderr', error[n] ?? '']);
    if (access[n] !== undefined) mixed.push(['stdout', access[n] ?? '']);
  }
  const folder = tempDir('streams');
  const written = (name: string, lines: readonly string[]) => {
    const path = join(folder, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return path;
  };
  const forms: Readonly<Record<string, readonly string[]>> = {
    'two files': [nginx.errorLog, nginx.accessLog],
    'a mixed stream': [
      written(
        'mixed',
        mixed.map(([, line]) => line),
      ),
    ],
    docker: [
      written(
        'json',
        mixed.map(([stream, line]) => JSON.stringify({ log: `${line}\n`, stream, time: 'x' })),
      ),
    ],
    journal: [
      written(
        'export',
        mixed.flatMap(([, line]) => ['__CURSOR=s', '_PID=1', `MESSAGE=${line}`, '']),
      ),
    ],
    kubectl: [
      written(
        'kubectl',
        mixed.map(([, line]) => `[pod/a/nginx] ${line}`),
      ),
    ],
    logfmt: [
      written(
        'logfmt',
        mixed.map(([, line]) => `ts=1 msg="${line.replace(/["\\]/g, (c) => `\\${c}`)}"`),
      ),
    ],
  };
  const reports = new Map<string, unknown>();
  for (const [name, files] of Object.entries(forms)) {
    const { code, stdout, stderr } = await run(process.execPath, [
      readablePlugin(),
      'report',
      '--json',
      '--format',
      format,
      ...files,
    ]);
    expect([name, code, stderr]).toEqual([name, 0, '']);
    reports.set(name, JSON.parse(stdout));
  }
  const plain = reports.get('two files') as { errors: { byKind: Record<string, number> }; access: { lines: number } };
  expect(plain.errors.byKind['refused']).toBeGreaterThanOrEqual(11);
  expect(plain.access.lines).toBe(30);
  for (const [name, found] of reports) expect([name, found]).toEqual([name, plain]);
});
