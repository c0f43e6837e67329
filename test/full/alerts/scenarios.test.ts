/**
 * Each alert in a real Netdata, raised by a real nginx and cleared again, and what must raise none. ALERTS_TABLE=1 writes what was measured into docs/alerts.md.
 */

import { join } from 'node:path';
import { alertSuite } from '../../support/alerts/suite.ts';
import { writeTable } from '../../support/alerts/table.ts';
import { repository } from '../../support/repository.ts';

alertSuite(400_000, (rows, quiet) => {
  if (process.env['ALERTS_TABLE'] !== '1') return;
  writeTable(join(repository, 'docs/alerts.md'), 'test/full/alerts/scenarios.test.ts', rows, quiet);
});
