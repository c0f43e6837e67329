/**
 * Each alert in a real Netdata, raised by a real nginx and cleared again, and what must raise none. The windows are
 * shorter than the shipped ones; test/full/alerts.test.ts takes them as they are.
 */
import { alertSuite } from '../support/alert-suite.ts';

alertSuite({ divisor: 6 }, 150_000, (rows) => process.env["ALERTS_TABLE"] && console.table(rows.map(({ info, on, ...row }) => row)));
