/** The line of the configuration that a verdict points to is quoted as it is written there. */
import { expect, test } from 'vitest';
import { configuredServers, serverFact } from '../../../collector/diagnose/facts/servers.ts';
import { configurationOf } from '../../nginx/memory-files.ts';

test.each([
  ['http { upstream app { server 10.0.0.1:80 max_fails=3 weight=2; } }', 'server 10.0.0.1:80'],
  ['http { server { location / { proxy_pass http://10.0.0.1:80/x; } } }', 'proxy_pass http://10.0.0.1:80/x'],
  ['http { server { location / { fastcgi_pass 127.0.0.1:9000; } } }', 'fastcgi_pass 127.0.0.1:9000'],
  ['http { server { location / { uwsgi_pass unix:/run/a.sock; } } }', 'uwsgi_pass unix:/run/a.sock'],
  ['http { server { location / { grpc_pass grpc://10.0.0.1:50051; } } }', 'grpc_pass grpc://10.0.0.1:50051'],
  ['stream { server { listen 1; proxy_pass 10.0.0.1:25; } }', 'proxy_pass 10.0.0.1:25'],
  ['mail { auth_http 127.0.0.1:8080/auth; server { listen 110; protocol pop3; } }', 'auth_http 127.0.0.1:8080/auth'],
])('%s', (text, written) => {
  const facts = configuredServers(configurationOf(text)).map((each) => serverFact(each, new Map()));
  expect(facts.map((each) => each.written)).toEqual([written]);
});
