/** What gathering needs of the world. */
import type { Resolve } from '../../system/dns.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { Connect } from '../../system/net.ts';

/** The part of `source/procfs.ts` that is needed here: /proc is read synchronously, it never waits. */
export interface ProcReader {
  pids(): readonly number[];
  text(path: string): string | null;
  pieces(path: string, consume: (bytes: Buffer, end: number) => number): boolean;
  openFiles(pid: number): number | null;
  networkOf(pid: number | 'self'): string | null;
}

export interface DiagnosePorts {
  readonly fs: FileSystem;
  readonly proc: ProcReader;
  /** Where `proc` reads: `/proc`, behind NETDATA_HOST_PREFIX. */
  readonly procRoot: string;
  readonly resolve: Resolve;
  readonly connect: Connect;
  /** Milliseconds since 1970, as the log's times. */
  readonly wallMs: () => number;
  userName(uid: number): string;
  groupName(gid: number): string;
  /** Rules of the firewall of our own network namespace that reject or drop; null where they may not be read. */
  readonly firewallRules: () => Promise<readonly string[] | null>;
}
