import { expect, test } from 'vitest';
import { dialectOf } from '../../charts/dialect.ts';

test.each([
  ['none: run by hand', undefined, true, false],
  ['Debian 12', 'v1.37.1', true, false],
  ['last with a family index', 'v1.44.3', true, false],
  ['first without', 'v1.45.0', false, false],
  ['nightly', 'v1.99.0-123-nightly', false, false],
  ['2.x', 'v2.10.4', false, true],
  ['garbage', 'latest', true, false],
])('%s', (_name, version, familyPerInstance, heatmap) => {
  expect(dialectOf(version)).toEqual({ familyPerInstance, heatmap });
});
