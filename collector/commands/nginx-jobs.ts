/** The settings and the nginx that check and diagnose are about, as the plugin would take them now. */
import { parseSettings } from '../config/parse.ts';
import { defaultSettings, type JobSettings, type Settings } from '../config/settings.ts';
import { findNginx } from '../discover/find/find-nginx.ts';
import type { Master } from '../discover/find/processes.ts';
import { readNginx, readTold } from '../discover/follow/read-nginx.ts';
import type { JobNginx } from '../runtime/findings.ts';
import { followSettingsFile } from '../source/settings-file.ts';
import { nodeFileSystem } from '../system/fs.ts';
import { ownUid } from '../system/process/identity.ts';
import { UsageError } from './command.ts';

/** The default settings, with what is wrong, where the file is of no use. */
export interface SettingsRead {
  readonly settings: Settings;
  readonly problem: { readonly path: string; readonly text: string } | null;
}

/**
 * @param named the file that the caller named; null: the first of `candidates` that exists counts
 * @throws UsageError when a file was named and is not there: else another nginx would be checked
 */
export function readSettings(candidates: readonly string[], named: string | null): SettingsRead {
  const refused = (path: string, text: string) => ({ settings: defaultSettings, problem: { path, text } });
  const seen = followSettingsFile(candidates, nodeFileSystem).poll(true);
  if (seen.is === 'unreadable') return refused(seen.path, seen.reason);
  if (seen.is !== 'text' && named !== null) throw new UsageError(`--config ${named}: no such file`);
  if (seen.is !== 'text') return { settings: defaultSettings, problem: null };
  const parsed = parseSettings(seen.text);
  if (parsed.ok) return { settings: parsed.settings, problem: null };
  return refused(seen.path, parsed.problems.map(({ line, text }) => `line ${line}: ${text}`).join('; '));
}

export interface JobsFound {
  readonly jobs: readonly JobNginx[];
  /** Processes of other users that call themselves nginx, and that no job names. */
  readonly others: readonly Master[];
}

/** Every job of the settings with its nginx; one without nginx_conf stands for all that are discovered. */
export function findJobs(settings: readonly JobSettings[], hostPrefix: string): JobsFound {
  const fs = nodeFileSystem;
  const here = findNginx({ fs, hostPrefix, ownUid: ownUid() });
  const jobs = settings.flatMap((of): readonly JobNginx[] => {
    const { name, nginxConf } = of;
    if (nginxConf !== null) {
      return [{ job: name, settings: of, read: readTold(nginxConf, here.named, fs, hostPrefix) }];
    }
    return here.running.map((found, at) => ({
      job: at === 0 ? name : `${name} ${at + 1}`,
      settings: of,
      read: readNginx(found, fs),
    }));
  });
  const followed = new Set(jobs.map(({ read }) => read.found.master?.pid));
  return { jobs, others: here.others.filter(({ pid }) => !followed.has(pid)) };
}
