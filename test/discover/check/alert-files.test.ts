import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { alertFileFindings, judgeAlertFile } from '../../../collector/discover/check/rules/alert-files.ts';
import { wordFinding } from '../../../collector/discover/check/words/wording.ts';
import { askNetdataVersion } from '../../../collector/netdata/ask-version.ts';
import { nodeFileSystem } from '../../../collector/system/fs.ts';
import { adaptedAlerts } from '../../support/servers/netdata.ts';
import { atEnd, tempDir } from '../../support/temp.ts';

const path = '/etc/netdata/health.d/nginx_upstream.conf';
const braced = ` info: x ${'$'}{label:upstream} y\n`;
const plain = ' info: x $label:upstream y\n';

test.each<[string, string, string | undefined, string | null]>([
  ['new texts, new Netdata', braced, 'v2.11.0', null],
  ['old texts, old Netdata', plain, 'v1.37.1', null],
  ['Netdata was upgraded', plain, 'v2.10.4', 'alerts_of_other_netdata'],
  ['Netdata was upgraded to the first with the new form', plain, 'v1.38.0', 'alerts_of_other_netdata'],
  ['Netdata was replaced by an old one', braced, 'v1.37.1', 'alerts_of_other_netdata'],
  ['a nightly', braced, 'v2.11.0-12-nightly', null],
  ['the version is not known', plain, undefined, null],
  ['a version that is none', plain, 'nightly', null],
  ['of an earlier version of ours', '   lookup: sum -1m unaligned of refused\n', 'v2.11.0', 'alerts_outdated'],
  ['the same, and the version is not known', '   lookup: sum -1m of refused\n', undefined, 'alerts_outdated'],
  ['reads what is no longer handed over', ' warn: $refused_sustained > 0\n', 'v2.11.0', 'alerts_outdated'],
  ['reads another alert', ` warn: ${'$'}{nginx_upstream_requests} > 0\n`, 'v2.11.0', 'alerts_outdated'],
  ['over two lines', ' warn: $this > 0 \\\n   AND $gone > 0\n', 'v2.11.0', 'alerts_outdated'],
  ['a threshold that was changed', ' warn: $connect_p95 > 900\n', 'v2.11.0', null],
  ['a comment', '# warn: $gone > 0\n', 'v2.11.0', null],
])('%s', (_name, text, version, code) => {
  expect(judgeAlertFile(path, text, version)?.code ?? null).toBe(code);
});

describe('what is shipped is fine where it was adapted for, and reported elsewhere', () => {
  test.each(['1.37.1', '1.38.0', '2.11.0'])('%s', (version) => {
    for (const [name, text] of Object.entries(adaptedAlerts(version))) {
      expect(judgeAlertFile(name, text, `v${version}`), name).toBeNull();
    }
    const other = version === '1.37.1' ? 'v2.11.0' : 'v1.37.1';
    const upstreams = adaptedAlerts(version)['nginx_upstream.conf'] ?? '';
    expect(judgeAlertFile('x', upstreams, other)?.code).toBe('alerts_of_other_netdata');
  });
});

describe('the files in a folder of Netdata', () => {
  function folderWith(files: Readonly<Record<string, string>>): string {
    const folder = tempDir('etc');
    mkdirSync(join(folder, 'health.d'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return folder;
  }
  const shipped = (version: string) =>
    Object.fromEntries(Object.entries(adaptedAlerts(version)).map(([name, text]) => [`health.d/${name}`, text]));
  const codes = async (folders: readonly string[], version?: string) => {
    let asked = 0;
    const found = await alertFileFindings(nodeFileSystem, folders, async () => {
      asked++;
      return version;
    });
    return { codes: found.map(({ code, subject }) => `${code} ${subject.split('/').at(-1)}`), asked };
  };

  test('all there, of this Netdata: nothing', async () => {
    expect((await codes([folderWith(shipped('2.11.0'))], 'v2.11.0')).codes).toEqual([]);
  });

  test('an upgrade of Netdata from 1.37 leaves texts behind: each file with texts about peers or upstreams', async () => {
    const { codes: found } = await codes([folderWith(shipped('1.37.1'))], 'v2.11.0');
    expect(found).toEqual([
      'alerts_of_other_netdata nginx_upstream.conf',
      'alerts_of_other_netdata nginx_upstream_peers.conf',
    ]);
  });

  test('one is missing, one was changed beside a newer one', async () => {
    const folder = folderWith({ ...shipped('2.11.0'), 'health.d/nginx_upstream.conf.new': '' });
    rmSync(join(folder, 'health.d/nginx_upstream_server.conf'));
    expect((await codes([folder], 'v2.11.0')).codes).toEqual([
      'alerts_changed nginx_upstream.conf',
      'alerts_missing nginx_upstream_server.conf',
    ]);
  });

  test('only the configuration of the plugin is there: all are missing, and no Netdata is asked', async () => {
    const { codes: found, asked } = await codes([folderWith({ 'nginx-upstream.conf': '' })]);
    expect(found).toHaveLength(3);
    expect(asked).toBe(0);
  });

  test.each([
    ['a Netdata without us', () => [folderWith({})]],
    ['no Netdata', () => ['/nonexistent']],
    ['nowhere', () => []],
  ])('%s: nothing, and nobody is asked', async (_what, folders) => {
    expect(await codes(folders())).toEqual({ codes: [], asked: 0 });
  });

  test('the remedy names the command', async () => {
    const [found] = await alertFileFindings(nodeFileSystem, [folderWith(shipped('1.37.1'))], async () => 'v2.11.0');
    expect(found && wordFinding(found).remedy).toContain('./install.sh');
  });
});

test.each([
  ['1.37.1', '{\n\t"version": "v1.37.1",\n\t"uid": "x"}', 200, 'v1.37.1'],
  ['2.11', '{"version":"v2.11.0","uid":"x","mirrored_hosts":["a"]}', 200, 'v2.11.0'],
  ['another server', '<html></html>', 200, undefined],
  ['one that asks for a password', '{"version":"v2.11.0"}', 401, undefined],
])('the Netdata of this host: %s', async (_what, body, status, version) => {
  const server = createServer((_request, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  atEnd(() => {
    server.close();
  });
  expect(await askNetdataVersion((server.address() as AddressInfo).port)).toBe(version);
});

test('no Netdata answers', async () => expect(await askNetdataVersion(1)).toBeUndefined());
