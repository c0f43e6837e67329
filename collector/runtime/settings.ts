import { parseSettings } from '../config/parse.ts';
import { defaultSettings, type Settings } from '../config/settings.ts';
import type { Conditions, Log } from '../netdata/log.ts';
import { followSettingsFile } from '../source/settings-file.ts';
import type { FileSystem } from '../system/fs.ts';

/** The configuration in force: the file is followed, and a bad one never replaces the last good one. */
export interface SettingsInForce {
  current(): Settings;
  /** What is wrong with the file; null: nothing. */
  problem(): { readonly path: string; readonly text: string } | null;
  /** Checks the file; true when what is in force has changed (also at the first check). */
  poll(): boolean;
  /** Reads the file again at the next poll, even if it looks the same (SIGHUP). */
  reread(): void;
}

/** In force while there has been no good file yet: nothing runs, Netdata is only kept waiting. */
const noJobs: Settings = { ...defaultSettings, jobs: [] };

/**
 * @param candidates where the file may be, the first that exists counts
 * @param isNamed the user named the file: without it nothing is watched, where otherwise everything is discovered
 */
export function createSettings(
  candidates: readonly string[],
  isNamed: boolean,
  { fs, log, conditions }: { readonly fs: FileSystem; readonly log: Log; readonly conditions: Conditions },
): SettingsInForce {
  const file = followSettingsFile(candidates, fs);
  let current = noJobs;
  let hadGoodOne = false;
  let problem: { readonly path: string; readonly text: string } | null = null;
  let again = false;
  /** An editor may empty or remove the file for a moment while it saves: nothing is believed at the second look only. */
  let doubted = false;
  const isDoubtful = (isNothing: boolean): boolean => {
    doubted = isNothing && (hadGoodOne || problem !== null) && !doubted;
    again ||= doubted;
    return doubted;
  };

  const accept = (settings: Settings, words: string): true => {
    current = settings;
    hadGoodOne = true;
    problem = null;
    conditions.set('configuration', null);
    log.info(words);
    return true;
  };
  const refuse = (path: string, text: string, what = `${path} ${text}`): false => {
    problem = { path, text };
    const consequence = hadGoodOne
      ? 'the last valid configuration stays in force'
      : 'nothing is watched until it is fixed';
    conditions.set('configuration', `${what}; ${consequence}`);
    return false;
  };

  return {
    current: () => current,
    problem: () => problem,
    reread: () => {
      again = true;
    },
    poll() {
      const change = file.poll(again);
      again = false;
      switch (change.is) {
        case 'unchanged':
          return false;
        case 'absent':
          if (isDoubtful(true)) return false;
          if (isNamed) return refuse(candidates[0] ?? '', 'does not exist: write it, or leave --config out');
          return accept(defaultSettings, 'no configuration file: everything is discovered');
        case 'unreadable':
          return refuse(change.path, `cannot be read: ${change.reason}`);
        case 'text': {
          if (isDoubtful(change.text.trim() === '')) return false;
          const parsed = parseSettings(change.text);
          if (parsed.ok) return accept(parsed.settings, `configuration read from ${change.path}`);
          return refuse(
            change.path,
            parsed.problems.map(({ line, text }) => `line ${line}: ${text}`).join('; '),
            parsed.problems.map(({ line, text }) => `${change.path}:${line}: ${text}`).join('; '),
          );
        }
      }
    },
  };
}
