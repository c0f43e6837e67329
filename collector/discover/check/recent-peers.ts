/** The peers that nginx has just failed to reach, from the end of its error log. */
import { parseStrictErrorLine } from '../../parse/error/line.ts';
import type { FileSystem } from '../../system/fs.ts';
import { lookAt } from '../../system/reach.ts';
import { readEnd } from '../../system/small-file.ts';

const tailLength = 65_536;

/** Distinct peers in the last 64 KiB; none when the log cannot be read or is no regular file. */
export function recentPeers(fs: FileSystem, path: string): readonly string[] {
  if (lookAt(fs, path).is !== 'file') return [];
  const text = readEnd(fs, path, tailLength);
  const lines = text.ok ? text.value.text.split('\n') : [];
  const peers = lines.map((line) => parseStrictErrorLine(line)?.upstream?.peer);
  return [...new Set(peers.filter((peer) => peer !== undefined))];
}
