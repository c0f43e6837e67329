/** The sentences for an operator whose log cannot be read: what, where, and how to fix it. */
import { permissions } from '../base/text.ts';
import type { Accounts } from '../system/accounts.ts';
import type { FileStat, FileSystem } from '../system/fs.ts';
import { ownUid } from '../system/process/identity.ts';
import { type Barrier, barriersTo, type Reader, readRemedy, type Standing } from '../system/reach.ts';
import type { SourceProblem } from './source.ts';

const waysOut =
  'Give nginx a regular file as well (several error_log or access_log lines may stand side by side), ' +
  'or read it where it arrives: docker:FILE or cri:FILE for a container, journal:nginx for systemd, ' +
  'or log to syslog:server=127.0.0.1:5514 and read syslog:udp://127.0.0.1:5514';

/** Why there is no log to read at `path`; null when there is one. */
export function pathProblem(path: string, found: Standing, fs: FileSystem, accounts: Accounts): SourceProblem | null {
  switch (found.is) {
    case 'file':
      return null;
    case 'absent':
      return { code: 'missing', text: `${path} does not exist; it is read from its first line when it appears` };
    case 'stream':
      return {
        code: 'stream',
        text: `${path} leads to ${found.target}, a stream of nginx that no other process can read. ${waysOut}`,
      };
    case 'other':
      return otherKind(path, found.kind);
    case 'error':
      return found.code === 'EACCES' ? closedDirectory(path, fs, accounts) : ioProblem(path, found.code);
  }
}

function otherKind(path: string, kind: 'directory' | 'fifo' | 'socket' | 'device'): SourceProblem {
  switch (kind) {
    case 'directory':
      return { code: 'directory', text: `${path} is a directory, not a log: name a file in it, or ${path}/*.log` };
    case 'fifo':
      return {
        code: 'fifo',
        text: `${path} is a FIFO and is not opened, because a slow reader would block nginx. ${waysOut}`,
      };
    case 'socket':
      return { code: 'socket', text: `${path} is a socket, not a log. ${waysOut}` };
    case 'device':
      return { code: 'device', text: `${path} is a device: log lines written there cannot be read. ${waysOut}` };
  }
}

/** open() said EACCES (or EPERM) for a file that stat could see. */
export function unreadable(
  path: string,
  stat: FileStat,
  code: string,
  fs: FileSystem,
  accounts: Accounts,
): SourceProblem {
  if (code !== 'EACCES' && code !== 'EPERM') return ioProblem(path, code);
  const text = remedy([{ path, isFolder: false, stat }], fs, accounts);
  return { code: 'unreadable', text: `${denied(path, 'read', stat, accounts)}: ${text}` };
}

/** A file system's own trouble: a stale NFS handle, a broken disk, too many open files. */
export function ioProblem(path: string, code: string): SourceProblem {
  return { code: 'io', text: `${path} cannot be read: ${code}; it is tried again every second` };
}

function closedDirectory(path: string, fs: FileSystem, accounts: Accounts): SourceProblem {
  const [first] = barriersTo(fs, path, readerOf(accounts));
  if (first === undefined) return ioProblem(path, 'EACCES');
  const text = `${denied(first.path, 'enter', first.stat, accounts)}, so ${path} is out of reach`;
  return { code: 'unreadable', text: `${text}: ${remedy([first], fs, accounts)}` };
}

/** This process, by trying: its own groups need not be known. */
function readerOf({ user, groupName }: Accounts): Reader {
  return { user, groupName, uid: ownUid(), gids: [], trial: (call) => call() };
}

function denied(path: string, verb: 'read' | 'enter', stat: FileStat, accounts: Accounts): string {
  const owner = `${accounts.userName(stat.uid)}:${accounts.groupName(stat.gid)}`;
  return `user ${accounts.user} may not ${verb} ${path} (mode ${permissions(stat.mode)}, ${owner})`;
}

/** On one line: it goes into Netdata's log. */
function remedy(barriers: readonly Barrier[], fs: FileSystem, accounts: Accounts): string {
  return readRemedy(fs, barriers, accounts)
    .map((line) => line.replace(/ {2,}# .*$/, ''))
    .join(' && ');
}
