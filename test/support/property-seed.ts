/**
 * Property tests try the same inputs in each run, so that what passed here passes on CI, and a failure is of the change
 * that is tested. PROPERTY_SEED=N, or `random`, tries others; `npm run test:full` fuzzes with a new seed each time.
 */
import fc from 'fast-check';

const asked = process.env['PROPERTY_SEED'] ?? '20261129';
if (asked !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
