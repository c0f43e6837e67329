/** Bad input: one clear line that says what and how to fix it; the plugin stays up and recovers automatically. */
import { appendFileSync, chmodSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Child, start } from '../../support/process.ts';
import { readablePlugin } from '../../support/servers/plugin.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const refused = (peer: string) =>
  `2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ` +
  `client: 127.0.0.1, server: , request: "GET / HTTP/1.1", upstream: "http://${peer}/", host: "x"\n`;

interface Running {
  readonly child: Child;
  /** Messages of the log, in order. */
  messages(): string[];
  /** Error messages only. */
  errors(): string[];
  /** The last value of a dimension. */
  value(chart: string, dimension: string): number | null;
}

async function run(folder: string, user?: { readonly uid: number; readonly gid: number }): Promise<Running> {
  const command = user ? ['setpriv', '--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'] : [];
  const [program = '', ...args] = [...command, process.execPath, readablePlugin(), '1'];
  const child = start(program, args, {
    env: {
      ...process.env,
      NETDATA_USER_CONFIG_DIR: folder,
      NETDATA_STOCK_CONFIG_DIR: folder,
      NETDATA_VERSION: 'v1.37.1',
    },
  });
  const lines = () => child.stderr().split('\n').filter(Boolean);
  const text = (line: string) => {
    const [, quoted, bare] = /msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(line) ?? [];
    return quoted === undefined ? (bare ?? line) : (JSON.parse(`"${quoted}"`) as string);
  };
  return {
    child,
    messages: () => lines().map(text),
    errors: () =>
      lines()
        .filter((line) => line.includes('level=error'))
        .map(text)
        // There are no alerts in these folders, which is reported as well.
        .filter((line) => !line.includes('/health.d/')),
    value(chart, dimension) {
      const block = child.stdout().split(`BEGIN nginx_upstream_local.${chart}`).at(-1)?.split('\nEND')[0] ?? '';
      const value = new RegExp(`^SET ${dimension} = (-?\\d+)$`, 'm').exec(block)?.[1];
      return value === undefined ? null : Number(value);
    },
  };
}

/** One error, reported once; then the cure, and the counting works. */
async function tellsOnceAndRecovers(
  folder: string,
  path: string,
  expected: RegExp,
  mend: () => void,
  asUser?: { uid: number; gid: number },
) {
  const running = await run(folder, asUser);
  await waitUntil(() => running.errors().length > 0, { what: 'the error', hint: () => running.child.stderr() });
  const before = running.child.stdout().length;
  await waitUntil(() => running.child.stdout().slice(before).split('\n').length > 4, { what: 'two more ticks' });
  expect(running.errors()).toEqual([expect.stringMatching(expected)]);
  mend();
  await waitUntil(() => running.messages().some((message) => message.includes('works again')), {
    what: 'the end of the condition',
    hint: () => running.child.stderr(),
  });
  // What a log holds before it is first read is history.
  await waitUntil(() => running.value('sources', 'ok') === 1, { what: 'a tick in which the log was read' });
  appendFileSync(path, refused('10.0.0.1:80'));
  await waitUntil(() => running.value('connect_failures', 'refused') === 1, {
    what: 'the failure',
    hint: () => running.child.stdout().slice(-2_000),
  });
  expect(running.errors()).toEqual([expect.stringMatching(expected)]);
  await running.child.stop();
}

function folderWith(log: (folder: string) => string): { folder: string; path: string } {
  const folder = tempDir('bad');
  chmodSync(folder, 0o755);
  const path = log(folder);
  writeFileSync(join(folder, 'nginx-upstream.conf'), `jobs:\n  - name: local\n    error_log: ${path}\n`);
  return { folder, path };
}

describe('bad input', () => {
  test('no nginx, no log: said, and the log is read from its first line when it comes', async () => {
    const { folder, path } = folderWith((dir) => join(dir, 'error.log'));
    await tellsOnceAndRecovers(folder, path, /error\.log.*(does not exist|missing|not there)/, () =>
      writeFileSync(path, ''),
    );
  });

  test('a directory instead of a file', async () => {
    const { folder, path } = folderWith((dir) => join(dir, 'logs'));
    mkdirSync(path);
    await tellsOnceAndRecovers(folder, path, /logs.*is a directory/, () => {
      rmdirSync(path);
      writeFileSync(path, '');
    });
  });

  // Root may read everything: there, the plugin runs as nobody.
  test('a log that may not be read: user, file, mode and remedy', async () => {
    const { folder, path } = folderWith((dir) => join(dir, 'error.log'));
    writeFileSync(path, '');
    chmodSync(path, 0o200);
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;
    await tellsOnceAndRecovers(
      folder,
      path,
      /error\.log.*(0?200).*(usermod|chmod|setfacl)/s,
      () => chmodSync(path, 0o644),
      nobody,
    );
  });

  test.each([
    ['broken YAML', 'jobs:\n  - name: "local\n', /nginx-upstream\.conf:\d+: Missing closing "quote/],
    [
      'an unknown key',
      'job:\n  - name: local\n',
      /nginx-upstream\.conf:1: unknown key 'job' in the configuration; known are update_every/,
    ],
  ])('%s: nothing is watched until it is fixed', async (_name, text, expected) => {
    const { folder, path } = folderWith((dir) => join(dir, 'error.log'));
    writeFileSync(path, '');
    writeFileSync(join(folder, 'nginx-upstream.conf'), text);
    await tellsOnceAndRecovers(folder, path, expected, () =>
      writeFileSync(join(folder, 'nginx-upstream.conf'), `jobs:\n  - name: local\n    error_log: ${path}\n`),
    );
  });

  test('a configuration that breaks while it runs: the last good one stays in force', async () => {
    const { folder, path } = folderWith((dir) => join(dir, 'error.log'));
    writeFileSync(path, '');
    const running = await run(folder);
    await waitUntil(() => running.value('sources', 'ok') === 1, { what: 'the first tick' });
    writeFileSync(join(folder, 'nginx-upstream.conf'), 'probe: [');
    await waitUntil(
      () => running.errors().some((text) => text.includes('the last valid configuration stays in force')),
      {
        what: 'the refusal',
      },
    );
    appendFileSync(path, refused('10.0.0.1:80'));
    await waitUntil(() => running.value('connect_failures', 'refused') === 1, { what: 'the failure' });
    rmSync(join(folder, 'nginx-upstream.conf'));
    await running.child.stop();
  });
});
