/** The shipped file runs alone, copied anywhere, on every Node that a user may have. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { start } from '../../support/process.ts';
import { builtPlugin, repository } from '../../support/repository.ts';
import { run } from '../../support/run.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

/** Node's own binary of another version, from the packages that the npm package `node` is made of. */
function node(version: string): string {
  const name = `node-linux-${process.arch}`;
  const folder = join(repository, '.cache/node', version);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    execFileSync('npm', ['install', '--ignore-scripts', '--no-save', `${name}@${version}`], {
      cwd: folder,
      stdio: 'pipe',
    });
  }
  return binary;
}

/** One refused connection, packed by zstd 1.5. */
const zstdLine =
  'KLUv/QRo/QQAYosjHUBvdbOyAPupa+TPx5lNUiZQmc4mwk0MiVnFk5sDgNSk85TwuUpMD7xLlzGmzPmks0q7ljUYhnF2RrFI5yk7qnS8' +
  'as6xLbHl1a62dDXEnudrBzlXk6bjlJTocF7yXEPuuXwAaRlFOv5BlzjvruCQhlwT+UAwnX4POl/CeQP7R4QxtuOqrMoGfWtslxWatgQAefjECOWgiljWYe4B6MhYMQ==';

describe.each(['18.19.0', '20.19.0', '22.23.3', '24.21.0'])('Node %s', (version) => {
  test('prints help, parses, collects, and leaves when asked', async () => {
    const binary = node(version);
    expect(execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${version}`);
    const folder = tempDir('elsewhere');
    const plugin = join(folder, 'nginx-upstream.plugin');
    copyFileSync(builtPlugin, plugin);
    expect((await run(binary, [plugin, '--help'])).stdout).toContain('usage:');

    const log = join(folder, 'error.log');
    writeFileSync(
      log,
      '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
        'client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:80/", host: "x"\n',
    );
    const parsed = await run(binary, [plugin, 'parse', 'error', log]);
    expect(JSON.parse(parsed.stdout)).toMatchObject({ kind: 'refused', errno: 111, upstream: { peer: '10.0.0.1:80' } });

    const packed = join(folder, 'error.log.1.zst');
    writeFileSync(packed, Buffer.from(zstdLine, 'base64'));
    const report = await run(binary, [plugin, 'report', '--json', packed]);
    if (Number(version.split('.')[0]) >= 22) {
      expect(JSON.parse(report.stdout)).toMatchObject({ errors: { lines: 1, byKind: { refused: 1 } } });
    } else {
      expect([report.code, report.stderr]).toEqual([
        2,
        `${packed}: is compressed with zstd: unpack it on the way: zstd -dc ${packed} | nginx-upstream report -\n`,
      ]);
    }

    writeFileSync(join(folder, 'nginx-upstream.conf'), `jobs:\n  - name: t\n    error_log: ${log}\n`);
    const child = start(binary, [plugin, '1', '--config', join(folder, 'nginx-upstream.conf')]);
    await waitUntil(() => child.stdout().split('BEGIN nginx_upstream_t.connect_failures').length > 3, {
      what: 'three ticks',
      hint: () => child.stderr(),
    });
    expect(await child.stop('SIGTERM')).toMatchObject({ code: 0 });
  });
});
