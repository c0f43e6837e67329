// Builds dist/nginx-upstream.plugin, and dist/demo.cjs for install.sh --demo: each one CommonJS file that runs alone
// (docs/decisions/0001-one-commonjs-file.md).
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = 'dist/nginx-upstream.plugin';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const troubleshooting = readFileSync('docs/troubleshooting.md', 'utf8');
mkdirSync('dist', { recursive: true });
const options = {
  bundle: true,
  platform: 'node',
  target: 'node18.19',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  // `diagnose --explain` prints the page: it is not installed beside the plugin.
  define: { VERSION: JSON.stringify(version), TROUBLESHOOTING: JSON.stringify(troubleshooting) },
  logOverride: { 'empty-import-meta': 'error' },
};
await build({ ...options, entryPoints: ['collector/main.ts'], outfile });
await build({ ...options, entryPoints: ['demo/main.ts'], outfile: 'dist/demo.cjs' });
// Inside this repository package.json says "type": "module", and Node reads a .plugin file by it.
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
chmodSync(outfile, 0o755);
