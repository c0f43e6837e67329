/** What the application answers itself: of now, or over. */
import { expect, test } from 'vitest';
import { judge } from '../../../collector/diagnose/rules/judge.ts';
import { facts, failed, nowMs, peer, tcp } from '../facts-kit.ts';

const ago = (seconds: number): number => nowMs - seconds * 1000;

/** Seconds ago: the last 5xx, the last good answer, the last refusal; null for never. */
test.each<[string, number, number | null, number | null, string]>([
  ['every answer is 503', 1, null, null, 'application_error certain'],
  ['some are 503, others fine', 1, 0.5, null, 'application_error certain'],
  ['503 until a moment ago', 8, 1, null, 'application_error certain'],
  ['503 until it was fixed', 25, 1, null, 'application_error certain ended'],
  ['503 until it was killed', 25, null, 1, 'application_error certain ended'],
  ['503, and nobody asks since', 25, null, null, 'application_error certain'],
])('%s', (_, lastError, lastGood, lastRefused, expected) => {
  const never = Number.NEGATIVE_INFINITY;
  const one = peer('10.0.0.1:8080', {
    failures: lastRefused === null ? new Map() : new Map([['refused', failed({ lastMs: ago(lastRefused) })] as const]),
    tcp: tcp('10.0.0.1:8080'),
    answers: {
      connected: 40,
      lastConnectedMs: lastGood === null ? never : ago(lastGood),
      serverErrors: 30,
      statuses: [503],
      firstErrorMs: ago(50),
      lastErrorMs: ago(lastError),
    },
  });
  const said = judge(facts([one]), String)[0]?.findings.map(
    ({ code, sureness, isOver }) => `${code} ${sureness}${isOver ? ' ended' : ''}`,
  );
  expect(said).toContain(expected);
});
