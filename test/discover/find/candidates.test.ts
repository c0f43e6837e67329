import { describe, expect, test } from 'vitest';
import { createCandidates } from '../../../collector/discover/find/candidates.ts';
import type { Procfs } from '../../../collector/system/process/procfs.ts';

const second = 1_000_000;
const master = 'nginx: master process nginx -g daemon off;';

/** Processes by what they call themselves; `asked` are the pids whose title was read since it was last taken. */
function host(count: number) {
  const titles = new Map(Array.from({ length: count }, (_, i) => [1 + i, `/usr/bin/something ${i}`]));
  let asked: number[] = [];
  const proc: Procfs = {
    pids: () => [...titles.keys()],
    text(path: string) {
      const pid = Number(path.split('/')[0]);
      asked.push(pid);
      const title = titles.get(pid);
      return title === undefined ? null : `${title}\0`;
    },
    pieces: () => false,
    openFiles: () => null,
    networkOf: () => null,
  };
  return {
    titles,
    candidates: createCandidates(proc),
    taken() {
      const now = asked;
      asked = [];
      return now;
    },
  };
}

const pids = (found: readonly { readonly pid: number }[]) => found.map(({ pid }) => pid);

describe('which processes a search asks', () => {
  test('all at first, then what is new at once', () => {
    const { titles, candidates, taken } = host(100);
    titles.set(50, master);
    expect(pids(candidates.look(0))).toEqual([50]);
    expect(taken()).toHaveLength(100);
    titles.set(7000, master);
    expect(pids(candidates.look(second))).toEqual([50, 7000]);
    expect(taken().length).toBeLessThan(20);
  });

  test('a shell that becomes nginx a moment after its start is found by the next search', () => {
    const { titles, candidates } = host(300);
    candidates.look(0);
    titles.set(7000, '/bin/sh /docker-entrypoint.sh nginx');
    expect(pids(candidates.look(second))).toEqual([]);
    titles.set(7000, master);
    expect(pids(candidates.look(2 * second))).toEqual([7000]);
  });

  test.each([
    [100, 10],
    [1000, 30],
  ])('of %i processes one that was something else for hours is found within %i s', (count, seconds) => {
    for (const pid of [1, Math.ceil(count / 2), count]) {
      const { titles, candidates } = host(count);
      for (let at = 0; at < 60; at++) candidates.look(at * second);
      titles.set(pid, master);
      let found: readonly number[] = [];
      for (let at = 60; at < 60 + seconds + 1; at++) found = pids(candidates.look(at * second));
      expect(found).toEqual([pid]);
    }
  });

  test('at rest a tenth of the processes in each second, of many a thirtieth', () => {
    for (const [count, most] of [
      [100, 10],
      [900, 30],
    ] as const) {
      const { candidates, taken } = host(count);
      for (let at = 0; at < 30; at++) candidates.look(at * second);
      taken();
      candidates.look(30 * second);
      expect(taken().length).toBeLessThanOrEqual(most);
    }
  });

  test('a search after a long time asks all', () => {
    const { candidates, taken } = host(100);
    candidates.look(0);
    taken();
    candidates.look(11 * second);
    expect(new Set(taken()).size).toBe(100);
  });

  test('a master that ends is none any more, for the next search', () => {
    const { titles, candidates } = host(100);
    titles.set(50, master);
    candidates.look(0);
    titles.delete(50);
    expect(candidates.look(second)).toEqual([]);
  });

  test('a pid that another process has got is asked in its turn', () => {
    const { titles, candidates } = host(100);
    titles.set(50, master);
    candidates.look(0);
    titles.set(50, '/usr/bin/other');
    expect(candidates.look(second)).toEqual([]);
    titles.set(50, master);
    let found: readonly number[] = [];
    for (let at = 2; at < 13; at++) found = pids(candidates.look(at * second));
    expect(found).toEqual([50]);
  });
});
