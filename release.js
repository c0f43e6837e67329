// Makes dist/release/nginx-upstream-VERSION.tar.gz and its sha256: what install.sh needs where there is neither npm nor
// a network. The same sources give the same bytes (docs/decisions/0192-release.md).
//
//   node release.js [FOLDER]     another folder than dist/release; with one, dist is taken as it is
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const { version, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const name = `nginx-upstream-${version}`;
const [out = 'dist/release'] = process.argv.slice(2);
const folder = join(out, name);

/** Where it is in the repository → where in the release. */
const contents = {
  'install.sh': 'install.sh',
  'README.md': 'README.md',
  'CHANGELOG.md': 'CHANGELOG.md',
  LICENSE: 'LICENSE',
  alerts: 'alerts',
  docs: 'docs',
  'dist/nginx-upstream.plugin': 'nginx-upstream.plugin',
  'dist/demo.cjs': 'demo/demo.cjs',
  'demo/get-packages.sh': 'demo/get-packages.sh',
};
const programs = ['install.sh', 'nginx-upstream.plugin', 'demo/get-packages.sh'];

if (process.argv.length === 2) await import('./build.js');
rmSync(out, { recursive: true, force: true });
for (const [from, to] of Object.entries(contents)) {
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  cpSync(from, join(folder, to), { recursive: true });
}
const bundled = Object.entries(dependencies).map(
  ([of, at]) => `${of} ${at}\n\n${readFileSync(`node_modules/${of}/LICENSE`, 'utf8').trim()}\n`,
);
writeFileSync(join(folder, 'LICENSES-bundled'), bundled.join('\n\n'));
// Neither the umask nor what a checkout left shows.
for (const path of readdirSync(folder, { recursive: true })) {
  const isProgram = programs.includes(path) || statSync(join(folder, path)).isDirectory();
  chmodSync(join(folder, path), isProgram ? 0o755 : 0o644);
}
chmodSync(folder, 0o755);

const tar = join(out, `${name}.tar`);
const fixed = [
  '--sort=name',
  '--format=ustar',
  '--owner=0',
  '--group=0',
  '--numeric-owner',
  `--mtime=@${releaseTime()}`,
];
execFileSync('tar', [...fixed, '-C', out, '-cf', tar, name]);
execFileSync('gzip', ['-n', '-9', tar]);
rmSync(folder, { recursive: true });
const sum = createHash('sha256')
  .update(readFileSync(`${tar}.gz`))
  .digest('hex');
writeFileSync(`${tar}.gz.sha256`, `${sum}  ${name}.tar.gz\n`);
console.log(`${tar}.gz\n${sum}`);

/** Seconds since the epoch: as told (https://reproducible-builds.org/specs/source-date-epoch/), else of the commit. */
function releaseTime() {
  const told = process.env['SOURCE_DATE_EPOCH'];
  if (told) return told;
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '0';
  }
}
