import { expect, test } from 'vitest';
import { shareSource } from '../../collector/source/shared.ts';
import type { Source, SourceReading } from '../../collector/source/source.ts';

function fake() {
  const state = {
    polls: 0,
    closed: 0,
    reading: { problem: null, behindBytes: 0, events: ['x'], lost: 3, bytes: 10 } as SourceReading,
  };
  const source: Source = {
    name: 'journal:nginx',
    poll: () => {
      state.polls += 1;
      return state.reading;
    },
    close: () => {
      state.closed += 1;
    },
  };
  return { source, state };
}

test('polled once a tick, reported once, failing for both, closed with the last reader', () => {
  const { source, state } = fake();
  let forgotten = 0;
  const shared = shareSource(source, () => {
    forgotten += 1;
  });
  const error = shared.attach(() => undefined);
  const access = shared.attach(() => undefined);
  expect(error.poll()).toEqual(state.reading);
  expect(access.poll()).toEqual({ problem: null, behindBytes: 0, events: [], lost: 0, bytes: 0 });
  expect(state.polls).toBe(1);
  state.reading = { ...state.reading, problem: { code: 'bind', text: 'taken' } };
  error.poll();
  expect(access.poll().problem?.code).toBe('bind');
  error.close();
  expect(state.closed).toBe(0);
  // The other continues, and does not report again what was reported before it.
  state.reading = { ...state.reading, lost: 5, bytes: 11 };
  expect(access.poll()).toMatchObject({ lost: 2, bytes: 1 });
  access.close();
  access.close();
  expect([state.closed, forgotten]).toEqual([1, 1]);
});
