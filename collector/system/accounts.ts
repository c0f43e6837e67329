/** Who runs this process, and the names of users and groups, for texts that tell an operator whose right is missing. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

export interface Accounts {
  /** The user this process runs as; `uid 201` when it has no name. */
  readonly user: string;
  userName(uid: number): string;
  groupName(gid: number): string;
}

export function nodeAccounts(): Accounts {
  return { user: ownName(), userName: nameIn('/etc/passwd'), groupName: nameIn('/etc/group') };
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's numeric user has no passwd entry, and Node throws for it.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** `NAME:x:ID:…` in both files (passwd(5), group(5)). Read only when a name is needed: rarely, and it may change. */
function nameIn(database: string): (id: number) => string {
  return (id) => {
    try {
      const row = readFileSync(database, 'utf8')
        .split('\n')
        .find((line) => line.split(':')[2] === String(id));
      return row?.split(':')[0] ?? String(id);
    } catch {
      return String(id);
    }
  };
}
