/** What is over is said in the past tense. */
import type { Subject } from '../rules/subject.ts';

/** The verb of a sentence about a cause: `now` while it lasts, `then` when it has ended. */
export function when({ finding }: Pick<Subject, 'finding'>, now: string, then: string): string {
  return finding.isOver ? then : now;
}
