// Makes dist/release/nginx-upstream-VERSION.tar.gz and its sha256: what install.sh needs where there is neither npm nor
// a network. Beside it one for linux-x64 and one for linux-arm64 with a Node inside, for machines without one. The same
// sources give the same bytes (docs/decisions/0192-release.md).
//
//   node release.js [--plain] [FOLDER]     another folder than dist/release; --plain makes the first only, of dist as it is
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const { version, dependencies, license, description } = JSON.parse(readFileSync('package.json', 'utf8'));
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const args = process.argv.slice(2);
const isPlain = args.includes('--plain');
const [out = 'dist/release'] = args.filter((arg) => arg !== '--plain');

/** Node's own binaries of an LTS line, as the npm packages of these names hold them. */
const NODE_VERSION = '24.21.0';
const NODE_INTEGRITY = {
  'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
};

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
const programs = ['install.sh', 'nginx-upstream.plugin', 'demo/get-packages.sh', 'node'];

if (!isPlain) await import('./build.js');
rmSync(out, { recursive: true, force: true });
pack('');
if (!isPlain) for (const platform of Object.keys(NODE_INTEGRITY)) pack(platform);

/** Makes one release: plain, or with the Node of a platform. */
function pack(platform) {
  const name = ['nginx-upstream', version, ...(platform ? [platform] : [])].join('-');
  const folder = join(out, name);
  for (const [from, to] of Object.entries(contents)) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(from, join(folder, to), { recursive: true });
  }
  const bundled = Object.entries(dependencies).map(
    ([of, at]) => `${of} ${at}\n\n${readFileSync(`node_modules/${of}/LICENSE`, 'utf8').trim()}\n`,
  );
  if (platform) bundled.push(addNode(folder, platform));
  writeFileSync(join(folder, 'LICENSES-bundled'), bundled.join('\n\n'));
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(sbom(folder, platform), null, 2)}\n`);
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
}

/** Puts the checked binary beside the plugin; returns its licence. Downloads are kept in .cache/node. */
function addNode(folder, platform) {
  const cache = '.cache/node';
  const tarball = join(cache, `node-${platform}-${NODE_VERSION}.tgz`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(tarball)) {
    execFileSync('npm', [
      'pack',
      '--silent',
      '--fetch-retries=5',
      `node-${platform}@${NODE_VERSION}`,
      '--pack-destination',
      cache,
    ]);
  }
  const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (integrity !== NODE_INTEGRITY[platform]) {
    rmSync(tarball);
    throw new Error(`node-${platform} ${NODE_VERSION} is not what this release was made with: ${integrity}`);
  }
  const unpacked = join(out, platform);
  mkdirSync(unpacked, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', unpacked, 'package/bin/node', 'package/LICENSE']);
  cpSync(join(unpacked, 'package/bin/node'), join(folder, 'node'));
  writeFileSync(join(folder, 'node.txt'), `${platform} (glibc 2.28 or newer), Node ${NODE_VERSION}\n`);
  const licence = readFileSync(join(unpacked, 'package/LICENSE'), 'utf8').trim();
  rmSync(unpacked, { recursive: true });
  return `Node.js ${NODE_VERSION}\n\n${licence}\n`;
}

/**
 * What a release is made of (CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/), for those who must know whether a
 * vulnerability of a package concerns them. `npm sbom` would stamp a time and a number on it, and knows no Node.
 */
function sbom(folder, platform) {
  const libraries = Object.keys(dependencies).map((name) => {
    const { version: at, integrity, license: id } = packages[`node_modules/${name}`];
    return { ...component('library', name, at, id, `pkg:npm/${name}@${at}`), hashes: [sha512(integrity)] };
  });
  const node = platform && {
    ...component('platform', 'Node.js', NODE_VERSION, 'MIT', `pkg:npm/node-${platform}@${NODE_VERSION}`),
    cpe: `cpe:2.3:a:nodejs:node.js:${NODE_VERSION}:*:*:*:*:*:*:*`,
    hashes: [sha512(NODE_INTEGRITY[platform])],
  };
  const plugin = readFileSync(join(folder, 'nginx-upstream.plugin'));
  const self = {
    ...component('application', 'nginx-upstream', version, license, `pkg:generic/nginx-upstream@${version}`),
    description,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(plugin).digest('hex') }],
  };
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: self },
    components: [...libraries, ...(node ? [node] : [])],
  };
}

function component(type, name, at, id, purl) {
  return { type, 'bom-ref': purl, name, version: at, licenses: [{ license: { id } }], purl };
}

function sha512(integrity) {
  return { alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') };
}

/** Seconds since the epoch: as given (https://reproducible-builds.org/specs/source-date-epoch/), else of the commit. */
function releaseTime() {
  const told = process.env['SOURCE_DATE_EPOCH'];
  if (told) return told;
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return '0';
  }
}
