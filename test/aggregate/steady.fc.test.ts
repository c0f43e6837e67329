import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobSnapshot } from '../../collector/model.ts';
import { countedJob, quiet, ticks } from './ticks.ts';

test('what rests is what would be counted anew, whatever happens and however long nothing does', () => {
  fc.assert(
    fc.property(ticks, (all) => {
      const [steady, fresh] = [countedJob(), countedJob()];
      for (const each of all) expect(steady.tick(each)).toEqual(fresh.tick(each, true));
    }),
  );
});

test('what is saved for the next process is the same', () => {
  fc.assert(
    fc.property(ticks, (all) => {
      const [steady, fresh] = [countedJob(), countedJob()];
      for (const each of all) {
        steady.tick(each);
        fresh.tick(each, true);
        expect(steady.aggregate.saveWindows()).toEqual(fresh.aggregate.saveWindows());
      }
    }),
  );
});

function resting() {
  const job = countedJob();
  const setUp = [
    { is: 'configure', set: 0 },
    { is: 'logs', set: 0 },
  ] as const;
  // That attempts of the upstream are logged at all is learned from its first line, and is news for all.
  job.tick({ ...quiet, events: [...setUp, { is: 'answer', at: 3, fate: 0 }] });
  job.tick({ ...quiet, seconds: 300 });
  job.tick(quiet);
  return job;
}

const changed = (before: JobSnapshot, now: JobSnapshot) => ({
  upstreams: now.upstreams.filter((each, i) => each !== before.upstreams[i]).length,
  peers: now.peers.filter((each, i) => each !== before.peers[i]).length,
});

test('in peace everything is the same object', () => {
  const job = resting();
  const before = job.tick(quiet);
  const now = job.tick(quiet);
  expect(now.upstreams).toBe(before.upstreams);
  expect(now.peers).toBe(before.peers);
});

test('a line makes one upstream and one peer anew, until it is in no window any more', () => {
  const job = resting();
  let before = job.tick(quiet);
  const answered = { ...quiet, events: [{ is: 'answer', at: 4, fate: 0 } as const] };
  for (const tick of [answered, quiet]) {
    const now = job.tick(tick);
    expect(changed(before, now)).toEqual({ upstreams: 1, peers: 1 });
    before = now;
  }
  job.tick({ ...quiet, seconds: 300 });
  before = job.tick(quiet);
  expect(job.tick(quiet).peers).toBe(before.peers);
  expect(job.tick(quiet).upstreams).toBe(before.upstreams);
});
