import type { Conditions } from '../netdata/log.ts';
import { attempt } from '../system/fs.ts';
import type { StateFile } from '../system/state-file.ts';

/** Writes down what outlives the process; where that fails, it is logged under this subject. */
export function keepState(file: StateFile, text: string, conditions: Conditions, subject: string): void {
  const done = attempt(() => file.replace(text));
  conditions.set(subject, done.ok ? null : `${file.path} cannot be written (${done.code})`);
}
