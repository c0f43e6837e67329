// Builds dist/nginx-upstream.plugin: one CommonJS file that runs alone (docs/decisions/0001-one-commonjs-file.md).
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const outfile = 'dist/nginx-upstream.plugin';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
mkdirSync('dist', { recursive: true });
await build({
  entryPoints: ['collector/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node18.19',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  define: { VERSION: JSON.stringify(version) },
  logOverride: { 'empty-import-meta': 'error' },
});
// Inside this repository package.json says "type": "module", and Node reads a .plugin file by it.
writeFileSync('dist/package.json', '{ "type": "commonjs" }\n');
chmodSync(outfile, 0o755);
