import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseStubStatus } from '../../collector/parse/stub-status.ts';
import { parseStatusUrl } from '../../collector/source/status-url.ts';
import { createStatusSource, type StatusReading } from '../../collector/source/stub-status.ts';
import { createHttpClient } from '../../collector/system/network/http.ts';
import { closedPort, freePort } from '../support/network/ports.ts';
import { type Backend, startBackend } from '../support/servers/backend.ts';
import { tool } from '../support/servers/packages.ts';
import { atEnd, tempDir } from '../support/temp.ts';
import { waitUntil } from '../support/wait.ts';

const page = 'Active connections: 5 \nserver accepts handled requests\n 79 78 80 \nReading: 1 Writing: 2 Waiting: 3 \n';

function open(url: string, timeoutMs = 8_000, host: string | null = null) {
  const source = createStatusSource({
    page: { url, host },
    http: createHttpClient(),
    parse: parseStubStatus,
    timeoutMs,
  });
  atEnd(() => source.close());
  /** Polls as ticks do, until there is something to say. */
  const next = (): Promise<StatusReading> =>
    waitUntil(
      () => {
        const reading = source.poll();
        return reading.status || reading.problem ? reading : null;
      },
      { what: 'an answer', interval: 20 },
    );
  return { source, next };
}

const serve = (body: string, status = 200, headers = {}) => startBackend({ behave: { body, status, headers } });
const at = (backend: Backend) => `http://${backend.address}/stub_status`;

test('reads the page over HTTP, on one connection kept alive', async () => {
  const backend = await serve(page);
  const { next } = open(at(backend));
  for (let tick = 0; tick < 5; tick++) expect((await next()).status).toMatchObject({ active: 5, requests: 80 });
  expect(backend.requests()).toBeGreaterThanOrEqual(5);
  expect(backend.connections()).toBe(1);
});

test('reads it over a unix socket', async () => {
  const path = join(tempDir(), 's.sock');
  await startBackend({ path, behave: { body: page } });
  expect((await open(`http://unix:${path}:/stub_status`).next()).status).toMatchObject({ active: 5 });
});

test('reads it over IPv6', async () => {
  const backend = await startBackend({ host: '::1', behave: { body: page } });
  expect((await open(at(backend)).next()).status).toMatchObject({ active: 5 });
});

test('reads it over HTTPS on loopback, whatever the certificate says', { timeout: 60_000 }, async () => {
  const openssl = await tool('openssl');
  const dir = tempDir();
  const [key, cert, config] = [join(dir, 'k.pem'), join(dir, 'c.pem'), join(dir, 'openssl.cnf')];
  // Its own: one that was unpacked privately does not find Debian's.
  writeFileSync(config, '[req]\ndistinguished_name = name\n[name]\n');
  const subject = ['-subj', '/CN=www.example.com', '-days', '2', '-config', config];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject];
  execFileSync(openssl.path, request, { stdio: 'ignore', env: openssl.env });
  const port = await freePort();
  const server = createSecureServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) =>
    response.end(page),
  );
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  atEnd(() => server.closeAllConnections());
  atEnd(() => server.close());
  expect((await open(`https://127.0.0.1:${port}/stub_status`, 2_000).next()).status).toMatchObject({ active: 5 });
});

test('says which server it wants', async () => {
  const backend = await startBackend({
    behave: (request, response) => response.end(request.headers.host === 'status.local' ? page : '<html>'),
  });
  expect((await open(at(backend), 8_000, 'status.local').next()).status).not.toBeNull();
  expect((await open(at(backend)).next()).status).toBeNull();
});

test.each([
  ['403', 403, '<html>', {}, /answered 403; that location must allow this host/],
  ['401', 401, '', {}, /answered 401/],
  ['404', 404, 'no', {}, /answered 404; there is no stub_status location/],
  ['a redirect', 301, '', { Location: 'https://x/ [31m' }, /answered 301; it points to https:\/\/x\/ \[31m: put/],
  ['500', 500, page, {}, /answered 500/],
  ['HTML', 200, '<!DOCTYPE html><title>Welcome</title>', {}, /answered 200 with an HTML page/],
  ['garbage', 200, 'a\u0000b\nlevel=error', {}, /answered 200 with something else, 15 bytes; is stub_status set/],
  ['nothing', 200, '', {}, /answered 200 with nothing/],
  ['a body without end', 200, 'x'.repeat(5_000_000), {}, /something else, \d{5,} bytes; is stub_status set/],
])('%s is a gap, and the text says what came', async (_name, status, body, headers, text) => {
  const backend = await startBackend({
    behave: (_request, response) => {
      response.writeHead(status, headers).end(body);
    },
  });
  const { source, next } = open(at(backend), 2_000);
  const reading = await next();
  expect(reading.status).toBeNull();
  expect(reading.problem?.text).toMatch(text);
  expect(source.name).toContain(at(backend));
  expect(reading.problem?.text).toMatch(/^[\x20-\x7e]+$/);
});

test('refused, closed without an answer, no such socket', async () => {
  const closed = await closedPort();
  const rude = await startBackend({ behave: 'close_early' });
  expect((await open(`http://127.0.0.1:${closed}/s`).next()).problem?.text).toContain('connection refused');
  expect((await open(at(rude)).next()).problem?.text).toContain('closed without an answer');
  expect((await open('http://unix:/nowhere/x.sock:/s').next()).problem?.text).toContain('no such socket');
});

test('no answer in time is given up before the next tick, and asked anew; recovery is seen', async () => {
  const backend = await startBackend({ behave: 'hang' });
  const { source, next } = open(at(backend), 100);
  // Synchronous: a tick gets no answer here that has yet to come, and cannot wait for it.
  expect(source.poll()).toEqual({ status: null, problem: null });
  expect((await next()).problem?.text).toContain('no answer within 100 ms');
  backend.behave({ body: page });
  const recovered = await waitUntil(() => source.poll().status, { what: 'recovery', interval: 20 });
  expect(recovered.active).toBe(5);
  expect(source.poll().problem).toBeNull();
});

test('a page that trickles is given up entirely', async () => {
  const backend = await startBackend({
    behave: (_request, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    },
  });
  expect((await open(at(backend), 200).next()).problem?.code).toBe('late');
});

test('trouble that changes its face with every poll is reported once; another that stays is reported, too', async () => {
  let asked = 0;
  const backend = await startBackend({
    behave: (request, response) => {
      asked++;
      if (asked > 12) response.writeHead(403).end();
      else if (asked % 2 === 0) request.socket.destroy();
      else response.writeHead(500).end();
    },
  });
  const { source } = open(at(backend));
  const told = new Set<string>();
  await waitUntil(
    () => {
      const { problem } = source.poll();
      if (problem) told.add(problem.code);
      return asked >= 22;
    },
    { what: 'many answers', interval: 20 },
  );
  expect([...told]).toEqual(['status_500', 'status_403']);
});

test('a connection that nginx closed between two ticks is no failure', async () => {
  const backend = await serve(page);
  const { next } = open(at(backend));
  await next();
  await backend.restart();
  for (let tick = 0; tick < 3; tick++) expect((await next()).status).not.toBeNull();
});

test.each([
  ['http://127.0.0.1/stub_status', { host: '127.0.0.1', port: 80 }, '/stub_status', '127.0.0.1'],
  ['http://[::1]:8080/s?a=b', { host: '::1', port: 8080 }, '/s?a=b', '[::1]:8080'],
  ['https://localhost', { host: 'localhost', port: 443 }, '/', 'localhost'],
  ['unix:/run/s.sock', { socketPath: '/run/s.sock' }, '/', 'localhost'],
  ['http://unix:/run/s.sock:/x/y', { socketPath: '/run/s.sock' }, '/x/y', 'localhost'],
])('%s', (url, connect, path, authority) => {
  expect(parseStatusUrl(url)).toEqual({ secure: url.startsWith('https'), authority, path, connect });
});

test.each(['', '127.0.0.1/s', 'ftp://x/', 'http://', 'http:///s', 'http://[::1/s', 'unix:run/s', 'http://a b/'])(
  '%j is no URL, and the text says what one looks like',
  (url) => {
    expect(open(url).source.poll().problem?.text).toContain('write http://HOST/PATH');
  },
);
