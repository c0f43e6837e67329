/** A `*_pass` with a variable: the client may choose where it leads, and nothing that it chooses becomes an instance. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createInstances } from '../../collector/aggregate/instances.ts';
import { createAttribution } from '../../collector/nginx/peers.ts';
import { configurationOf } from './memory-files.ts';

const groups = 'upstream app { server 10.0.0.1:80; } upstream api { server 10.0.0.2:81; }';
const of = (location: string, more = '') =>
  createAttribution(configurationOf(`http { ${groups} ${more} server { location / { ${location} } } }`));

describe('whose is what came through a target that the request decides about', () => {
  test.each<[string, string, string, string | null, string]>([
    ['$host', 'proxy_pass http://$host:8080;', '192.0.2.9:8080', null, 'http://$host:8080'],
    [
      '$host with $proxy_host',
      'proxy_pass http://$host:8080;',
      '192.0.2.9:8080',
      'evil.example:8080',
      'http://$host:8080',
    ],
    ['an argument', 'proxy_pass http://$arg_b;', '169.254.169.254:80', '169.254.169.254', 'http://$arg_b'],
    ['a name that did not resolve', 'proxy_pass http://$arg_b;', 'evil.example', null, 'http://$arg_b'],
    [
      'a capture in the middle',
      'proxy_pass https://svc-$1.internal/x;',
      '192.0.2.9:443',
      'svc-evil.internal',
      'https://svc-$1.internal/x',
    ],
    ['a capture behind a group', 'proxy_pass http://app$1;', '192.0.2.9:80', 'app.evil.example', 'http://app$1'],
    ['a digit behind a port', 'proxy_pass http://10.0.0.9:80$1;', '10.0.0.9:8080', null, 'http://10.0.0.9:80$1'],
    ['FastCGI', 'fastcgi_pass $backend;', '192.0.2.9:9000', null, '$backend'],
    ['a socket', 'fastcgi_pass unix:/run/$arg_s.sock;', 'unix:/run/x.sock', null, 'unix:/run/$arg_s.sock'],
    ['an address that a group holds', 'proxy_pass http://$host;', '10.0.0.1:80', null, 'app'],
    ['the same, though the client wrote it', 'proxy_pass http://$host;', '10.0.0.1:80', '10.0.0.1', 'app'],
    ['a group that the client names', 'proxy_pass http://$host;', '10.0.0.2:81', 'api', 'api'],
    ['set to a name', 'set $b app; proxy_pass http://$b;', '10.0.0.1:80', null, 'app'],
    ['set to a request’s word', 'set $b $arg_b; proxy_pass http://$b;', '192.0.2.1:80', 'x.example', 'http://$b'],
    ['a path behind an address', 'proxy_pass http://10.0.0.9:80$request_uri;', '192.0.2.7:80', null, '192.0.2.7:80'],
    ['no variable at all', 'proxy_pass http://app;', '192.0.2.7:80', null, '192.0.2.7:80'],
  ])('%s', (_, location, peer, host, expected) => {
    expect(of(location).upstreamOf(peer, host, 'http')).toBe(expected);
  });

  test('a map with literal values gives names and addresses, and what it leaves to the request is shared', () => {
    const map = 'map $host $b { a.example 10.1.1.1:80; b.example tenant-b:8080; c.example app; default $host; }';
    const { upstreamOf, isOpen } = of('proxy_pass http://$b;', map);
    expect(upstreamOf('10.1.1.1:80', '10.1.1.1:80', 'http')).toBe('10.1.1.1');
    expect(upstreamOf('10.1.1.1:80', null, 'http')).toBe('10.1.1.1');
    expect(upstreamOf('10.7.7.7:8080', 'tenant-b:8080', 'http')).toBe('tenant-b:8080');
    expect(upstreamOf('10.0.0.1:80', 'app', 'http')).toBe('app');
    expect(upstreamOf('192.0.2.1:80', 'evil.example', 'http')).toBe('http://$b');
    expect(isOpen('http://$b')).toBe(true);
    expect(isOpen('app')).toBe(false);
  });

  test('a map of literal values alone leaves nothing to the request', () => {
    const lines = Array.from({ length: 900 }, (_, at) => `h${at} 10.1.${at >> 8}.${at & 255}:80;`).join(' ');
    const { upstreamOf } = of('proxy_pass http://$b;', `map $host $b { ${lines} default app; }`);
    expect(upstreamOf('10.1.3.1:80', '10.1.3.1:80', 'http')).toBe('10.1.3.1');
    expect(upstreamOf('192.0.2.1:80', null, 'http')).toBe('192.0.2.1:80');
  });

  test('stream by the name in TLS, and each protocol for itself', () => {
    const { upstreamOf } = createAttribution(
      configurationOf(`http { ${groups} } stream { server { proxy_pass $ssl_preread_name:443; } }`),
    );
    expect(upstreamOf('192.0.2.1:443', null, 'stream')).toBe('$ssl_preread_name:443');
    expect(upstreamOf('192.0.2.1:443', null, 'http')).toBe('192.0.2.1:443');
  });

  test('several such targets are one instance, unless $proxy_host distinguishes them', () => {
    const { upstreamOf, isOpen } = of('proxy_pass http://$host:1; location /b { proxy_pass http://$host:2; }');
    expect(upstreamOf('192.0.2.1:2', 'x.example:2', 'http')).toBe('http://$host:2');
    const both = upstreamOf('192.0.2.1:3', null, 'http');
    expect(both).toMatch(/^http:\/\/\$host:1.*http:\/\/\$host:2$/);
    expect(isOpen(both)).toBe(true);
  });
});

test('whatever clients write, it makes no instance', () => {
  const { upstreamOf, isOpen } = of('proxy_pass http://$host; location /x { proxy_pass http://$arg_x:8080; }');
  const allowed = new Set([
    'app',
    'api',
    'other',
    ...['http://$host', 'http://$arg_x:8080', 'http://$arg_x:8080 / http://$host'],
  ]);
  const word = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((text) => `[${text}]`),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('app', 'APP', 'other', 'http://$host', '10.0.0.1', 'unix:/x'),
  );
  const port = fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(word, port, fc.option(word), port), { maxLength: 200 }), (requests) => {
      const peers = createInstances({ log: 50, configured: 1000 }, () => ({}), isOpen);
      peers.configure(
        [
          { upstream: 'app', peer: '10.0.0.1:80' },
          { upstream: 'api', peer: '10.0.0.2:81' },
        ],
        0,
      );
      for (const [name, at, host, hostPort] of requests) {
        const peer = `${name}${at}`;
        peers.at(upstreamOf(peer, host === null ? null : `${host}${hostPort}`, 'http'), peer, 0);
      }
      for (const { upstream, peer } of peers.all()) {
        // A group's new address needs a group that the configuration has.
        if (upstream === 'app' || upstream === 'api') continue;
        expect(allowed).toContain(upstream);
        expect(peer).toBe('other');
      }
    }),
    { interruptAfterTimeLimit: 3_000, numRuns: 300 },
  );
});
