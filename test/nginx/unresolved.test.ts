import { describe, expect, test } from 'vitest';
import { createAttribution, mayBeOf, withAddresses } from '../../collector/nginx/peers.ts';
import { parseHosts } from '../../collector/parse/hosts.ts';
import { configurationOf } from './memory-files.ts';

const pass = (name: string): string => `server { location /${name} { proxy_pass http://${name}; } }`;

describe('a peer whose name only nginx can resolve belongs to the upstream with its port', () => {
  const text = `http {
    upstream app { server app:3000; }
    upstream api { server api:4000; server 10.0.0.9:4000; }
    upstream one { server one.internal:5000; }
    upstream two { server two.internal:5000; }
    upstream plain { server 10.0.0.1:6000; }
    upstream known { server known.example:7000; }
    ${['app', 'api', 'one', 'two', 'plain', 'known'].map(pass).join(' ')} }`;
  const { upstreamOf } = createAttribution(
    withAddresses(configurationOf(text), new Map([['known.example', ['192.0.2.7']]])),
  );

  test.each<[string, string, string | null, string]>([
    ['a container on docker0', '172.17.0.3:3000', null, 'app'],
    ['the same, made anew with another address', '172.17.0.9:3000', null, 'app'],
    ['by IPv6', '[fd00::3]:3000', null, 'app'],
    ['beside a literal server of the port', '172.17.0.3:4000', null, 'api'],
    ['the literal one itself', '10.0.0.9:4000', null, 'api'],
    ['two groups with one port: both', '172.17.0.3:5000', null, 'one / two'],
    ['two groups with one port, and $proxy_host', '172.17.0.3:5000', 'two', 'two'],
    ['a port of literal servers only: its own', '172.17.0.3:6000', null, '172.17.0.3:6000'],
    ['a name that leads elsewhere since', '192.0.2.8:7000', null, 'known'],
    ['a port that nobody has', '172.17.0.3:8000', null, '172.17.0.3:8000'],
    ['no port at all', 'unix:/run/3000', null, 'unix:/run/3000'],
  ])('%s', (_, peer, proxyHost, expected) => {
    expect(upstreamOf(peer, proxyHost, 'http')).toBe(expected);
  });
});

test('/etc/hosts, and what is none', () => {
  const text =
    '127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # a comment\n172.17.0.2  App app.local\n#1.2.3.4 x\nroot:x:0 y\n';
  expect(Object.fromEntries(parseHosts(text))).toEqual({
    localhost: ['127.0.0.1', '::1'],
    'ip6-localhost': ['::1'],
    app: ['172.17.0.2'],
    'app.local': ['172.17.0.2'],
  });
});

describe('a server by name that has no address here may be the line of a peer', () => {
  const { upstreams } = configurationOf('http { upstream app { server app:3000; server 10.0.0.9:3000; server b; } }');
  const servers = upstreams.flatMap((each) => each.servers);
  const linesOf = (peer: string): readonly string[] =>
    servers.filter((each) => mayBeOf(each, peer)).map(({ address }) => address);

  test.each<[string, readonly string[]]>([
    ['172.17.0.3:3000', ['app:3000']],
    ['[fd00::3]:3000', ['app:3000']],
    ['172.17.0.3:80', ['b']],
    ['172.17.0.3:3001', []],
    ['app', []],
    ['unix:/run/3000', []],
    ['', []],
  ])('%s', (peer, expected) => {
    expect(linesOf(peer)).toEqual(expected);
  });
});
