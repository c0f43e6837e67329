/** Server lines that stand for nothing: Lua, or a module, chooses the peers. */
import { describe, expect, test } from 'vitest';
import { createAttribution } from '../../collector/nginx/peers.ts';
import { configurationOf } from './memory-files.ts';

const peersOf = (text: string) =>
  configurationOf(text).upstreams.map(({ name, servers }) => [name, servers.flatMap(({ peers }) => peers)]);

test.each<[string, string, readonly [string, readonly string[]][]]>([
  [
    'ingress-nginx',
    'http { upstream upstream_balancer { server 0.0.0.1; # placeholder\n balancer_by_lua_block { balancer.balance() } keepalive 320; } }',
    [['upstream_balancer', []]],
  ],
  [
    'ingress-nginx with a file and a port',
    'http { upstream upstream_balancer { server 0.0.0.1:1234; balancer_by_lua_file /etc/nginx/lua/balancer.lua; } }',
    [['upstream_balancer', []]],
  ],
  [
    'Kong, http and stream',
    'http { upstream kong_upstream { server 0.0.0.1; balancer_by_lua_block { Kong.balancer() } } } stream { upstream kong_upstream { server 0.0.0.1:1; balancer_by_lua_block { Kong.balancer() } } }',
    [
      ['kong_upstream', []],
      ['kong_upstream', []],
    ],
  ],
  [
    'APISIX',
    'http { upstream apisix_backend { server 0.0.0.1; balancer_by_lua_block { apisix.http_balancer_phase() } keepalive 320; } }',
    [['apisix_backend', []]],
  ],
  ['any address of 0.0.0.0/8, without Lua', 'http { upstream a { server 0.1.2.3:80 down; } }', [['a', []]]],
  ['this host, without Lua', 'http { upstream a { server 0.0.0.0:8080; } }', [['a', ['0.0.0.0:8080']]]],
  ['this host, with Lua', 'http { upstream a { server 0.0.0.0; balancer_by_lua_block { } } }', [['a', []]]],
  ['IPv6, with Lua', 'http { upstream a { server [::]:1; balancer_by_lua_block { } } }', [['a', []]]],
  [
    'a real server beside it',
    'http { upstream a { server 0.0.0.1; server 10.0.0.1:80; balancer_by_lua_block { } } }',
    [['a', ['10.0.0.1:80']]],
  ],
  ['an address that only begins like one', 'http { upstream a { server 0.example:80; } }', [['a', []]]],
])('is no peer: %s', (_, text, expected) => {
  expect(peersOf(text)).toEqual(expected);
});

describe('the peers that Lua chooses', () => {
  const { upstreamOf } = createAttribution(
    configurationOf(`http { upstream balancer { server 0.0.0.1; balancer_by_lua_block { } } upstream plain { server 10.0.0.1:80; } }
      stream { upstream tcp { server 10.0.0.2:80; } }`),
  );
  test.each([
    ['one that no configuration names', '10.1.1.1:8080', null, 'http', 'balancer'],
    ['the same with $proxy_host', '10.1.1.1:8080', 'balancer', 'http', 'balancer'],
    ['one that a group holds', '10.0.0.1:80', null, 'http', 'plain'],
    ['stream is not asked', '10.1.1.1:8080', null, 'stream', '10.1.1.1:8080'],
    ['no peer was live', 'balancer', null, 'http', 'balancer'],
  ] as const)('%s', (_, peer, host, protocol, expected) => {
    expect(upstreamOf(peer, host, protocol)).toBe(expected);
  });
});
