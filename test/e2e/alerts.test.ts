/**
 * Each alert in a real Netdata, raised by a real nginx and cleared again, and what must raise none. The windows are
 * shorter than the shipped ones; test/full/alerts.test.ts takes them as they are.
 */
import { alertSuite } from '../support/alert-suite.ts';
import { alertTable } from '../support/alert-table.ts';

alertSuite({ divisor: 6 }, 150_000, (rows, quiet) => {
  if (process.env['ALERTS_TABLE'] === '1') process.stdout.write(`${alertTable(rows, quiet)}\n`);
});
