/** The alerts with the windows that are shipped. ALERTS_TABLE=1 writes what was measured into docs/alerts.md. */
import { join } from 'node:path';
import { alertSuite } from '../support/alert-suite.ts';
import { writeTable } from '../support/alert-table.ts';

alertSuite({ divisor: 1 }, 600_000, (rows, quiet) => {
  if (process.env['ALERTS_TABLE'] === '1') writeTable(join(import.meta.dirname, '../../docs/alerts.md'), rows, quiet);
});
