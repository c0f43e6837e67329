import { describe, expect, test } from 'vitest';
import { findingCodes } from '../../collector/discover/check/finding.ts';
import { findingTitle, generalFix } from '../../collector/functions/words.ts';
import { peerCauses } from '../../collector/model.ts';

/** Nothing that only a caller with sensitive data may see: paths, units, pids, lines of a configuration. */
const particular = /\/[a-z]+\/|\.service|pid \d|[\w-]+\.conf:\d/;

describe('general words', () => {
  test.each(peerCauses)('the cause %s has a fix', (cause) => {
    expect(generalFix(cause, '10.0.0.1:80')).toMatch(/^[A-Z1].{10,140}\.$/);
    expect(generalFix(cause, '10.0.0.1:80')).not.toMatch(particular);
  });

  test.each(findingCodes)('the finding %s has a title', (code) => {
    expect(findingTitle(code)).toMatch(/^[\w ].{10,90}$/);
    expect(findingTitle(code)).not.toBe(code.replaceAll('_', ' '));
    expect(findingTitle(code)).not.toMatch(particular);
  });
});
