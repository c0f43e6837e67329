/**
 * Whose word counts. Any user of the host can start a process that calls itself nginx's master and names any file as
 * its configuration, and what a configuration names is read, followed and drawn. So an nginx is followed without being
 * asked for only where whoever started it could decide such things anyway (docs/security.md).
 */
import { isOfSystemEngine } from '../../parse/proc/cgroup.ts';
import { parseProcIds } from '../../parse/proc/pid.ts';

/**
 * `root`: a process of root. `engine`: of any user, in a container of the system's own engine, and believed about that
 * container only. `self`: of the user we run as. `user`: of anybody else, followed only when nginx-upstream.conf names
 * its main file.
 */
export type Starter = 'root' | 'engine' | 'self' | 'user';

/**
 * @param status /proc/PID/status
 * @param ownUid the user we run as
 */
export function starterOf(status: string, cgroup: string, isContained: boolean, ownUid: number): Starter {
  const { users, groups } = parseProcIds(status);
  const isAll = (ids: readonly number[], id: number): boolean => ids.length === 4 && ids.every((each) => each === id);
  // A set-user-ID program has root's id and a title of its caller's choice. It keeps the caller's group, also where it
  // has made itself root altogether, as sudo does before it asks for a password.
  if (isAll(users, 0) && isAll(groups, 0)) return 'root';
  if (isContained && isOfSystemEngine(cgroup)) return 'engine';
  return ownUid !== 0 && isAll(users, ownUid) ? 'self' : 'user';
}
