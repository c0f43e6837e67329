/**
 * The files a rotation leaves beside a log, and what they show about generations that came and went between two polls.
 *
 * Two or ten rotations within one tick are no loss as long as the files are still there: whatever was born after the
 * file that was held, and before the one that is at the path now, is a generation nobody has read.
 */
import { basename, dirname, extname, join } from 'node:path';
import { attempt, type FileStat, type FileSystem } from '../../system/fs.ts';

export interface Rotated {
  readonly path: string;
  readonly stat: FileStat;
  readonly isCompressed: boolean;
}

const compressed = /\.(gz|bz2|xz|zst|lz4|Z)$/;

export function isCompressedName(path: string): boolean {
  return compressed.test(path);
}

/**
 * Regular files named as logrotate names them: `error.log.1`, `error.log-20261122`, `error.log.2.gz`, and with its
 * option `extension`, `error-20261122.log` (logrotate(8)).
 *
 * @param elsewhere another folder to look into, too: its option `olddir`
 */
export function rotatedFiles(fs: FileSystem, path: string, elsewhere: string | null = null): readonly Rotated[] {
  const beside = rotatedIn(fs, dirname(path), basename(path));
  return elsewhere === null ? beside : [...beside, ...rotatedIn(fs, elsewhere, basename(path))];
}

function rotatedIn(fs: FileSystem, directory: string, name: string): readonly Rotated[] {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  const names = attempt(() => fs.readdir(directory));
  if (!names.ok) return [];
  return names.value.flatMap((other) => {
    const bare = other.replace(compressed, '');
    const isRotated =
      bare.startsWith(`${name}.`) ||
      bare.startsWith(`${name}-`) ||
      (extension !== '' &&
        bare !== name &&
        bare.endsWith(extension) &&
        /^[-.]?\d/.test(bare.slice(stem.length)) &&
        bare.startsWith(stem));
    if (!isRotated) return [];
    const found = attempt(() => fs.lstat(join(directory, other)));
    if (!found.ok || found.value.kind !== 'file') return [];
    return [{ path: join(directory, other), stat: found.value, isCompressed: isCompressedName(other) }];
  });
}

/** What was held when another file appeared at the path. */
export interface LastSeen {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly bornMs: number;
  readonly modifiedMs: number;
  /** Of its last renaming or unlinking. */
  readonly changedMs: number;
  /** 0: it has been deleted (or compressed, which is the same to a descriptor). */
  readonly links: number;
}

export interface Missed {
  /** Generations to be read from their beginning, oldest first. */
  readonly recover: readonly Rotated[];
  /** Generations that were there and are out of reach: compressed or deleted before the next poll. At least. */
  readonly lost: number;
}

/**
 * @param before what was held
 * @param after what is at the path now; null = nothing is
 * @param isKnown files that have been read or are being read
 */
export function missedBetween(
  before: LastSeen,
  after: FileStat | null,
  rotated: readonly Rotated[],
  isKnown: (stat: FileStat) => boolean,
): Missed {
  const isSame = (stat: FileStat) => stat.dev === before.dev && stat.ino === before.ino;
  const bornBefore = after?.bornMs ?? Infinity;
  const recover = rotated
    .filter(({ stat, isCompressed }) => {
      if (isCompressed || isSame(stat) || isKnown(stat)) return false;
      // Both times: a file system without times of birth (they read 1970, or the time of the rename) must never make
      // yesterday's log look new.
      // In one that is empty there is nothing old, and nginx may write to it yet.
      const isFresh = stat.modifiedMs >= before.modifiedMs || stat.size === 0;
      return stat.bornMs >= before.bornMs && stat.bornMs <= bornBefore && isFresh;
    })
    .sort(byAge);
  // Nothing at the path yet: counted when there is, once.
  return { recover, lost: after === null ? 0 : lostGenerations(before, rotated, isSame, recover[0]) };
}

/** Oldest first. Of those born within one tick of the kernel's clock the higher number, or the earlier date, is older. */
function byAge(a: Rotated, b: Rotated): number {
  const byName = numberOf(b.path) - numberOf(a.path) || (a.path < b.path ? -1 : 1);
  return a.stat.bornMs - b.stat.bornMs || byName;
}

function lostGenerations(
  before: LastSeen,
  rotated: readonly Rotated[],
  isSame: (stat: FileStat) => boolean,
  oldest: Rotated | undefined,
): number {
  const now = rotated.find(({ stat }) => isSame(stat));
  if (now !== undefined) {
    // error.log.3 now, and there is an error.log.1.gz: it came later, and cannot be read.
    const number = numberOf(now.path);
    return rotated.filter((other) => other.isCompressed && isNewer(numberOf(other.path), number)).length;
  }
  if (before.links > 0) return 0;
  // Compressing keeps the time of the last write (gzip(1)): what was written later than the held file is newer.
  const since = Math.floor(before.modifiedMs / 1000) * 1000;
  const newerCompressed = rotated.filter(({ stat, isCompressed }) => isCompressed && stat.modifiedMs >= since).length;
  if (newerCompressed > 0) return newerCompressed - 1;
  // Deleted while the oldest that is left was not born yet: that one is not its successor.
  return oldest !== undefined && oldest.stat.bornMs > before.changedMs ? 1 : 0;
}

function isNewer(number: number, than: number): boolean {
  return number >= 1 && number < than;
}

function numberOf(path: string): number {
  return Number(/\.(\d{1,4})(\.[A-Za-z0-9]+)?$/.exec(path)?.[1] ?? Number.NaN);
}
