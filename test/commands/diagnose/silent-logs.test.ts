/** Error logs whose silence proves nothing. */
import { expect, test } from 'vitest';
import { silentLogs } from '../../../collector/commands/diagnose/recent/silent-logs.ts';
import type { ErrorLog, LogLevel, LogTarget } from '../../../collector/nginx/types.ts';

const file = (path: string): LogTarget => ({ kind: 'file', path, glob: null });

function log(target: LogTarget, level: LogLevel = 'error'): ErrorLog {
  return { target, level, proxied: true, args: [], byDefault: false, file: '/etc/nginx/nginx.conf', line: 3 };
}

const good = log(file('/var/log/nginx/error.log'), 'warn');
const crit = log(file('/var/log/nginx/crit.log'), 'crit');

/** Logs of one set each, or as asked. */
const sets = (...of: readonly (readonly number[])[]) => of.map((logs) => ({ logs, proxied: true }));

test.each<[string, readonly ErrorLog[], ReturnType<typeof sets>, readonly string[], readonly string[], boolean]>([
  ['level error and more', [good], sets([0]), [], [], false],
  ['level crit', [crit], sets([0]), [], ['/var/log/nginx/crit.log'], true],
  ['one of two places', [good, crit], sets([0], [1]), [], ['/var/log/nginx/crit.log'], false],
  ['beside one that says all', [good, crit], sets([0, 1]), [], [], false],
  ['/dev/null', [log(file('/dev/null'))], sets([0]), [], ['/dev/null'], true],
  ['a memory buffer', [log({ kind: 'memory' }, 'debug')], sets([0]), [], ['memory'], true],
  ['one that could not be read', [good], sets([0]), ['/var/log/nginx/error.log'], [], true],
  ['the same in a container', [good], sets([0]), ['/proc/7/root/var/log/nginx/error.log'], [], true],
  ['stderr', [log({ kind: 'stderr' })], sets([0]), ['stderr'], [], true],
  ['another that could not be read', [good], sets([0]), ['/var/log/other.log'], [], false],
  ['no place has an upstream', [crit], [{ logs: [0], proxied: false }], [], [], false],
])('%s', (_, errorLogs, errorSets, unread, named, isAll) => {
  const told = silentLogs({ errorLogs, errorSets }, unread);
  expect([told.unread.map((each) => each.log), told.isAll]).toEqual([named, isAll]);
});

test('the reason has the line to write, and where', () => {
  expect(silentLogs({ errorLogs: [crit], errorSets: sets([0]) }, []).unread[0]?.reason).toContain(
    'write error_log /var/log/nginx/crit.log warn; at /etc/nginx/nginx.conf:3',
  );
});
