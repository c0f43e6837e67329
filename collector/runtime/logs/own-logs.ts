import { placeOf } from '../../discover/find/view.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import type { WatchedNginx } from '../nginx/watch.ts';

/** The error logs that one nginx alone writes to, of these, as a LogPlan names them; by the key of the nginx. */
export function ownErrorLogs(all: readonly WatchedNginx[], fs: FileSystem): ReadonlyMap<string, ReadonlySet<string>> {
  const logs = all.flatMap(({ key, followed: { read, pending, previous } }) => {
    const configurations = [read.configuration, ...(pending === null ? [] : [pending]), ...previous];
    const targets = configurations.flatMap(({ errorLogs }) => errorLogs.map(({ target }) => target));
    const places = targets.flatMap((target) =>
      target.kind === 'file' ? [placeOf(fs, read.found.view, target.path)] : [],
    );
    return [...new Set(places)].map((place) => ({ key, place, file: fileAt(place, fs) }));
  });
  const isShared = (log: (typeof logs)[number]) => logs.some(({ key, file }) => file === log.file && key !== log.key);
  const own = logs.filter((log) => log.file !== null && !isShared(log));
  return new Map(all.map(({ key }) => [key, new Set(own.filter((log) => log.key === key).map(({ place }) => place))]));
}

/** A file has several paths: through the root of a container, and on the host. */
function fileAt(path: string, fs: FileSystem): string | null {
  const stat = attempt(() => fs.stat(path));
  return stat.ok && stat.value.kind === 'file' ? `${stat.value.dev} ${stat.value.ino}` : null;
}
