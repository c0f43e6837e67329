/** Which file a program's name stands for, where root may be the one who runs it. */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ownUid } from './identity.ts';

/** Before PATH, which may have been set for another purpose. */
const systemFolders = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/** What other users of the host have no way to change: nobody but root and ourselves may write it. */
function isOurs({ uid, mode }: Stats, own: number): boolean {
  const isOwned = uid === 0 || uid === own;
  // In a sticky folder (/tmp) only the owner can put something else in a file's place.
  return isOwned && ((mode & 0o022) === 0 || (mode & 0o1000) !== 0);
}

/** The file and every folder above it. */
function isTrusted(file: string, own: number): boolean {
  const stats = statSync(file);
  if (!stats.isFile() || (stats.mode & 0o022) !== 0) return false;
  for (let at = file; ; at = dirname(at)) {
    if (!isOurs(statSync(at), own)) return false;
    if (at === '/') return true;
  }
}

/**
 * The absolute path of a program: from the system's folders, else from the absolute ones of PATH. null
 * when there is none, or somebody else could have put it there.
 *
 * @param own the user we run as
 */
export function trustedProgram(name: string, path: string, own: number): string | null {
  const folders = [...systemFolders, ...path.split(':').filter((folder) => folder.startsWith('/'))];
  const candidates = name.startsWith('/') ? [name] : folders.map((folder) => `${folder}/${name}`);
  for (const candidate of candidates) {
    try {
      // The name stays: some programs (iptables-save) are links to one that goes by how it was called.
      if (isTrusted(realpathSync(candidate), own) && isTrusted(candidate, own)) return candidate;
    } catch {
      // It is not there, or we may not see it: the next one.
    }
  }
  return null;
}

/** As above, for this very process. */
export function ownProgram(name: string): string | null {
  return trustedProgram(name, process.env['PATH'] ?? '', ownUid());
}
