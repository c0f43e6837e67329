/** Names that install.sh and the plugin must agree on, in two languages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.ts';

const text = (path: string) => readFileSync(join(repository, path), 'utf8');

test('the state that the plugin keeps is what that --uninstall removes', () => {
  const [, kept] = /`\$\{libDirectory\}\/([\w.-]+)`/.exec(text('collector/app.ts')) ?? [];
  const [, name] = /^readonly NAME=(\S+)/m.exec(text('install.sh')) ?? [];
  expect(kept).toBe(`${name}.checkpoint.json`);
  expect(text('install.sh')).toContain('/$NAME".checkpoint.json*');
  expect(text('collector/app.ts')).toContain(`/${name}.incidents.json`);
  expect(text('install.sh')).toContain('/$NAME".incidents.json*');
  const files = text('collector/runtime/causes/state-files.ts');
  expect(/`\$\{folder\}\/([\w.-]+?)\.\$\{what\}/.exec(files)?.[1]).toBe(name);
  const kinds = Array.from(files.matchAll(/stateFiles\('(\w+)'/g), ([, kind]) => kind);
  expect(kinds).toEqual(['listeners', 'verdicts']);
  expect(text('install.sh')).toContain('/$NAME".verdicts.*');
  expect(text('install.sh')).toContain('/$NAME".listeners.*');
});

test('the configuration that is installed is the one that the plugin reads', () => {
  const [, read] = /const fileName = '([\w.-]+)'/.exec(text('collector/netdata/environment.ts')) ?? [];
  expect(text('install.sh')).toContain('"$config/$NAME.conf"');
  expect(read).toBe('nginx-upstream.conf');
});
