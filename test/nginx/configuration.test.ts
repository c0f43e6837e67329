import { describe, expect, test } from 'vitest';
import { configurationOf } from './memory-files.ts';

describe('log_format', () => {
  const textOf = (definition: string, protocol: 'http' | 'stream' = 'http') => {
    const { formats } = configurationOf(`${protocol} { ${definition} }`);
    const format = formats.find(({ name }) => name === 'f');
    return format && [format.text, format.escape];
  };

  test.each<[string, string, [string, string]]>([
    ['arguments are joined without a separator', "log_format f '$a ' '\"$b\"';", ['$a "$b"', 'default']],
    ['a double-quoted argument loses its quotes', `log_format f 'x ' "$a" "$b" $c;`, ['x $a$b$c', 'default']],
    ['escape=json', 'log_format f escape=json \'{"a":"$a"}\';', ['{"a":"$a"}', 'json']],
    ['escape=none', 'log_format f escape=none $a;', ['$a', 'none']],
    ['a quoted escape', 'log_format f "escape=default" $a;', ['$a', 'default']],
    ['escape= that is not first is text', 'log_format f $a escape=json;', ['${a}escape=json', 'default']],
    ['tabs of LTSV', String.raw`log_format f 'a:$a\tb:$b';`, ['a:$a\tb:$b', 'default']],
    ['other escapes stay four characters', String.raw`log_format f '$a\x1f$b';`, ['$a\\x1f$b', 'default']],
    ['braces', "log_format f '${a}b$c';", ['${a}b$c', 'default']],
    ['comments between the arguments', "log_format f '{' # opens\n '$a' # a\n '}';", ['{$a}', 'default']],
    ['a variable ends with its argument', "log_format f '$up' 'stream_addr';", ['${up}stream_addr', 'default']],
    ['a quoted line break', "log_format f '$a\n$b';", ['$a\n$b', 'default']],
    ['non-ASCII text', "log_format f '$a → $b';", ['$a → $b', 'default']],
  ])('%s', (_, definition, expected) => {
    expect(textOf(definition)).toEqual(expected);
    expect(textOf(definition, 'stream')).toEqual(expected);
  });

  test('combined is predefined for http only', () => {
    expect(configurationOf('http { } stream { }').formats.map(({ name, protocol }) => `${protocol} ${name}`)).toEqual([
      'http combined',
    ]);
  });

  test('an unknown escape mode is named', () => {
    const { problems } = configurationOf('http {\n log_format f escape=xml $a;\n}');
    expect(problems).toMatchObject([{ line: 2, text: 'unknown log format escaping "xml"' }]);
  });
});

describe('logs', () => {
  const accessOf = (text: string) =>
    configurationOf(text).accessLogs.map(({ target, formatName, proxied, line }) =>
      [target.kind === 'file' ? target.path : target.kind, formatName, proxied ? 'proxied' : '', line].join(' ').trim(),
    );
  const errorsOf = (text: string) =>
    configurationOf(text).errorLogs.map(({ target, level, proxied }) =>
      [target.kind === 'file' ? target.path : target.kind, level, proxied ? 'proxied' : ''].join(' ').trim(),
    );

  test('an inner access_log replaces the outer one', () => {
    const text = `http {
      log_format f $status;
      access_log /outer f;
      server { location / { proxy_pass http://1.1.1.1; } }
      server { access_log /inner; access_log /second f;
        location /a { proxy_pass http://1.1.1.1; }
        location /b { access_log off; proxy_pass http://1.1.1.1; }
        location /c { access_log /c; if ($x) { access_log /d f; } } } }`;
    expect(accessOf(text)).toEqual([
      '/outer f proxied 3',
      '/inner combined proxied 5',
      '/second f proxied 5',
      '/c combined  8',
      '/d f  8',
    ]);
    expect(configurationOf(text).silent).toEqual([
      { file: '/etc/nginx/nginx.conf', line: 7, protocol: 'http', off: { file: '/etc/nginx/nginx.conf', line: 7 } },
    ]);
  });

  test('http logs by default, stream does not', () => {
    expect(accessOf('http { server { } } stream { server { proxy_pass 1.1.1.1:1; } }')).toEqual([
      '/var/log/nginx/access.log combined  1',
    ]);
    expect(configurationOf('stream { server { proxy_pass 1.1.1.1:1; } }').silent).toMatchObject([
      { protocol: 'stream' },
    ]);
  });

  test('off wins over its neighbours', () => {
    expect(accessOf('http { server { access_log /a; access_log off; } }')).toEqual([]);
  });

  test('parameters, paths with variables, places that are no file', () => {
    const { accessLogs } = configurationOf(`http { server {
      access_log logs/$host/\${server_port}.log combined buffer=32k flush=5s if=$loggable;
      access_log /z.gz combined gzip;
      access_log syslog:server=127.0.0.1:5140,tag=x combined;
    } }`);
    expect(accessLogs).toMatchObject([
      {
        target: {
          kind: 'file',
          path: '/usr/share/nginx/logs/$host/${server_port}.log',
          glob: '/usr/share/nginx/logs/*/*.log',
        },
        buffer: '32k',
        flush: '5s',
        condition: '$loggable',
        gzip: false,
      },
      { gzip: true, buffer: '64k', flush: null },
      { target: { kind: 'syslog', server: '127.0.0.1:5140' } },
    ]);
  });

  test('an unknown format is named, its log is kept', () => {
    const { accessLogs, problems } = configurationOf('http { server { access_log /a nope; } }');
    expect(accessLogs).toMatchObject([{ formatName: 'nope', format: null }]);
    expect(problems).toMatchObject([{ text: 'unknown log format "nope"' }]);
  });

  test('error logs: inner ones replace, several at one level all apply, the build says the default', () => {
    expect(errorsOf('http { server { } }')).toEqual(['stderr error']);
    expect(
      errorsOf(`error_log /main crit; error_log stderr;
        http { error_log /http warn; server { location / { proxy_pass http://1.1.1.1; } }
          server { error_log /vhost debug_http; location / { proxy_pass http://1.1.1.1; } } }
        stream { server { proxy_pass 1.1.1.1:1; } }
        mail { server { error_log memory:1m debug; } }`),
    ).toEqual([
      '/main crit proxied',
      'stderr error proxied',
      '/http warn proxied',
      '/vhost debug proxied',
      'memory debug proxied',
    ]);
  });

  test('relative paths, and an invalid level', () => {
    const { errorLogs, problems } = configurationOf('error_log logs/e.log loud;');
    expect(errorLogs).toMatchObject([{ target: { path: '/usr/share/nginx/logs/e.log' }, level: 'error' }]);
    expect(problems).toMatchObject([{ line: 1, text: 'invalid log level "loud"' }]);
  });
});

describe('upstreams', () => {
  test('groups with every parameter', () => {
    const { upstreams, problems } = configurationOf(`http { upstream app {
      zone app 64k; least_conn; keepalive 16;
      server 10.0.0.1:8080 weight=5 max_fails=3 fail_timeout=1m max_conns=100 slow_start=30s;
      server 10.0.0.2 backup;
      server [2001:db8::1]:81 down;
      server app.local resolve;
      server unix:/run/app.sock max_fails=0;
      server 10.0.0.3:80 max_fails=x;
      server 10.0.0.4:99999;
    } } stream { upstream db { server 10.0.0.9; server 10.0.0.9:5432; } }`);
    expect(upstreams[0]).toMatchObject({
      name: 'app',
      origin: 'group',
      method: 'least_conn',
      zone: 'app',
      keepalive: 16,
    });
    expect(upstreams[0]?.servers).toMatchObject([
      { peers: ['10.0.0.1:8080'], weight: 5, maxFails: 3, failTimeoutSeconds: 60, maxConns: 100, line: 3 },
      { peers: ['10.0.0.2:80'], backup: true, maxFails: 1, failTimeoutSeconds: 10, line: 4 },
      { peers: ['[2001:db8::1]:81'], down: true },
      { peers: [], lookup: { host: 'app.local', port: 80 }, resolve: true },
      {
        peers: ['unix:/run/app.sock'],
        maxFails: 0,
        directive: { name: 'server', args: ['unix:/run/app.sock', 'max_fails=0'] },
      },
      { peers: ['10.0.0.3:80'], maxFails: 1 },
    ]);
    expect(upstreams[1]?.servers.map(({ peers }) => peers)).toEqual([['10.0.0.9:5432']]);
    expect(problems.map(({ line, text }) => `${line} ${text}`)).toEqual([
      '8 invalid parameter "max_fails=x" in "server"',
      '9 invalid address "10.0.0.4:99999" in "server"',
      '10 invalid address "10.0.0.9" in "server"',
    ]);
  });

  const implicitOf = (http: string) => {
    const { upstreams, undecided } = configurationOf(`http { upstream App { server 9.9.9.9; } ${http} }`);
    const names = upstreams
      .filter(({ origin }) => origin !== 'group')
      .map(({ name, origin, servers }) => [
        name,
        origin,
        ...servers.map(({ peers, lookup }) => (lookup === null ? peers[0] : `${lookup.host} ${lookup.port}`)),
      ]);
    return [...names, ...undecided.map(({ text }) => text)];
  };
  const location = (...directives: string[]) => `server { location / { ${directives.join(' ')} } }`;

  test.each<[string, string, unknown[]]>([
    ['a group by name, in any case', location('proxy_pass http://aPP/x;'), []],
    ['an address', location('proxy_pass http://127.0.0.1:3000/;'), [['127.0.0.1:3000', 'implicit', '127.0.0.1:3000']]],
    ['the default port', location('proxy_pass http://api.local;'), [['api.local', 'implicit', 'api.local 80']]],
    ['https', location('proxy_pass https://api.local/;'), [['api.local', 'implicit', 'api.local 443']]],
    [
      'two default ports of one name',
      `${location('proxy_pass http://api;')} ${location('proxy_pass https://api;')}`,
      [
        ['api', 'implicit', 'api 80'],
        ['api:443', 'implicit', 'api 443'],
      ],
    ],
    [
      'one address twice',
      `${location('proxy_pass http://api;')} ${location('proxy_pass http://api:80;')}`,
      [['api', 'implicit', 'api 80']],
    ],
    ['IPv6', location('proxy_pass http://[::1]:80/;'), [['[::1]', 'implicit', '[::1]:80']]],
    [
      'a unix socket',
      location('proxy_pass http://unix:/run/a.sock:/x;'),
      [['unix:/run/a.sock', 'implicit', 'unix:/run/a.sock']],
    ],
    ['FastCGI', location('fastcgi_pass 127.0.0.1:9000;'), [['127.0.0.1:9000', 'implicit', '127.0.0.1:9000']]],
    ['FastCGI without a port', location('fastcgi_pass php;'), []],
    ['gRPC', location('grpc_pass grpcs://api;'), [['api', 'implicit', 'api 443']]],
    [
      'uwsgi with a scheme',
      location('uwsgi_pass suwsgi://unix:/u.sock;'),
      [['unix:/u.sock', 'implicit', 'unix:/u.sock']],
    ],
    [
      'memcached in if',
      location('if ($x) { memcached_pass 127.0.0.1:11211; }'),
      [['127.0.0.1:11211', 'implicit', '127.0.0.1:11211']],
    ],
    ['set', location('set $b app;', 'proxy_pass http://$b;'), []],
    [
      'set with scheme and port',
      location('set $b "http://10.1.1.1:81";', 'proxy_pass $b/x;'),
      [['10.1.1.1:81', 'variable', '10.1.1.1:81']],
    ],
    [
      'set through set',
      location('set $h one;', 'set $b "${h}.local";', 'proxy_pass http://$b:8080;'),
      [['one.local:8080', 'variable', 'one.local 8080']],
    ],
    [
      'map',
      `map $x $b { default app; ~a 10.1.1.1:1; b 10.1.1.2:1; } ${location('proxy_pass http://$b;')}`,
      [
        ['10.1.1.1:1', 'variable', '10.1.1.1:1'],
        ['10.1.1.2:1', 'variable', '10.1.1.2:1'],
      ],
    ],
    [
      'a variable only in the URI',
      location('proxy_pass http://127.0.0.1:1$request_uri;'),
      [['127.0.0.1:1', 'variable', '127.0.0.1:1']],
    ],
    ['a capture behind a group', location('proxy_pass http://app$1;'), []],
    ['what only a request decides', location('proxy_pass http://$host:80;'), ['proxy_pass http://$host:80']],
    ['the variable of another server', `server { set $b app; } ${location('proxy_pass $b;')}`, ['proxy_pass $b']],
  ])('%s', (_, text, expected) => {
    expect(implicitOf(text)).toEqual(expected);
  });
});

describe('stub_status', () => {
  const pagesOf = (...servers: string[]) =>
    configurationOf(`http { ${servers.map((server) => `server { ${server} }`).join(' ')} }`).statusPages.map(
      ({ url, host, obstacle }) => [url, host, obstacle].filter((each) => each !== null).join(' '),
    );
  const at = (location: string, more = '') => `location ${location} { stub_status; ${more} }`;

  test.each<[string, string, string[]]>([
    ['no listen', at('/s'), ['http://127.0.0.1/s']],
    ['a port', `listen 8080; server_name status.example; ${at('= /s')}`, ['http://127.0.0.1:8080/s status.example']],
    ['an address', `listen 10.0.0.5:81; ${at('/s', 'allow 10.0.0.5; deny all;')}`, ['http://10.0.0.5:81/s']],
    ['IPv6 only', `listen [::]:81; ${at('/s')}`, ['http://[::1]:81/s']],
    [
      'both, the open one first',
      `listen [::1]:81; listen 81; ${at('/s', 'allow 127.0.0.1; deny all;')}`,
      ['http://127.0.0.1:81/s', 'http://[::1]:81/s denied'],
    ],
    ['TLS', `listen 443 ssl; listen 80; ${at('/s')}`, ['http://127.0.0.1/s', 'https://127.0.0.1/s']],
    ['a unix socket', `listen unix:/run/n.sock; ${at('/s', 'allow unix:; deny all;')}`, ['http://unix:/run/n.sock:/s']],
    ['old style', 'location /s { stub_status on; }', ['http://127.0.0.1/s']],
    ['networks', at('/s', 'deny 127.0.0.2; allow 127.0.0.0/8; deny all;'), ['http://127.0.0.1/s']],
    ['nobody', at('/s', 'deny all;'), ['http://127.0.0.1/s denied']],
    ['the rules of the server', `deny all; ${at('/s')}`, ['http://127.0.0.1/s denied']],
    ['own rules replace those of the server', `deny all; ${at('/s', 'allow all;')}`, ['http://127.0.0.1/s']],
    ['a password', at('/s', 'auth_basic "x";'), ['http://127.0.0.1/s password']],
    [
      'a password or an address',
      at('/s', 'auth_basic "x"; satisfy any; allow 127.0.0.1; deny all;'),
      ['http://127.0.0.1/s'],
    ],
    ['a password that is off', `auth_basic x; ${at('/s', 'auth_basic off;')}`, ['http://127.0.0.1/s']],
    ['internal', at('/s', 'internal;'), ['http://127.0.0.1/s internal']],
    ['a redirecting server', `return 301 https://x; ${at('/s')}`, ['http://127.0.0.1/s rewritten']],
    ['PROXY protocol', `listen 80 proxy_protocol; ${at('/s')}`, ['http://127.0.0.1/s proxy_protocol']],
    ['a simple pattern', at('~ ^/nginx_status$'), ['http://127.0.0.1/nginx_status']],
    ['a pattern', at('~ ^/(a|b)$'), ['http://127.0.0.1/ pattern']],
    [
      'names that are patterns',
      `server_name ~^x$ "" *.example.org; ${at('/s')}`,
      ['http://127.0.0.1/s status.example.org'],
    ],
    ['a nested location', `location /a { ${at('/a/s')} }`, ['http://127.0.0.1/a/s']],
    ['none', 'location / { return 200; }', []],
  ])('%s', (_, server, expected) => {
    expect(pagesOf(server)).toEqual(expected);
  });
});

test('the main context', () => {
  expect(
    configurationOf(`user www-data; worker_processes auto; worker_rlimit_nofile 65536; pid run/n.pid;
      events { worker_connections 768; } http { } mail { }`),
  ).toMatchObject({
    user: 'www-data',
    workerProcesses: 'auto',
    workerConnections: 768,
    workerRlimitNofile: 65536,
    pidFile: '/usr/share/nginx/run/n.pid',
    protocols: ['http', 'mail'],
  });
  expect(configurationOf('')).toMatchObject({ user: null, workerProcesses: 1, workerConnections: 512, problems: [] });
});

test('a server that nginx looks up by SRV has no address, and needs no port', () => {
  const { upstreams, problems } = configurationOf(
    'stream { upstream u { zone z 1m; server example.net resolve service=_http._tcp max_fails=0; } } http { upstream v { zone v 1m; server example.net service=http resolve; } }',
  );
  expect(problems).toEqual([]);
  expect(
    upstreams.flatMap(({ servers }) => servers.map(({ lookup, peers, resolve }) => [lookup, peers, resolve])),
  ).toEqual([
    [null, [], true],
    [null, [], true],
  ]);
});

test('places on one line have each their own logs and upstreams', () => {
  const { passPlaces, accessLogs } = configurationOf(
    'http { server { access_log /a; location / { proxy_pass http://10.0.0.1:81; } } server { access_log /b; location / { proxy_pass http://10.0.0.1:82; } } }',
  );
  expect(accessLogs.map(({ args }) => args)).toEqual([['/a'], ['/b']]);
  expect(passPlaces).toEqual([
    { upstreams: ['10.0.0.1:81'], logs: [0] },
    { upstreams: ['10.0.0.1:82'], logs: [1] },
  ]);
});
