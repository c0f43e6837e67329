/**
 * When nginx's configuration changes. Files that have changed mean nothing until nginx has taken them: it has when new
 * workers run and none of the old ones takes connections any more. A worker that died and was replaced is no reload.
 */
import { attempt, type FileSystem } from '../../system/fs.ts';
import type { Worker } from '../find/processes.ts';

/** What the files look like, without reading them: changes when any of them is written, replaced, added or removed. */
export function signatureOf(fs: FileSystem, watched: readonly string[]): string {
  const looks = watched.map((path) => {
    const stat = attempt(() => fs.stat(path));
    return stat.ok ? `${stat.value.ino} ${stat.value.size} ${stat.value.modifiedMs}` : stat.code;
  });
  return looks.join('\n');
}

export interface Sight {
  readonly signature: string;
  /** Workers that take connections; null when they cannot be seen (no /proc, a dump). */
  readonly workers: readonly Worker[] | null;
}

/**
 * `changed`: the files differ from those in force, nginx has not taken them yet. `taken`: it has; read them now.
 */
export type Step = 'same' | 'changed' | 'taken';

function isNewSet(before: readonly Worker[], now: readonly Worker[]): boolean {
  const known = new Set(before.map(({ pid, startTicks }) => `${pid} ${startTicks}`));
  return now.length > 0 && !now.some(({ pid, startTicks }) => known.has(`${pid} ${startTicks}`));
}

/** Where matters stand, from what was in force and what is seen. Pure. */
export function nextStep(inForce: Sight, seen: Sight): Step {
  if (inForce.signature === seen.signature) return 'same';
  if (inForce.workers === null || seen.workers === null) return 'taken';
  return isNewSet(inForce.workers, seen.workers) ? 'taken' : 'changed';
}
