/** A small file that outlives the process, replaced as a whole: a reader finds the old text or the new one. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface StateFile {
  readonly path: string;
  /** Throws with Node's `code`. */
  read(): string;
  /** Throws with Node's `code`; the old text is then still there. */
  replace(text: string): void;
}

export function nodeStateFile(path: string): StateFile {
  return {
    path,
    read: () => readFileSync(path, 'utf8'),
    replace(text) {
      // No fsync: the state is worth a second of counting, and a disk may take longer than a tick.
      writeFileSync(`${path}.tmp`, text, { mode: 0o640 });
      renameSync(`${path}.tmp`, path);
    },
  };
}
