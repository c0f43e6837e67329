/** The sentences for an operator whose log cannot be read: what, where, and how to mend it. */
import { dirname } from 'node:path';
import type { Accounts } from '../system/accounts.ts';
import { attempt, type FileStat, type FileSystem } from '../system/fs.ts';
import type { LogPath } from './log-path.ts';
import type { SourceProblem } from './source.ts';

const waysOut =
  'Give nginx a regular file as well (several error_log or access_log lines may stand side by side), ' +
  'or read it where it arrives: docker:FILE or cri:FILE for a container, journal:nginx for systemd, ' +
  'or log to syslog:server=127.0.0.1:5514 and read syslog:udp://127.0.0.1:5514';

/** Why there is no log to read at `path`; null when there is one. */
export function pathProblem(path: string, found: LogPath, fs: FileSystem, accounts: Accounts): SourceProblem | null {
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
        text: `${path} is a FIFO and is not opened: nginx would have to wait whenever its reader does. ${waysOut}`,
      };
    case 'socket':
      return { code: 'socket', text: `${path} is a socket, not a log. ${waysOut}` };
    case 'device':
      return { code: 'device', text: `${path} is a device: what nginx writes there cannot be read back. ${waysOut}` };
  }
}

/** open() said EACCES (or EPERM) for a file that stat could see. */
export function unreadable(path: string, stat: FileStat, code: string, accounts: Accounts): SourceProblem {
  if (code !== 'EACCES' && code !== 'EPERM') return ioProblem(path, code);
  return { code: 'unreadable', text: `${denied(path, 'read', stat, accounts)}: ${remedy(path, stat, accounts)}` };
}

/** A file system's own trouble: a stale NFS handle, a broken disk, too many open files. */
export function ioProblem(path: string, code: string): SourceProblem {
  return { code: 'io', text: `${path} cannot be read: ${code}; it is tried again every second` };
}

function closedDirectory(path: string, fs: FileSystem, accounts: Accounts): SourceProblem {
  let directory = dirname(path);
  let stat = attempt(() => fs.stat(directory));
  // The one that may not be entered is the deepest that can still be seen.
  while (!stat.ok && directory !== dirname(directory)) {
    directory = dirname(directory);
    stat = attempt(() => fs.stat(directory));
  }
  if (!stat.ok) return ioProblem(path, 'EACCES');
  const what = denied(directory, 'enter', stat.value, accounts);
  const fix =
    stat.value.gid !== 0 && (stat.value.mode & 0o010) !== 0
      ? joinGroup(stat.value.gid, accounts)
      : `setfacl -m u:${accounts.user}:x ${directory}`;
  return { code: 'unreadable', text: `${what}, so ${path} is out of reach: ${fix}` };
}

function denied(path: string, verb: 'read' | 'enter', stat: FileStat, accounts: Accounts): string {
  const mode = stat.mode.toString(8).padStart(4, '0');
  const owner = `${accounts.userName(stat.uid)}:${accounts.groupName(stat.gid)}`;
  return `user ${accounts.user} may not ${verb} ${path} (mode ${mode}, ${owner})`;
}

function remedy(path: string, stat: FileStat, accounts: Accounts): string {
  if (stat.gid !== 0 && (stat.mode & 0o040) !== 0) return joinGroup(stat.gid, accounts);
  // root's group is no remedy: it gives more than a log. A default ACL also covers the next file after a rotation.
  const directory = dirname(path);
  return (
    `setfacl -m u:${accounts.user}:r ${path} && setfacl -d -m u:${accounts.user}:r ${directory} ` +
    '(and let logrotate create it readable for a group: create 0640 www-data adm)'
  );
}

function joinGroup(gid: number, accounts: Accounts): string {
  return `usermod -aG ${accounts.groupName(gid)} ${accounts.user}, then restart Netdata`;
}
