/** The names of users and groups: who we are, and for texts that name whose right is missing. */
import { userInfo } from 'node:os';
import { nodeFileSystem } from './fs.ts';
import { readText } from './small-file.ts';

export interface Accounts {
  /** The user this process runs as; `uid 201` when it has no name. */
  readonly user: string;
  userName(uid: number): string;
  groupName(gid: number): string;
}

/** @param hostPrefix where the host's root is: its users own what is read */
export function nodeAccounts(hostPrefix = ''): Accounts {
  return {
    user: ownName(),
    userName: nameIn(`${hostPrefix}/etc/passwd`),
    groupName: nameIn(`${hostPrefix}/etc/group`),
  };
}

function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's numeric user has no passwd entry, and Node throws for it.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** The rows of passwd(5) or group(5), `NAME:x:ID:…`; none when it cannot be read. */
export function accountRows(database: string): readonly (readonly string[])[] {
  const text = readText(nodeFileSystem, database);
  return text.ok ? text.value.split('\n').map((line) => line.split(':')) : [];
}

/** Read only when a name is needed: rarely, and it may change. */
function nameIn(database: string): (id: number) => string {
  return (id) => accountName(accountRows(database), id);
}

/** The number itself where no row has it. */
export function accountName(rows: readonly (readonly string[])[], id: number): string {
  return rows.find((row) => row[2] === String(id))?.[0] ?? String(id);
}
