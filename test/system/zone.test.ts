import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dropTrapZone } from '../../collector/system/zone.ts';
import { tempDir } from '../support/temp.ts';

test.each([
  'UTC',
  'Europe/Berlin',
  ':Europe/Berlin',
  '',
  'No/Where',
  '/etc/localtime',
  'CET-1CEST,M3.5.0,M10.5.0/3',
  'a\0b',
])('TZ=%s stays', (zone) => {
  const env = { TZ: zone };
  dropTrapZone(env);
  expect(env).toEqual({ TZ: zone });
});

test.each(['/dev/zero', ':/dev/zero', '../../../dev/null', 'FIFO'])('TZ=%s is dropped', (zone) => {
  const fifo = join(tempDir('zone'), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const env: NodeJS.ProcessEnv = { TZ: zone === 'FIFO' ? fifo : zone };
  dropTrapZone(env);
  expect(env).toEqual({});
});
