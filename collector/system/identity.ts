/** Whose rights decide what the plugin can read. */
import { readFileSync } from 'node:fs';

export interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
  /** This process has these very rights: trying is better than reckoning. */
  readonly isSelf: boolean;
  /** The number itself when the group has no name. */
  groupName(gid: number): string;
}

function rows(database: string): readonly (readonly string[])[] {
  try {
    return readFileSync(database, 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

/** The user we run as; 0 where a system has no users. */
export function ownUid(): number {
  return process.getuid?.() ?? 0;
}

/** Our own rights; for root, those of the user netdata if there is one: that is who runs the plugin. */
export function pluginIdentity(): Identity {
  const uid = ownUid();
  const passwd = rows('/etc/passwd');
  const groups = rows('/etc/group');
  const groupName = (gid: number): string => groups.find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
  const netdata = passwd.find(([name]) => name === 'netdata');
  if (uid === 0 && netdata !== undefined) {
    const memberships = groups.filter(([, , , members]) => members?.split(',').includes('netdata'));
    const gids = [netdata[3], ...memberships.map(([, , gid]) => gid)].map(Number);
    return { name: 'netdata', uid: Number(netdata[2]), gids, isSelf: false, groupName };
  }
  const own = passwd.find(([, , id]) => id === String(uid));
  return { name: own?.[0] ?? `uid ${uid}`, uid, gids: process.getgroups?.() ?? [], isSelf: true, groupName };
}
