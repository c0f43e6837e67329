/** What gathering needs of the world. */
import type { NginxConfiguration } from '../../nginx/types.ts';
import type { Chain } from '../../parse/firewall/ruleset.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { Resolve } from '../../system/network/dns.ts';
import type { Connect } from '../../system/network/net.ts';
import type { Procfs } from '../../system/process/procfs.ts';
import type { AnswerFacts } from '../impact/traffic.ts';
import type { Remembered } from './facts.ts';

export interface DiagnosePorts {
  readonly fs: FileSystem;
  readonly proc: Procfs;
  /** Where `proc` reads: `/proc`, behind NETDATA_HOST_PREFIX. */
  readonly procRoot: string;
  readonly resolve: Resolve;
  readonly connect: Connect;
  /** Milliseconds since 1970, as the log's times. */
  readonly wallMs: () => number;
  userName(uid: number): string;
  groupName(gid: number): string;
  /** The firewall in the network namespace of this process; null where it may not be read. */
  readonly firewall: () => Promise<readonly Chain[] | null>;
}

/** The nginx it is about. */
export interface DiagnosedNginx {
  readonly masterPid: number | null;
  readonly workers: readonly number[];
  /** With the addresses that nginx took, as far as they are known. */
  readonly configuration: NginxConfiguration | null;
  readonly conf: string | null;
  /** As NginxFacts.command. */
  readonly command: string;
  /** As NginxFacts.entry. */
  readonly entry: string;
  readonly loadedMs: number | null;
  /** Whether a path means the same file to nginx as on this host. */
  sharesFile(path: string): boolean;
  /** Where this process finds what nginx calls by a path. */
  place(path: string): string;
  remembered(peer: string): Remembered | null;
  /** What the access logs say of it. */
  answers(peer: string): AnswerFacts | null;
}
