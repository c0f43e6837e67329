/** With a resolver that takes every question and answers none, the plugin ends soon after it is asked to. */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeOn } from '../../support/machine.ts';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { tool } from '../../support/servers/packages.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** Leaves a file behind when it is asked, and ends with the plugin, its parent. */
const mute = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('message', () => require('node:fs').writeFileSync(process.argv[1], ''));
socket.bind(53, '127.0.0.9');
const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 100);
`;

describeOn('namespaces')('a resolver that never answers', () => {
  test('SIGTERM ends the plugin within 6 s, with 0', { timeout: 60_000 }, async () => {
    const folder = tempDir('mute');
    const ip = await tool('ip');
    const at = (name: string): string => join(folder, name);
    const servers = [1, 2, 3, 4].map((number) => `server app${number}.example.org:80;`).join(' ');
    writeFileSync(
      at('nginx.conf'),
      `error_log ${folder}/e.log; events {} http { upstream a { ${servers} } server { location / { proxy_pass http://a; } } }`,
    );
    writeFileSync(at('e.log'), '');
    writeFileSync(at('settings'), `jobs:\n  - name: here\n    nginx_conf: ${folder}/nginx.conf\n`);
    writeFileSync(at('resolv.conf'), 'nameserver 127.0.0.9\n');
    writeFileSync(at('hosts.conf'), 'hosts: files dns\n');
    writeFileSync(at('mute.cjs'), mute);
    const script = `set -e
      mount --bind ${at('resolv.conf')} /etc/resolv.conf
      [ ! -e /etc/nsswitch.conf ] || mount --bind ${at('hosts.conf')} /etc/nsswitch.conf
      "$1" link set lo up
      "$2" -e "$(cat ${at('mute.cjs')})" ${at('asked')} </dev/null >/dev/null 2>&1 &
      exec "$2" "$3" 1 --config ${at('settings')}`;
    const args = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', ip.path, process.execPath];
    const { RES_OPTIONS: _, ...env } = process.env;
    const child = start('unshare', [...args, builtPlugin], { env: { ...env, ...ip.env } });
    atEnd(() => child.stop());
    await waitUntil(() => existsSync(at('asked')), { what: 'the first question', hint: () => child.stderr() });
    child.signal('SIGTERM');
    await waitUntil(() => child.exit() !== null, { what: 'the end', timeout: 6000 });
    expect(child.exit()).toMatchObject({ code: 0, signal: null });
  });
});
