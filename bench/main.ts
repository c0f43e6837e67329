/**
 * `npm run bench [-- --passes N --minutes N --markdown FILE …]` (options.ts): one table, which docs/performance.md keeps.
 * `npm run bench storm [LINES [PLUGIN]]`, and others: one thing alone.
 */

import { reportAgainst } from './alone/against.ts';
import { reportConfiguration } from './alone/configuration.ts';
import { reportPastLogs } from './alone/past-logs.ts';
import { reportRealSockets, reportSockets } from './alone/sockets.ts';
import { report } from './report.ts';
import { bareScan, ourScan } from './scans.ts';
import { reportStorm } from './storm.ts';

const [mode = '', ...args] = process.argv.slice(2);
const [file = ''] = args;
if (mode === 'bare') process.stdout.write(`${bareScan(file)}\n`);
else if (mode === 'ours') process.stdout.write(`${ourScan(file)}\n`);
else if (mode === 'idle') setInterval(() => {}, 1000);
else if (mode === 'sockets') tell(reportSockets(Number(file) || 50_000));
else if (mode === 'configuration') tell(reportConfiguration(Number(file) || 500));
else if (mode === 'past-logs') tell(reportPastLogs(Number(file) || 1000));
else if (mode === 'sockets-inside') tell(reportRealSockets(Number(file)));
else if (mode === 'storm') tell(reportStorm(Number(file) || 500_000, args[1]));
else if (mode === 'against') tell(reportAgainst(file, Number(args[1]) || 200_000));
else tell(report(process.argv.slice(2)));

function tell(text: Promise<string>): void {
  text.then(
    (words) => process.stdout.write(words),
    (error: unknown) => {
      process.stderr.write(`${error}\n`);
      process.exitCode = 1;
    },
  );
}
