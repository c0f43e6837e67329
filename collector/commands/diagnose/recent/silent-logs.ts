/** Error logs in which refused connections cannot be, or cannot be seen: their silence proves nothing. Pure. */
import type { ErrorLog, LogTarget, NginxConfiguration } from '../../../nginx/types.ts';

export interface SilentLogs {
  readonly unread: readonly { readonly log: string; readonly reason: string }[];
  /** No place that has an upstream writes its failures to a log that was read. */
  readonly isAll: boolean;
}

/** nginx writes a refused connection at level error. */
const hidingLevels: ReadonlySet<string> = new Set(['crit', 'alert', 'emerg']);

function reasonOf({ target, level, file, line }: ErrorLog): string | null {
  const at = `at ${file}:${line}`;
  const instead = 'error_log /var/log/nginx/error.log warn;';
  if (target.kind === 'memory')
    return `only a debugger can read it: write ${instead} beside it, ${at}, and reload nginx`;
  if (target.kind === 'file' && target.path === '/dev/null')
    return `nothing is kept: write ${instead} ${at}, and reload nginx`;
  if (!hidingLevels.has(level)) return null;
  const path = target.kind === 'file' ? target.path : '…';
  return `nginx writes to it from level ${level} on, and a refused connection is an error: write error_log ${path} warn; ${at}, and reload nginx`;
}

/** In a container the place of a file has something before its path. */
function isUnread(target: LogTarget, unread: readonly string[]): boolean {
  if (target.kind === 'file') return unread.some((log) => log.endsWith(target.path));
  return target.kind === 'stderr' && unread.includes('stderr');
}

/** @param unread logs of `configuration` that were to be read and could not, as nginx-upstream.conf writes them */
export function silentLogs(
  { errorLogs, errorSets }: Pick<NginxConfiguration, 'errorLogs' | 'errorSets'>,
  unread: readonly string[],
): SilentLogs {
  const sets = errorSets.filter(({ proxied }) => proxied);
  const isSilent = (at: number): boolean => {
    const log = errorLogs[at];
    return log === undefined || reasonOf(log) !== null || isUnread(log.target, unread);
  };
  const silent = sets.filter(({ logs }) => logs.every(isSilent));
  const told = [...new Set(silent.flatMap(({ logs }) => logs))].flatMap((at) => {
    const log = errorLogs[at];
    const reason = log === undefined ? null : reasonOf(log);
    if (log === undefined || reason === null) return [];
    return [{ log: log.target.kind === 'file' ? log.target.path : log.target.kind, reason }];
  });
  return { unread: told, isAll: sets.length > 0 && silent.length === sets.length };
}
