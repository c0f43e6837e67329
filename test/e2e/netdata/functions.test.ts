/** The built plugin's Functions, asked as Netdata asks: over stdin, with a strict parser at the other end of stdout. */

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNetdataParser } from '../../functions/netdata-parser.ts';
import { problemsOf } from '../../functions/schema.ts';
import { freePort } from '../../support/network/ports.ts';
import { type Child, start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** Everything in it that a client chose says so. */
const failure = (port: number) =>
  `${localStamp()} [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.99, ` +
  `server: shop.example, request: "GET /CLIENTPATH?token=CLIENTTOKEN HTTP/1.1", upstream: "http://127.0.0.1:${port}/CLIENTPATH?token=CLIENTTOKEN", ` +
  'host: "CLIENTHOST", referrer: "http://CLIENTREFERRER/"\n';

function localStamp(): string {
  const now = new Date();
  const two = (n: number) => String(n).padStart(2, '0');
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('/');
  return `${day} ${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')}`;
}

async function startAsked(version: string) {
  const dir = tempDir('functions');
  const port = await freePort();
  const conf = join(dir, 'secret-nginx.conf');
  const errorLog = join(dir, 'error.log');
  const settings = join(dir, 'nginx-upstream.conf');
  writeFileSync(errorLog, '');
  writeFileSync(
    conf,
    `events { }\nhttp {\n  upstream shop { server 127.0.0.1:${port}; server 127.0.0.2:${port}; }\n` +
      '  server { location / { proxy_pass http://shop; } }\n}\n',
  );
  writeFileSync(settings, `jobs:\n  - name: edge\n    nginx_conf: ${conf}\n    error_log: ${errorLog}\n`);
  const lib = tempDir('functions-lib');
  const begin = () =>
    start(process.execPath, [builtPlugin, '1', '--config', settings], {
      env: { ...process.env, NETDATA_VERSION: version, NETDATA_LIB_DIR: lib },
    });
  return { dir, errorLog, port, begin };
}

/** Reads all that the plugin has written, strictly. */
function parsed(child: Child, transactions: readonly string[]) {
  const netdata = createNetdataParser();
  for (const transaction of transactions) netdata.call(transaction);
  const text = child.stdout();
  netdata.push(text.slice(0, text.lastIndexOf('\n') + 1));
  return netdata;
}

const id = (n: number) => n.toString(16).padStart(32, '0');
const asked = (n: number, text: string, access: string) => `FUNCTION ${id(n)} 10 "${text}" "${access}" "method=none"\n`;

async function answersTo(child: Child, calls: readonly string[], more = '') {
  const transactions = calls.map((_, n) => id(n + 1));
  child.process.stdin?.write(calls.join('') + more);
  await waitUntil(() => parsed(child, transactions).answers().length === calls.length, {
    what: `${calls.length} answers`,
    timeout: 20_000,
    hint: () => child.stdout().slice(-500),
  });
  const answers = [...parsed(child, transactions).answers()];
  return answers.sort((a, b) => a.transaction.localeCompare(b.transaction));
}

describe('on Netdata 2.x', () => {
  test('a failing peer: what anybody sees and what a caller with sensitive data sees, and never a word of a client', async () => {
    const { dir, errorLog, port, begin } = await startAsked('v2.11.0');
    const child = begin();
    await waitUntil(() => parsed(child, []).updates() > 5, { what: 'a tick', timeout: 40_000 });
    expect(parsed(child, []).registered()).toEqual([
      expect.stringMatching(/^FUNCTION GLOBAL "nginx-upstreams" 10 ".*" "top" "any" 100 3$/),
    ]);
    await waitUntil(
      () => {
        appendFileSync(errorLog, failure(port));
        return child.stderr().includes(`127.0.0.1:${port}: `);
      },
      { what: 'the verdict', timeout: 40_000 },
    );
    const ticks = parsed(child, []).updates();
    await waitUntil(() => parsed(child, []).updates() > ticks + 20, { what: 'the next tick', timeout: 40_000 });

    const post = `FUNCTION_PAYLOAD ${id(6)} 10 "nginx-upstreams" "0x8" "" "application/json"\n{"selections":{"view":["incidents"]}}\nFUNCTION_PAYLOAD_END\n`;
    const calls = [
      asked(1, 'nginx-upstreams', '0x8'),
      asked(2, 'nginx-upstreams', '0x1b'),
      asked(3, 'nginx-upstreams view:findings', '0x8'),
      asked(4, 'nginx-upstreams view:findings', '0x1b'),
      asked(5, 'nginx-upstreams info', '0x8'),
      post,
      asked(7, 'nginx-upstreams view:none', '0x8'),
    ];
    const answers = await answersTo(child, calls);
    for (const { body, text } of answers) {
      expect(problemsOf(body)).toEqual([]);
      expect(text).not.toMatch(/CLIENT|192\.0\.2\.99/);
    }
    const [anonymous, sensitive, findings, exact, , incidents, none] = answers.map(({ text }) => text);
    expect(anonymous).toContain(`Start the application that listens on 127.0.0.1:${port}.`);
    expect(incidents).toContain('"shop"');
    expect(none).toContain('"errorMessage"');
    for (const text of [anonymous, findings, incidents]) expect(text).not.toContain(dir);
    expect(sensitive).toContain(`${dir}/secret-nginx.conf:3`);
    expect(exact).toContain(dir);

    child.process.stdin?.write('QUIT');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const again = begin();
    await waitUntil(() => parsed(again, []).registered().length === 1, {
      what: 'to be registered anew',
      timeout: 40_000,
    });
    const [kept] = await answersTo(again, [asked(1, 'nginx-upstreams view:incidents', '0x8')]);
    expect(kept?.text).toContain('"shop"');
    await again.stop();
  }, 120_000);
});

describe('on Netdata 1.37.1', () => {
  test('nothing is registered, and a call is not answered', async () => {
    const { begin } = await startAsked('v1.37.1');
    const child = begin();
    await waitUntil(() => parsed(child, []).updates() > 5, { what: 'a tick', timeout: 40_000 });
    child.process.stdin?.write(asked(1, 'nginx-upstreams', '0x8'));
    const ticks = parsed(child, []).updates();
    await waitUntil(() => parsed(child, []).updates() > ticks + 20, { what: 'the next tick', timeout: 40_000 });
    expect(child.stdout()).not.toContain('FUNCTION');
    await child.stop();
  }, 60_000);
});
