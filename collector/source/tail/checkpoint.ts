/**
 * Where reading has got, kept across restarts of the plugin: without it a restart loses what was written meanwhile, or
 * counts it twice. Saved after each tick that moved anything, so that nothing depends on a clean stop: after a kill the
 * next process knows what the last written tick knew.
 */
import { isObject, parseObject } from '../../base/json.ts';
import { attempt } from '../../system/fs.ts';
import type { StateFile } from '../../system/state-file.ts';

export interface Checkpoint {
  /** What was set under this key, by this process or the one before; undefined when there is none, or it is too old. */
  get(key: string): unknown;
  /** Any JSON value. */
  set(key: string, value: unknown): void;
  /** Writes what has changed. Returns why that is impossible, in words for the operator; null when it is not. */
  save(): string | null;
  /** What was wrong with what the process before has left; null: nothing. */
  readonly damage: string | null;
}

interface Entry {
  /** Wall clock, milliseconds: it has to mean something to the next process. */
  readonly at: number;
  readonly value: unknown;
}

/**
 * A backlog older than this is history: counted now, it would raise alerts about what happened then
 * (docs/decisions/0161-checkpoint.md).
 */
export const longestAbsenceMs = 600_000;
/** A silent log must not look old: its entry is written again after this time. */
const refreshMs = 60_000;

export function createCheckpoint(file: StateFile | null, wallMs: () => number): Checkpoint {
  const entries = new Map<string, Entry>();
  let problem: string | null = null;
  let damage: string | null = null;
  let written = '';
  let writtenAt = 0;
  if (file !== null) load(file);

  function load(from: StateFile): void {
    const text = attempt(() => from.read());
    if (!text.ok) {
      if (text.code !== 'ENOENT') damage = `${from.path} cannot be read (${text.code}): logs are read from their end`;
      return;
    }
    const loaded = entriesOf(text.value);
    if (loaded === null) {
      damage = `${from.path} is damaged: logs are read from their end, as at a first start; it is written again`;
      return;
    }
    for (const [key, entry] of loaded) entries.set(key, entry);
  }

  /** A clock that was set back counts as well as one that continued. */
  const isFresh = ({ at }: Entry) => Math.abs(wallMs() - at) <= longestAbsenceMs;

  return {
    damage,

    get(key) {
      const entry = entries.get(key);
      return entry !== undefined && isFresh(entry) ? entry.value : undefined;
    },

    set(key, value) {
      entries.set(key, { at: wallMs(), value });
    },

    save() {
      if (file === null) return null;
      const fresh = [...entries].filter(([, entry]) => isFresh(entry));
      const values = JSON.stringify(fresh.map(([key, { value }]) => [key, value]));
      if (values === written && wallMs() - writtenAt < refreshMs && wallMs() >= writtenAt) return problem;
      const text = JSON.stringify({ version: 1, entries: Object.fromEntries(fresh) });
      const replaced = attempt(() => file.replace(text));
      // From the old one the next process would read again what has been counted since.
      if (!replaced.ok) attempt(() => file.empty());
      written = values;
      writtenAt = wallMs();
      problem = replaced.ok
        ? null
        : `${file.path} cannot be written (${replaced.code}): lines written while the plugin restarts will be missed`;
      return problem;
    },
  };
}

function entriesOf(text: string): readonly (readonly [string, Entry])[] | null {
  const parsed = parseObject(text);
  if (parsed === null || parsed['version'] !== 1 || !isObject(parsed['entries'])) return null;
  const entries = Object.entries(parsed['entries']);
  return entries.every((entry): entry is [string, Entry] => isObject(entry[1]) && typeof entry[1]['at'] === 'number')
    ? entries
    : null;
}
