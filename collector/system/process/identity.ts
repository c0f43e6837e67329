/** Whose rights decide what the plugin can read. */
import { accountName, accountRows, nodeAccounts } from '../accounts.ts';
import type { Reader } from '../reach.ts';

/** The user we run as; 0 where a system has no users. */
export function ownUid(): number {
  return process.getuid?.() ?? 0;
}

/** As root, one call with another user's rights: access lists and everything else count as they do for that user. */
export function trialAs(uid: number, gids: readonly number[]): Reader['trial'] {
  const trial = <T>(call: () => T): T => {
    const [groups, gid] = [process.getgroups?.() ?? [], process.getegid?.() ?? 0];
    try {
      process.setgroups?.([...gids]);
      process.setegid?.(gids[0] ?? gid);
      process.seteuid?.(uid);
      return call();
    } finally {
      process.seteuid?.(0);
      process.setegid?.(gid);
      process.setgroups?.(groups);
    }
  };
  try {
    return trial(() => trial);
  } catch {
    // A container without CAP_SETUID.
    return null;
  }
}

/**
 * Our own rights; for root, those of the user netdata if there is one: that is who runs the plugin.
 *
 * @param hostPrefix where the host's root is: users are called there what commands for the host must call them
 */
export function pluginIdentity(hostPrefix = ''): Reader {
  const reader = identityHere();
  if (hostPrefix === '') return reader;
  const { userName, groupName } = nodeAccounts(hostPrefix);
  return { ...reader, user: userName(reader.uid), groupName };
}

/** Of netdata and of root, whose processes are believed. */
export function trustedUids(): ReadonlySet<number> {
  const netdata = accountRows('/etc/passwd').find(([name]) => name === 'netdata');
  return new Set([0, ownUid(), ...(netdata === undefined ? [] : [Number(netdata[2])])]);
}

function identityHere(): Reader {
  const uid = ownUid();
  const passwd = accountRows('/etc/passwd');
  const groups = accountRows('/etc/group');
  const groupName = (gid: number): string => accountName(groups, gid);
  const netdata = passwd.find(([name]) => name === 'netdata');
  if (uid === 0 && netdata !== undefined) {
    const memberships = groups.filter(([, , , members]) => members?.split(',').includes('netdata'));
    const gids = [netdata[3], ...memberships.map(([, , gid]) => gid)].map(Number);
    return { user: 'netdata', uid: Number(netdata[2]), gids, groupName, trial: trialAs(Number(netdata[2]), gids) };
  }
  const own = passwd.find(([, , id]) => id === String(uid));
  const user = own?.[0] ?? `uid ${uid}`;
  return { user, uid, gids: process.getgroups?.() ?? [], groupName, trial: (call) => call() };
}
