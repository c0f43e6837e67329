/** Both logs of a real nginx count the same failed connects, to the last one; what nginx cut off is what is missing. */
import { createReadStream } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createJobAggregate } from '../../../collector/aggregate/job.ts';
import { lineSplitter } from '../../../collector/decode/lines.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { createAccessLines } from '../../../collector/parse/access/lines.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { errorLineReader } from '../../../collector/parse/error/reader.ts';
import { freePorts } from '../../support/network/ports.ts';
import { statuses } from '../../support/network/request.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { startNetdata } from '../../support/servers/netdata.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { waitUntil } from '../../support/wait.ts';

const format =
  '$remote_addr [$time_local] "$request" $status rt=$request_time up=$proxy_host ua="$upstream_addr" ' +
  'us="$upstream_status" uct="$upstream_connect_time" urt="$upstream_response_time"';

/** `count` GETs, pipelined on one connection; resolves with the number of 200s. */
function pipelined(port: number, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    let good = 0;
    let all = 0;
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
      const found = text.match(/HTTP\/1\.1 \d{3}/g) ?? [];
      all += found.length;
      good += found.filter((line) => line.endsWith('200')).length;
      text = text.slice(text.lastIndexOf('HTTP/1.1 ') + 12);
      if (all === count) socket.end();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(good));
    socket.write('GET /pair HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count));
  });
}

async function setUp() {
  const [front = 0, dead = 0] = await freePorts(2);
  const alive = await startBackend();
  const nginx = await startNginx({
    accessLog: [],
    http: `
      log_format ours '${format}';
      access_log logs/access.log ours;
      keepalive_requests 100000;
      large_client_header_buffers 4 16k;
      upstream pair { server 127.0.0.1:${dead} max_fails=0; server ${alive.address} backup; }
      server { listen 127.0.0.1:${front}; location / { proxy_pass http://pair; } }`,
  });
  return { front, alive, nginx };
}

test('10,000 refused and masked requests: both logs and the backend agree', { timeout: 120_000 }, async () => {
  const { front, alive, nginx } = await setUp();
  const netdata = await startNetdata({
    plugin: {
      conf: `jobs:
  - name: test
    error_log: ${nginx.errorLog}
    access_log:
      - path: ${nginx.accessLog}
        format: '${format}'
`,
    },
  });
  const chart = 'nginx_upstream_test.reconciliation';
  await netdata.chart(chart, ['error_log', 'access_log', 'difference']);
  const good = await Promise.all([1, 2, 3, 4].map(() => pipelined(front, 2500)));
  expect(good).toEqual([2500, 2500, 2500, 2500]);
  // Either log may be a tick ahead of the other.
  const last = async () => (await netdata.data(chart)).rows.at(-1)?.values ?? {};
  await netdata.waitFor(
    async () => Object.values(await last()).filter((value) => value === 10_000).length === 2,
    '10,000 in both logs',
    60_000,
  );
  expect(await last()).toEqual({ error_log: 10_000, access_log: 10_000, difference: 0 });
  expect(alive.requests()).toBe(10_000);
});

test('lines of more than 2 KB: the difference is the number of lines that lost their upstream', async () => {
  const { front, nginx } = await setUp();
  const long = `http://127.0.0.1:${front}/?${'x'.repeat(2500)}`;
  const [short, cut] = [40, 25];
  await statuses(`http://127.0.0.1:${front}/`, short);
  await statuses(long, cut);
  await nginx.errorLines(/\(111: /, short + cut);
  await waitUntil(async () => (await nginx.accessLines(/./, short + cut)).length === short + cut, {
    what: 'all lines',
  });

  const aggregate = createJobAggregate({
    job: 'test',
    caps: { log: 50, configured: 1000 },
    upstreamOf: (peer, host) => host ?? peer,
  });
  const ignore = () => undefined;
  const reader = errorLineReader({
    line: (_, line) => aggregate.errorLine(line, 0),
    forged: ignore,
    continuation: ignore,
    foreign: ignore,
  });
  const errors = lineSplitter({ maxLength: 65_536, onOverlong: () => undefined, onLine: reader.read });
  const parsed = readLogFormat(format);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { match, record, program } = createAccessMatcher(parsed.format);
  const counter = aggregate.addAccessLog({ record, fields: program.has, legacyConnectTime: false, protocol: null });
  let unmatched = 0;
  const access = createAccessLines(match, {
    matched: counter.line,
    unmatched: () => unmatched++,
    overlong: () => unmatched++,
  });
  aggregate.beginTick(0);
  for await (const chunk of createReadStream(nginx.errorLog)) errors.chunk(chunk as Buffer);
  reader.end();
  for await (const chunk of createReadStream(join(nginx.prefix, 'logs/access.log'))) access.chunk(chunk as Buffer);

  const health = { errorLogsFine: true, accessLogsFine: true, behindBytes: 0, ok: 2, failing: 0 };
  const lines = { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 };
  const load = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };
  const at = (seconds: number) => aggregate.snapshot(seconds * 1e6, { ...health, lines }, load).reconciliation;
  const totals = { errorLog: short, accessLog: short + cut, truncated: cut };
  expect(unmatched).toBe(0);
  const { upstreams, requests } = aggregate.snapshot(0, { ...health, lines }, load);
  expect(requests?.['2xx']).toBe(short + cut);
  expect(upstreams.find(({ upstream }) => upstream === 'pair')?.outcomes).toMatchObject({ ok: 0, masked: short + cut });
  expect(at(0)).toEqual({ ...totals, difference: 0 });
  expect(at(89)).toEqual({ ...totals, difference: 0 });
  expect(at(90)).toEqual({ ...totals, difference: cut });
});
