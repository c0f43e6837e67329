/** The configuration reader beside nginx's own: the same words, the same files, the same complaints at the same lines. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../../collector/nginx/configuration.ts';
import { readDump } from '../../../collector/nginx/syntax/dump.ts';
import { readTree } from '../../../collector/nginx/syntax/tree.ts';
import type { Directive } from '../../../collector/nginx/types.ts';
import { debianBuild } from '../../nginx/memory-files.ts';
import { disk } from '../../support/hosts/disk.ts';
import { freePort } from '../../support/network/ports.ts';
import { request } from '../../support/network/request.ts';
import { run } from '../../support/run.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';

function findAll(directives: readonly Directive[], name: string): Directive[] {
  return directives.flatMap((each) => [...(each.name === name ? [each] : []), ...findAll(each.block ?? [], name)]);
}

/** Words that nginx takes apart in its own way; no `$`, which `return` would replace. */
const words = [
  'plain',
  '"double quoted"',
  "'single quoted'",
  `"it's"`,
  `'say "x"'`,
  String.raw`"\"\'\\\t\r\n"`,
  String.raw`'\a\.\d\x41'`,
  String.raw`bare\ with\;escapes\{`,
  String.raw`\"bare`,
  'a#b',
  'a}b',
  `a'b"c`,
  'müller☃𝄞',
  '"two\nlines"',
  '"; { } # not a comment"',
  '~^/x[0-9]+(a|b)',
  '"~^a{2,3}"',
];

test('every word comes out as nginx reads it', async () => {
  const characters = fc.constantFrom(...'ab \t\n\\"\'{};#~.ü☃'.split(''));
  const quoted = fc.tuple(fc.constantFrom('"', "'"), fc.array(characters, { maxLength: 12 })).map(([quote, inside]) => {
    // A quote inside, and a backslash before the closing one, have to be escaped.
    const text = inside.map((char) => (char === quote || char === '\\' ? `\\${char}` : char)).join('');
    return `${quote}x${text}${quote}`;
  });
  const all = [...words, ...fc.sample(quoted, { numRuns: 150 })];
  const port = await freePort();
  const nginx = await startNginx({
    http: `server { listen 127.0.0.1:${port}; default_type text/plain;
      ${all.map((word, at) => `location = /${at} { return 200 ${word}; }`).join('\n')} }`,
  });
  const tree = readTree(nginx.conf, disk);
  expect(tree.problems).toEqual([]);
  const ours = findAll(tree.directives, 'return').map(({ args }) => args[1]);
  expect(ours).toHaveLength(all.length);
  for (const [at, word] of all.entries()) {
    const { body } = await request(`http://127.0.0.1:${port}/${at}`);
    expect({ word, text: ours[at] }).toEqual({ word, text: body });
  }
});

function writeTree(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Folders for temporary files in the prefix: a private nginx may not make those of the system. */
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${of};`).join(' ');
const http = (text: string) => `events { }\nhttp { ${temporary}\n${text}\n}\n`;

async function nginxSays(root: string, flag: '-t' | '-T') {
  const nginx = await tool('nginx');
  const args = [
    flag,
    '-p',
    root,
    '-e',
    join(root, 'error.log'),
    '-c',
    join(root, 'conf/nginx.conf'),
    '-g',
    'pid x.pid;',
  ];
  return run(nginx.path, args, { env: nginx.env });
}

test('a tree with everything odd that nginx accepts: the same files in the same order, and the same meaning', async () => {
  const root = tempDir('odd');
  writeTree(root, {
    'conf/nginx.conf': http(`  include 'sites/*.conf';
  include none/*.conf;
  include [a-c].inc;
  include "sub dir/quoted.inc";
  map $uri $which { default app; "~^/a{2}/(?<x>[^}]+)$" app; '~"' "app"; include maps/*.map; }
  geo $local { default 0; 127.0.0.0/8 1; include geo.inc; }
  log_format odd escape=json '{"a":"$remote_addr",' # a comment
    "'b':\\"\${request_id}\\"" '}';
  access_log access.log odd;`),
    'conf/sites/10-b.conf': 'server { listen 127.0.0.1:18018; location ~ "^/x{1,2}$" { proxy_pass http://$which; } }',
    'conf/sites/9-a.conf': 'upstream app { server 127.0.0.1:1; server unix:/run/x.sock backup; }\n',
    'conf/sites/.hidden.conf': 'nonsense',
    'conf/sites/c.conf~': 'nonsense',
    'conf/b.inc': 'server{listen 127.0.0.1:18019;server_name müller.example ~^w{1}\\..*;}',
    'conf/sub dir/quoted.inc': 'default_type "text/plain; charset=utf-8";',
    'conf/maps/a.map': '/one "app";',
    'conf/geo.inc': '10.0.0.0/8 1;\n',
  });
  // The regex of server_name needs quotes, as every brace in a bare word does.
  writeTree(root, { 'conf/b.inc': 'server{listen 127.0.0.1:18019;server_name müller.example "~^w{1}\\..*";}' });
  const dumped = await nginxSays(root, '-T');
  expect(dumped.stderr).toContain('test is successful');
  const dump = readDump(dumped.stdout);
  const fromDump = readTree(dump.main ?? '', dump.files);
  const fromDisk = readTree(join(root, 'conf/nginx.conf'), disk);
  expect(fromDisk.problems).toEqual([]);
  expect(fromDisk.files).toEqual(
    Array.from(dumped.stdout.matchAll(/^# configuration file (.*):$/gm), ([, path]) => path),
  );
  const meaning = readConfiguration(fromDisk, debianBuild);
  expect(readConfiguration({ ...fromDump, folders: fromDisk.folders }, debianBuild)).toEqual(meaning);
  expect(meaning.problems).toEqual([]);
  expect(meaning.upstreams.map(({ name, servers }) => [name, servers.map(({ peers }) => peers[0])])).toEqual([
    ['app', ['127.0.0.1:1', 'unix:/run/x.sock']],
  ]);
  expect(meaning.undecided).toEqual([]);
  expect(meaning.formats.find(({ name }) => name === 'odd')?.text).toBe(`{"a":"$remote_addr",'b':"\${request_id}"}`);
});

const refused: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a semicolon is missing': { 'conf/nginx.conf': http('server {\n  listen 127.0.0.1:18018\n  server_name x;\n}') },
  'a semicolon is missing before a brace': { 'conf/nginx.conf': http('server {\n  listen 127.0.0.1:18018\n}') },
  'a brace too many': { 'conf/nginx.conf': `${http('')}}\n` },
  'a brace too few': { 'conf/nginx.conf': 'events { }\nhttp {\n  server {\n  }\n' },
  'a quote that is not closed': { 'conf/nginx.conf': http('default_type "text/plain;') },
  'text behind a quote': { 'conf/nginx.conf': http('default_type "text"x;') },
  'a missing include': { 'conf/nginx.conf': http('\n  include none.conf;') },
  'a bad file behind an include': { 'conf/nginx.conf': http('include x;'), 'conf/x': '\n\n}\n' },
  'an unknown format': { 'conf/nginx.conf': http('\naccess_log a.log nope;') },
  'an invalid level': { 'conf/nginx.conf': 'error_log e.log\n  loud;\nevents { }\n' },
  'an invalid server parameter': { 'conf/nginx.conf': http('upstream a {\n  server 127.0.0.1:1 max_fails=x;\n}') },
  'an invalid port': { 'conf/nginx.conf': http('upstream a {\n  server 127.0.0.1:99999;\n}') },
  'a block without a name': { 'conf/nginx.conf': http('  { }') },
  'a byte order mark': { 'conf/nginx.conf': `\uFEFF${http('')}` },
};

test.each(Object.entries(refused))('what nginx refuses is named: %s', async (_, files) => {
  const root = tempDir('refused');
  writeTree(root, files);
  const said = await nginxSays(root, '-t');
  expect(said.code).not.toBe(0);
  const [, file, line] = /\[emerg\] .* in (\S+):(\d+)$/m.exec(said.stderr) ?? [];
  const { problems } = readConfiguration(readTree(join(root, 'conf/nginx.conf'), disk), debianBuild);
  const named = problems.map((problem) => `${problem.file}:${problem.line}`);
  expect(problems.length, said.stderr).toBeGreaterThan(0);
  // nginx notices a missing ";" or a quote only where it ends; the place to fix is where it begins.
  const [first] = problems;
  expect(first?.file, said.stderr).toBe(file ?? first?.file);
  expect(first?.line ?? 0, `${said.stderr} ${named}`).toBeLessThanOrEqual(Number(line ?? Number.POSITIVE_INFINITY));
});

test('what is wrong in one place does not hide the rest', async () => {
  const root = tempDir('broken');
  writeTree(root, {
    'conf/nginx.conf': http(`include loop.conf;
include missing.conf;
upstream a {
  server 10.0.0.1:80 weight=2
  server 10.0.0.2:80;
}
content_by_lua_block { local t = { "}" } -- }
}
server { location / { proxy_pass http://a } }
upstream b { server 10.0.0.3:80; }`),
    'conf/loop.conf': '\ninclude loop2.conf;\nlog_format l $status;\n',
    'conf/loop2.conf': 'include loop.conf;\nlog_format m $status;\n',
  });
  const { problems, upstreams, formats } = readConfiguration(
    readTree(join(root, 'conf/nginx.conf'), disk),
    debianBuild,
  );
  expect(problems.map(({ code, file, line }) => `${code} ${file.slice(root.length)}:${line}`)).toEqual([
    'include_cycle /conf/loop2.conf:1',
    'include_missing /conf/nginx.conf:4',
    'missing_semicolon /conf/nginx.conf:6',
    'syntax /conf/nginx.conf:11',
  ]);
  expect(upstreams.map(({ name, servers }) => [name, servers.length])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
  expect(formats.map(({ name }) => name)).toEqual(['combined', 'm', 'l']);
});
