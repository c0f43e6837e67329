/** `npm run bench [-- --lines N --seconds N]`: one table (docs/performance.md keeps the last one). */

import { report } from './report.ts';
import { bareScan, bareTail, measure, ourScan } from './scans.ts';

const [mode = '', ...args] = process.argv.slice(2);
const [file = ''] = args;
if (mode === 'bare') measure(bareScan, file, true);
else if (mode === 'ours') measure((path) => ourScan(path), file, true);
else if (mode === 'cold') measure((path) => ourScan(path), file, false);
else if (mode === 'tail') bareTail(file);
else if (mode === 'idle') setInterval(() => {}, 1000);
else report(process.argv.slice(2)).then((text) => process.stdout.write(text));
