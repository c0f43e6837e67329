/** `peer_charts: auto`: what it has chosen, and why, is in the log once per job. */
import { expect, test } from 'vitest';
import { runtime } from './world.ts';

const conf = (peers: number): string => {
  const servers = Array.from({ length: peers }, (_, i) => `server 10.0.0.${i + 1}:80;`);
  const pass = peers === 0 ? '' : 'location / { proxy_pass http://shop; }';
  const group = peers === 0 ? '' : `upstream shop { ${servers.join(' ')} }`;
  return `error_log /var/log/nginx/error.log;\nevents {}\nhttp { access_log off;\n${group}\nserver { listen 80; ${pass} } }\n`;
};

const jobs = (...names: readonly string[]): string =>
  `jobs:\n${names.map((name) => `  - name: ${name}\n    nginx_conf: /etc/${name}/nginx.conf\n    error_log: /var/log/${name}/error.log\n`).join('')}`;

const world = (peers: Readonly<Record<string, number>>) =>
  runtime(
    Object.fromEntries(
      Object.entries(peers).flatMap(([name, count]) => [
        [`/etc/${name}/nginx.conf`, conf(count)],
        [`/var/log/${name}/error.log`, ''],
      ]),
    ),
  );

const told = (said: readonly string[]): string[] => said.filter((line) => line.includes('peer_charts'));

const all = (job: string, peers: string) =>
  `info ${job}: peer_charts is auto: every peer has charts (${peers}; auto does this up to 20)`;
const failing = (job: string, peers: string) =>
  `info ${job}: peer_charts is auto: only peers that fail have charts (${peers}; auto gives every peer charts up to 20)`;

test.each([
  ['one peer', 1, '', [all('a', '1 peer')]],
  ['the most that all have charts', 20, '', [all('a', '20 peers')]],
  ['one more', 21, '', [failing('a', '21 peers')]],
  ['many', 200, '', [failing('a', '200 peers')]],
  ['no peer: nothing to choose', 0, '', []],
  ['auto, said in the file', 2, 'peer_charts: auto\n', [all('a', '2 peers')]],
  ['the user has chosen all', 30, 'peer_charts: all\n', []],
  ['the user has chosen failing', 3, 'peer_charts: failing\n', []],
])('%s', async (_name, peers, setting, expected) => {
  const here = world({ a: peers });
  here.apply(`${setting}${jobs('a')}`);
  for (let i = 0; i < 5; i++) await here.tick();
  expect(told(here.said)).toEqual(expected);
});

test('each job says its own', async () => {
  const here = world({ a: 3, b: 40 });
  here.apply(jobs('a', 'b'));
  for (let i = 0; i < 5; i++) await here.tick();
  expect(told(here.said).sort()).toEqual([all('a', '3 peers'), failing('b', '40 peers')]);
});

test('a number of peers that goes up and down around the limit says each choice once', async () => {
  const here = world({ a: 20 });
  here.apply(jobs('a'));
  await here.until('the first choice', () => told(here.said).length > 0);
  for (const peers of [21, 20, 22, 19, 25]) {
    here.host.write({ '/etc/a/nginx.conf': conf(peers) });
    for (let i = 0; i < 70; i++) await here.tick();
  }
  expect(told(here.said)).toEqual([all('a', '20 peers'), failing('a', '21 peers')]);
});
