import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readablePlugin } from '../support/plugin.ts';
import { run } from '../support/run.ts';
import { tempDir } from '../support/temp.ts';

/** A Node that refuses as Debian 13's does, for whoever counts as root; each start is noted in `starts`. */
const refusing = (starts: string, code: string): string => `
  require('node:fs').appendFileSync(${JSON.stringify(starts)}, (process.env.UV_USE_IO_URING ?? 'unset') + '\\n');
  process.getuid = () => 0;
  process.setgroups = () => {
    if (process.env.UV_USE_IO_URING === '0') return;
    throw Object.assign(new Error('setgroups() disabled'), { code: ${JSON.stringify(code)} });
  };
`;

async function check(code: string, ...args: string[]) {
  const folder = tempDir('again');
  const starts = join(folder, 'starts');
  writeFileSync(join(folder, 'refusing.cjs'), refusing(starts, code));
  writeFileSync(join(folder, 'nginx.conf'), 'events {}\n');
  writeFileSync(join(folder, 'x.conf'), `jobs:\n  - name: local\n    nginx_conf: ${join(folder, 'nginx.conf')}\n`);
  const { UV_USE_IO_URING: _, ...env } = process.env;
  const command = [
    '--require',
    join(folder, 'refusing.cjs'),
    readablePlugin(),
    'check',
    '--config',
    join(folder, 'x.conf'),
  ];
  const result = await run(process.execPath, [...command, ...args], { env });
  return { ...result, starts: readFileSync(starts, 'utf8').trim().split('\n') };
}

test('root checks with a Node that refuses to change its user: it starts itself once more, and says all once', async () => {
  const { starts, stdout, stderr, code } = await check('ERR_INVALID_STATE', '--json');
  expect([starts, stderr]).toEqual([['unset', '0'], '']);
  expect(Object.keys(JSON.parse(stdout) as object)).toContain('findings');
  expect(code).toBe((await check('EPERM', '--json')).code);
});

test.each([
  ['a container without CAP_SETGID', 'EPERM', []],
  ['a usage error', 'ERR_INVALID_STATE', ['--bogus']],
  ['help', 'ERR_INVALID_STATE', ['--help']],
])('%s: it is started once', async (_, code, args) => {
  expect((await check(code, ...args)).starts).toEqual(['unset']);
});
