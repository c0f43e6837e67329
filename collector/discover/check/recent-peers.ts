/** The peers that nginx has just failed to reach, from the end of its error log. */
import { parseStrictErrorLine } from '../../parse/error/line.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';

const tailLength = 65_536;

/** Distinct peers in the last 64 KiB; none when the log cannot be read or is no regular file. */
export function recentPeers(fs: FileSystem, path: string): readonly string[] {
  const stat = attempt(() => fs.stat(path));
  if (!stat.ok || stat.value.kind !== 'file') return [];
  const from = Math.max(0, stat.value.size - tailLength);
  const text = attempt(() => {
    const fd = fs.open(path);
    try {
      const bytes = Buffer.alloc(Math.min(tailLength, stat.value.size));
      return bytes.subarray(0, fs.read(fd, bytes, bytes.length, from)).toString('utf8');
    } finally {
      fs.close(fd);
    }
  });
  const lines = text.ok ? text.value.split('\n') : [];
  const peers = lines.map((line) => parseStrictErrorLine(line)?.upstream?.peer);
  return [...new Set(peers.filter((peer) => peer !== undefined))];
}
