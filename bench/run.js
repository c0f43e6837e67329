// Bundles the bench for Node and runs it: `npm run bench`.
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const outfile = '.cache/bench.cjs';
await build({
  entryPoints: ['bench/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node18.19',
  format: 'cjs',
});
const { status } = spawnSync(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
