/**
 * An nginx of root in its own root, whose files belong to somebody else: none of its paths may make `check`,
 * `diagnose` or the plugin open a file of the host, whatever the path is for.
 */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeOn } from '../../support/machine.ts';
import { freePorts } from '../../support/network/ports.ts';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** Its own root with the system's programs, and one folder that is shared with the test. */
const jail = `set -e
jail=$1 shared=$2 packages=$3
shift 3
mount -t tmpfs tmpfs "$jail"
for folder in /usr /lib /lib64 /bin /sbin "$packages" "$shared"; do
  [ -d "$folder" ] || continue
  mkdir -p "$jail$folder"
  mount --rbind "$folder" "$jail$folder"
done
mkdir -p "$jail/proc" "$jail/dev" "$jail/etc" "$jail/run"
mount --rbind /proc "$jail/proc"
mount --rbind /dev "$jail/dev"
printf 'root:x:0:0::/:/bin/sh\\n' >"$jail/etc/passwd"
printf 'root:x:0:\\nnogroup:x:65534:\\n' >"$jail/etc/group"
exec chroot "$jail" "$@"
`;

/** What would be seen of the host's files. */
const marker = 'the-hosts-own';
const hostPeer = '192.0.2.77:7777';

interface World {
  /** The host's files, which only root may read. */
  readonly host: string;
  readonly config: string;
}

let world: World;
let own = '';

/** Ways to a file of the host; `{}` is its path there. */
const ways = [
  '/proc/self/root{}',
  '/proc/thread-self/root{}',
  '/proc/./self/root{}',
  '//proc/self/root{}',
  '/proc/self/task/../root{}',
  '/proc/self/cwd/../../../../../..{}',
  '/dev/fd/../root{}',
  '/dev/stdin/../../root{}',
  '/proc/self/fd/../root{}',
  '../../../../../../../..{}',
  '{}',
];

async function build(): Promise<World> {
  const [host, prefix, base] = [tempDir('host'), tempDir('prefix'), tempDir('jail')];
  const log = `2026/11/22 07:30:45 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.1, server: , request: "GET / HTTP/1.1", upstream: "http://${hostPeer}/", host: "a"\n`;
  writeFileSync(join(host, 'h.conf'), `upstream ${marker} { server ${hostPeer}; }\n`, { mode: 0o600 });
  writeFileSync(join(host, 'e.log'), log, { mode: 0o600 });
  for (const name of ['inc', 'in', 'logs']) mkdirSync(join(prefix, name));
  execFileSync('mkfifo', [join(prefix, 'logs/fifo')]);
  const includes: string[] = [];
  for (const [at, way] of ways.entries()) {
    const to = (name: string): string => way.replace('{}', join(host, name));
    symlinkSync(to('h.conf'), join(prefix, `inc/${at}.conf`));
    symlinkSync(to('').replace(/\/$/, ''), join(prefix, `in/d${at}`));
    symlinkSync(to('e.log'), join(prefix, `logs/e${at}.log`));
    includes.push(`include ${prefix}/in/d${at}/*.conf;`);
    if (way.startsWith('/')) includes.push(`include ${to('*.conf')};`);
  }
  const [front] = await freePorts(1);
  own = `127.0.0.1:${front}`;
  const program = await tool('nginx');
  // Quietly missing for nginx itself, as a pattern that matches nothing: only what we follow would find it.
  const http = `include ${prefix}/inc/*.none; upstream inside { server 127.0.0.1:1; } server { listen ${own}; location / { proxy_pass http://inside; } }`;
  const script = join(base, 'jail.sh');
  writeFileSync(script, jail);
  mkdirSync(join(base, 'root'));
  const within = ['unshare', '--mount', '--propagation', 'private', 'sh', script, join(base, 'root'), prefix];
  const nginx = await startNginx({ http, user: 'root nogroup' }, { prefix, within: [...within, program.root] });
  // nginx continues with what it has read: from now on its files say what they like.
  const links = ways.map((_, at) => `error_log ${prefix}/logs/e${at}.log error;`).join('\n');
  writeFileSync(
    nginx.conf,
    `pid ${prefix}/nginx.pid;\nerror_log logs/error.log;\n${links}\nevents {}\nhttp {\n${includes.join('\n')}\ninclude ${prefix}/inc/*.conf;\ninclude ${prefix}/logs/fifo;\ninclude /dev/stdin;\ninclude /proc/self/fd/0;\n${http}\n}\n`,
  );
  const config = join(host, 'c.conf');
  writeFileSync(config, 'update_every: 1\n');
  chmodSync(host, 0o700);
  return { host, config };
}

describeOn('namespaces')("an nginx of root in somebody's root", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    world = await build();
  }, 60_000);

  const stdin = `upstream ${marker} { server ${hostPeer}; }\n`;

  test.each(['check', 'check --json', 'diagnose', 'diagnose --json'])('%s', async (command) => {
    const words = command.split(' ');
    const done = await run(process.execPath, [builtPlugin, ...words], { input: stdin, timeout: 90_000 });
    expect(done.signal).toBeNull();
    if (words[0] === 'check') expect(done.stdout).toContain('inside');
    expect(done.stdout + done.stderr).not.toContain(marker);
    expect(done.stdout + done.stderr).not.toContain(hostPeer);
  });

  test('the plugin', async () => {
    const child = start(process.execPath, [builtPlugin, '1', '--config', world.config], {
      env: { ...process.env, NETDATA_UPDATE_EVERY: '1' },
    });
    atEnd(() => child.stop());
    await waitUntil(() => child.stdout().includes('inside'), {
      what: 'the upstream of the jail to be drawn',
      // Every other nginx of this machine is watched as well.
      timeout: 60_000,
    });
    // The host's log grows: where it was followed, this failure would be counted.
    execFileSync('sh', [
      '-c',
      `cat '${world.host}/e.log' >>'${world.host}/e.log.new'; cat '${world.host}/e.log.new' >>'${world.host}/e.log'`,
    ]);
    const ends = (): number => (child.stdout().match(/^END$/gm) ?? []).length;
    const before = ends();
    await waitUntil(() => ends() > before + 12, { what: 'two more ticks', timeout: 30_000 });
    expect(child.stdout()).not.toContain(marker);
    expect(child.stdout()).not.toContain('192.0.2.77');
  });
});
