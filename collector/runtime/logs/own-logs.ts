import { placeOf } from '../../discover/find/view.ts';
import type { WatchedNginx } from '../nginx/watch.ts';
import { type FilePorts, fileAt } from './log-files.ts';

/** The error logs that one nginx alone writes to, of these, as `fileAt` names them; by the key of the nginx. */
export function ownErrorLogs(all: readonly WatchedNginx[], ports: FilePorts): ReadonlyMap<string, ReadonlySet<string>> {
  const logs = all.flatMap(({ key, followed: { read, pending, previous } }) => {
    const configurations = [read.configuration, ...(pending === null ? [] : [pending]), ...previous];
    const targets = configurations.flatMap(({ errorLogs }) => errorLogs.map(({ target }) => target));
    const files = targets.flatMap((target) =>
      target.kind === 'file' ? [fileAt(placeOf(ports.fs, read.found.view, target.path), ports)] : [],
    );
    return [...new Set(files)].map((file) => ({ key, file }));
  });
  const isShared = (log: (typeof logs)[number]) => logs.some(({ key, file }) => file === log.file && key !== log.key);
  // What does not exist is named by its path, which may turn out to be another's file.
  const own = logs.filter((log) => !log.file.startsWith('/') && !isShared(log));
  return new Map(all.map(({ key }) => [key, new Set(own.filter((log) => log.key === key).map(({ file }) => file))]));
}
