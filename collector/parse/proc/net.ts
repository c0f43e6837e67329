/** The small texts of /proc/net: unix sockets, the TCP counters, the range of local ports. Total: nothing throws. */
import { madeAt } from '../../base/collections.ts';

export interface UnixUse {
  /** Connections that the owner of the socket has accepted. */
  readonly accepted: number;
  /** Connections made and still waiting to be accepted: the depth of the listen queue. */
  readonly queued: number;
  readonly listening: boolean;
  /** Of the socket that listens; null when none does. */
  readonly inode: number | null;
}

/**
 * What /proc/net/unix says of the sockets bound to `paths` (net/unix/af_unix.c:unix_seq_show). The client's end has no
 * path; the server's end carries the listener's, with St 03 once it is accepted and 02 while it waits in the queue.
 * Abstract names are written with a leading `@`, as here. A row without a path counts for nothing.
 */
export function parseNetUnix(text: string, paths: ReadonlySet<string>): ReadonlyMap<string, UnixUse> {
  const uses = new Map<string, { accepted: number; queued: number; listening: boolean; inode: number | null }>();
  for (const line of text.split('\n')) {
    const found = /^[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{4}) ([0-9A-F]{2}) +(\d+) (.+)$/i.exec(
      line,
    );
    if (found === null) continue;
    const [, flags = '', type, state, inode, path = ''] = found;
    if (type !== '0001' || !paths.has(path)) continue;
    const use = madeAt(uses, path, () => ({ accepted: 0, queued: 0, listening: false, inode: null }));
    if ((Number.parseInt(flags, 16) & 0x10000) !== 0) {
      use.listening = true;
      use.inode = Number(inode);
    } else if (state === '03') use.accepted += 1;
    else if (state === '02') use.queued += 1;
  }
  return uses;
}

/**
 * The same by peer, `unix:PATH`.
 *
 * @param read /proc/net/unix; not called where no peer is a unix socket
 */
export function unixUses(peers: readonly string[], read: () => string): ReadonlyMap<string, UnixUse> {
  const paths = new Set(peers.flatMap((peer) => (peer.startsWith('unix:') ? [peer.slice('unix:'.length)] : [])));
  if (paths.size === 0) return new Map();
  return new Map([...parseNetUnix(read(), paths)].map(([path, use]) => [`unix:${path}`, use]));
}

/** The sockets that listen at a path of the file system, as the table has them. */
export function listeningPaths(text: string): readonly { readonly inode: number; readonly path: string }[] {
  const rows = text.matchAll(/^\S+ \S+ \S+ 00010000 0001 01 +(\d+) (\/\S+)$/gm);
  return Array.from(rows, ([, inode = '', path = '']) => ({ inode: Number(inode), path }));
}

/** One counter out of /proc/net/snmp6, which has a name and a value a line; null when it is not there. */
export function ipv6Counter(text: string, name: string): number | null {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}\t`));
  const value = line?.slice(name.length).trim() ?? '';
  return /^\d{1,20}$/.test(value) ? Number(value) : null;
}

/**
 * One counter out of /proc/net/netstat or /proc/net/snmp, where a line of names is followed by a line of values behind
 * the same word (net/ipv4/proc.c): `netCounter(text, 'TcpExt', 'ListenOverflows')`. null when it is not there.
 */
export function netCounter(text: string, group: string, name: string): number | null {
  let names: readonly string[] | null = null;
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${group}: `)) continue;
    const words = line.trimEnd().split(' ');
    if (names === null) {
      names = words;
      continue;
    }
    const at = names.indexOf(name);
    const value = at > 0 ? words[at] : undefined;
    return value !== undefined && /^-?\d{1,20}$/.test(value) ? Number(value) : null;
  }
  return null;
}

/** How many local ports /proc/sys/net/ipv4/ip_local_port_range leaves for outgoing connections; null when unreadable. */
export function localPortCount(text: string): number | null {
  const found = /^\s*(\d{1,5})\s+(\d{1,5})\s*$/.exec(text);
  if (found === null) return null;
  const count = Number(found[2]) - Number(found[1]) + 1;
  return count > 0 ? count : null;
}
