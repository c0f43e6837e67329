import { describe, expect, test } from 'vitest';
import { createAttribution, namesToResolve, withAddresses } from '../../collector/nginx/peers.ts';
import { configurationOf } from './memory-files.ts';

const text = `http {
  upstream blue { server 10.0.0.1:80; server 10.0.0.2:80 max_fails=3 fail_timeout=5s; }
  upstream green { server 10.0.0.2:80; server app.local:81; zone green 64k; }
  server {
    location /b { proxy_pass http://blue; }
    location /l { proxy_pass http://localhost:3000; }
    location /m { proxy_pass http://localhost:4000; }
    location /u { proxy_pass http://unix:/run/a.sock; }
  }
}
stream {
  upstream blue { server 10.0.0.9:5432; }
  upstream db { server 10.0.0.1:80; }
}`;
const configuration = withAddresses(
  configurationOf(text),
  new Map([
    ['localhost', ['::1', '127.0.0.1']],
    ['app.local', ['10.0.0.7']],
  ]),
);
const { upstreamOf } = createAttribution(configuration);

test('names are asked for once, and addresses come in the order of nginx', () => {
  expect(namesToResolve(configuration)).toEqual(['app.local', 'localhost']);
  const local = configuration.upstreams.find(({ name }) => name === 'localhost:3000');
  expect(local?.servers[0]?.peers).toEqual(['127.0.0.1:3000', '[::1]:3000']);
});

describe('the upstream of a peer', () => {
  test.each<[string, string, string | null, string]>([
    ['$proxy_host decides', '10.0.0.2:80', 'green', 'green'],
    ['$proxy_host in any case', '10.0.0.2:80', 'BLUE', 'blue'],
    ['the only group that holds it', '10.0.0.7:81', null, 'green'],
    ['the only group, whatever else is unset', '10.0.0.7:81', '-', 'green'],
    ['several groups are one instance', '10.0.0.2:80', null, 'blue / green'],
    ['an implicit upstream is named with its port', '[::1]:3000', null, 'localhost:3000'],
    ['$proxy_host of an implicit upstream', '127.0.0.1:4000', 'localhost:4000', 'localhost:4000'],
    ['$proxy_host of a unix socket is localhost', 'unix:/run/a.sock', 'localhost', 'unix:/run/a.sock'],
    ['a group of which none was live', 'blue', null, 'blue'],
    ['a group of which none was live, with $proxy_host', 'green', 'green', 'green'],
    ['an implicit one of which none was live', 'localhost', null, 'localhost:3000 / localhost:4000'],
    ['an address in no configuration is its own', '192.0.2.1:80', null, '192.0.2.1:80'],
    ['a new address of a group that $proxy_host names', '10.0.0.99:81', 'green', 'green'],
    ['an attempt before a redirect to another group', '10.0.0.7:81', 'blue', 'green'],
    ['$proxy_host of no configuration', '192.0.2.1:80', 'api.example', 'api.example'],
  ])('%s', (_, peer, proxyHost, expected) => {
    expect(upstreamOf(peer, proxyHost, 'http')).toBe(expected);
  });

  test('the protocol distinguishes groups', () => {
    expect(upstreamOf('10.0.0.1:80', null, 'http')).toBe('blue');
    expect(upstreamOf('10.0.0.1:80', null, 'stream')).toBe('db');
    expect(upstreamOf('10.0.0.1:80', null)).toBe('blue / db');
  });
});
