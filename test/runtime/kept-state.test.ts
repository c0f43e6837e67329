/** What outlives the process is written down, and where that fails the log says so once. */
import { expect, test } from 'vitest';
import { createConditions } from '../../collector/netdata/log.ts';
import { keepState } from '../../collector/runtime/kept-state.ts';

test.each(['ENOSPC', 'EACCES', 'EROFS', 'ENOENT', 'EIO'])('%s: said once, and when it is over', (code) => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const conditions = createConditions({ info: say, warning: say, error: say });
  const kept: string[] = [];
  let isBroken = true;
  const file = {
    path: '/lib/state.json',
    read: () => '',
    empty: () => undefined,
    replace(text: string) {
      if (isBroken) throw Object.assign(new Error(code), { code });
      kept.push(text);
    },
  };
  for (const text of ['1', '2']) keepState(file, text, conditions, 'verdicts');
  isBroken = false;
  for (const text of ['3', '4']) keepState(file, text, conditions, 'verdicts');
  expect(said).toEqual([`verdicts: /lib/state.json cannot be written (${code})`, 'verdicts: works again']);
  expect(kept).toEqual(['3', '4']);
});
