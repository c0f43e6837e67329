/** What `check` says of a log_format that lacks something: what it costs, and no more. */
import { expect, test } from 'vitest';
import { costOf, neededVariables } from '../../../collector/discover/check/rules/format-costs.ts';

test.each([
  [['request_time'], 'request times'],
  [['upstream_response_time'], 'response times'],
  [['upstream_connect_time'], 'connect times, and attempts that never connected'],
  [['status', 'request_time'], 'client results; request times'],
  [
    ['upstream_addr', 'upstream_status', 'upstream_connect_time', 'upstream_response_time'],
    'attempts and times per peer, and client results per upstream',
  ],
] as const)('%j', (missing, lost) => {
  expect(costOf(missing, 'http')).toBe(lost);
});

test('a stream has its own needs: its session times cost nothing', () => {
  expect(neededVariables('stream')).toEqual(['status', 'upstream_addr', 'upstream_connect_time']);
  expect(costOf(['status'], 'stream')).toBe('session results');
});
