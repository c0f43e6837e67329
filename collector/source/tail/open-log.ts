/** Opens what stands at a path, if it is a regular file and stays one. */
import type { Accounts } from '../../system/accounts.ts';
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';
import { unreadable } from '../log-problems.ts';
import type { SourceProblem } from '../source.ts';

export type OpenedLog =
  | { readonly is: 'open'; readonly fd: number; readonly stat: FileStat }
  | { readonly is: 'refused'; readonly problem: SourceProblem }
  /** It changed between the look and the open: the next poll looks again. */
  | { readonly is: 'changed' };

/** @param seen what the look found: a regular file. Nothing else is ever handed to open(). */
export function openLog(fs: FileSystem, accounts: Accounts, path: string, seen: FileStat): OpenedLog {
  const fd = attempt(() => fs.open(path));
  if (!fd.ok) {
    if (fd.code === 'ENOENT') return { is: 'changed' };
    return { is: 'refused', problem: unreadable(path, seen, fd.code, fs, accounts) };
  }
  const stat = attempt(() => fs.fstat(fd.value));
  if (stat.ok && stat.value.kind === 'file') return { is: 'open', fd: fd.value, stat: stat.value };
  // A FIFO was put in its place meanwhile: O_NONBLOCK kept the open from waiting for its writer.
  fs.close(fd.value);
  return { is: 'changed' };
}
