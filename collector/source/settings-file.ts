import { attempt, type FileSystem } from '../system/fs.ts';
import { isMissing } from '../system/reach.ts';
import { readText } from '../system/small-file.ts';

/** What checking the configuration file found since the last check. */
export type SettingsChange =
  | { readonly is: 'unchanged' }
  /** None of the candidates exists: everything is default. */
  | { readonly is: 'absent' }
  | { readonly is: 'text'; readonly path: string; readonly text: string }
  | { readonly is: 'unreadable'; readonly path: string; readonly reason: string };

export interface SettingsFile {
  /** Cheap enough for every tick: one stat unless something changed. `again` reads it even if nothing seems to have. */
  poll(again: boolean): SettingsChange;
}

/** A configuration is a few kilobytes; more than this is something else. */
const largest = 1_048_576;

/**
 * Follows the first of the candidate paths that exists, also when an earlier one appears later.
 */
export function followSettingsFile(candidates: readonly string[], fs: FileSystem): SettingsFile {
  let seen = 'never looked';

  return {
    poll(again) {
      const path = candidates.find((candidate) => exists(fs, candidate));
      const now = path === undefined ? 'absent' : signature(fs, path);
      if (now === seen && !again) return { is: 'unchanged' };
      seen = now;
      return path === undefined ? { is: 'absent' } : read(fs, path);
    },
  };
}

function exists(fs: FileSystem, path: string): boolean {
  const stat = attempt(() => fs.stat(path));
  return stat.ok || !isMissing(stat.code);
}

function signature(fs: FileSystem, path: string): string {
  const stat = attempt(() => fs.stat(path));
  if (!stat.ok) return `${path} ${stat.code}`;
  const { dev, ino, size, mode, modifiedMs } = stat.value;
  return [path, dev, ino, size, mode, modifiedMs].join(' ');
}

function read(fs: FileSystem, path: string): SettingsChange {
  const unreadable = (reason: string): SettingsChange => ({ is: 'unreadable', path, reason });
  const stat = attempt(() => fs.stat(path));
  if (!stat.ok) return unreadable(reasonOf(stat.code));
  if (stat.value.kind !== 'file') return unreadable(`it is a ${stat.value.kind}, not a file`);
  if (stat.value.size > largest) return unreadable(`it has ${stat.value.size} bytes: this is not a configuration`);
  const text = readText(fs, path, largest);
  return text.ok ? { is: 'text', path, text: text.value } : unreadable(reasonOf(text.code));
}

function reasonOf(code: string): string {
  if (code === 'EACCES') return 'permission denied: make it readable for the user netdata (chmod 0640, chgrp netdata)';
  return code === 'ENOENT' ? 'it does not exist' : code;
}
