/** Which requests leave their attempts in an access log, and which failures in an error log. */
import { describe, expect, test } from 'vitest';
import { hidingErrorLog } from '../../collector/runtime/plan/log-plan.ts';
import { configurationOf } from './memory-files.ts';

const format = "log_format a '$status $upstream_addr $upstream_status'; access_log /l/a.log a;";
const upstream = 'upstream u { server 10.0.0.1:80; }';

/** Of upstream `u`: how many of its places, and how many of these write any access log. */
function placesOf(http: string, name = 'u'): string {
  const { passPlaces } = configurationOf(`http { ${format} ${upstream} ${http} }`);
  const own = passPlaces.filter(({ upstreams }) => upstreams === null || upstreams.includes(name));
  return `${own.filter(({ logs }) => logs.length > 0).length} of ${own.length}`;
}

describe('places that pass to an upstream', () => {
  test.each([
    ['one location', 'server { location / { proxy_pass http://u; } }', '1 of 1'],
    ['a URI behind it', 'server { location / { proxy_pass http://u/x?y; } }', '1 of 1'],
    ['in other letters', 'server { location / { proxy_pass http://U; } }', '1 of 1'],
    ['access_log off there', 'server { location / { access_log off; proxy_pass http://u; } }', '0 of 1'],
    ['access_log off around it', 'server { access_log off; location / { proxy_pass http://u; } }', '0 of 1'],
    [
      'one of two is silent',
      'server { location /a { proxy_pass http://u; } location /b { access_log off; proxy_pass http://u; } }',
      '1 of 2',
    ],
    [
      'auth_request: a subrequest is in no log',
      'server { location / { auth_request /auth; } location = /auth { proxy_pass http://u; } }',
      '0 of 1',
    ],
    [
      'auth_request for the entire server, prefix location',
      'server { auth_request /auth/x; location /auth { proxy_pass http://u; } }',
      '0 of 1',
    ],
    [
      'auth_request for all servers',
      'auth_request /auth; server { location = /auth { proxy_pass http://u; } }',
      '0 of 1',
    ],
    ['mirror', 'server { location / { mirror /copy; } location ~ ^/copy { proxy_pass http://u; } }', '0 of 1'],
    [
      'log_subrequest on',
      'server { log_subrequest on; location / { auth_request /auth; } location = /auth { proxy_pass http://u; } }',
      '1 of 1',
    ],
    [
      'auth_request to another location',
      'server { location / { auth_request /auth; proxy_pass http://u; } location = /auth { return 204; } }',
      '1 of 1',
    ],
    ['the request decides', 'server { location / { access_log off; proxy_pass http://$arg_x; } }', '0 of 1'],
    ['grpc', 'server { location / { grpc_pass grpc://u; } }', '1 of 1'],
    ['fastcgi', 'server { location / { fastcgi_pass u; } }', '1 of 1'],
    ['in an if', 'server { location / { if ($arg_x) { proxy_pass http://u; } } }', '1 of 1'],
  ])('%s', (_name, http, expected) => expect(placesOf(http)).toBe(expected));

  test.each([
    ['a host with a port', 'http://app.local:8080/x', 'app.local:8080'],
    ['an address', 'http://10.0.0.9:80', '10.0.0.9'],
    ['IPv6', 'http://[::1]:8080', '[::1]:8080'],
    ['a unix socket', 'http://unix:/run/x.sock:/y', 'unix:/run/x.sock'],
  ])('%s', (_name, target, name) => {
    expect(placesOf(`server { location / { proxy_pass ${target}; } }`, name)).toBe('1 of 1');
  });
});

describe('an error log that hides failures', () => {
  const pass = 'server { location / { proxy_pass http://10.0.0.1; } }';
  test.each([
    ['the default', `http { ${pass} }`, null],
    ['warn', `error_log /l/e.log warn; http { ${pass} }`, null],
    ['error', `error_log /l/e.log; http { ${pass} }`, null],
    ['crit', `error_log /l/e.log crit; http { ${pass} }`, 'crit'],
    ['alert', `error_log /l/e.log alert; http { ${pass} }`, 'alert'],
    ['emerg', `error_log /l/e.log emerg; http { ${pass} }`, 'emerg'],
    ['discarded', `error_log /dev/null crit; http { ${pass} }`, 'crit'],
    ['everything discarded', `error_log /dev/null debug; http { ${pass} }`, 'debug'],
    ['two logs, one of use', `error_log /dev/null; error_log /l/e.log error; http { ${pass} }`, null],
    [
      'in the location only',
      'http { server { location / { error_log /dev/null crit; proxy_pass http://10.0.0.1; } } }',
      'crit',
    ],
    ['where no upstream is', 'http { server { location / { error_log /dev/null crit; return 204; } } }', null],
  ])('%s', (_name, text, level) => expect(hidingErrorLog(configurationOf(text))?.level ?? null).toBe(level));
});
