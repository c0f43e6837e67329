import { expect, test } from 'vitest';
import { scriptOf } from '../../../collector/parse/proc/script.ts';

test.each<[string, readonly string[], string | null]>([
  ['node and its file', ['/usr/bin/node', '/srv/shop/server.js', '8080'], '/srv/shop/server.js'],
  ['options before the file', ['node', '--max-old-space-size=512', 'server.js'], 'server.js'],
  ['a module of Python', ['/usr/bin/python3.11', '-m', 'http.server', '8000'], 'http.server'],
  ['code in the command line', ['python3', '-c', 'import app'], 'import app'],
  ['an archive', ['java', '-Xmx1g', '-jar', '/opt/app.jar', '--server.port=8080'], '/opt/app.jar'],
  ['a shell script', ['/bin/sh', '/srv/run.sh'], '/srv/run.sh'],
  ['an interpreter alone', ['node'], null],
  ['only options', ['php8.2', '-S'], null],
  ['no interpreter', ['/usr/sbin/haproxy', '-f', '/etc/haproxy.cfg'], null],
  ['a name that only begins so', ['/usr/bin/node_exporter', 'x'], null],
  ['a title', ['php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)'], null],
  ['nothing', [], null],
])('what an interpreter runs: %s', (_, words, expected) => {
  expect(scriptOf(words.map((word) => `${word}\0`).join(''))).toBe(expected);
});

test('a long text of code is cut', () => {
  expect(scriptOf(`node\0-e\0${'x'.repeat(5000)}\0`)).toHaveLength(200);
});
