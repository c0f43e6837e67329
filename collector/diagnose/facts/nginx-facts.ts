/** What is known of an nginx itself. Pure data. */
import type { FailuresByKind } from '../impact/traffic.ts';

export interface NginxFacts {
  readonly masterPid: number | null;
  readonly workerPid: number | null;
  /** It connects from where this process would: the same network namespace, also when no nginx runs. */
  readonly sharesNetwork: boolean;
  /** The path of its configuration means the same file on this host: it is in no container. */
  readonly sharesFiles: boolean;
  readonly sharesResolver: boolean;
  /** Of its master. */
  readonly uid: number | null;
  /** The user its workers run as. */
  readonly user: string | null;
  readonly workerUid: number | null;
  /** Workers in state T: they take no connection, and end none. */
  readonly stoppedWorkers: readonly number[];
  readonly workerConnections: number | null;
  readonly openFiles: { readonly used: number | null; readonly limit: number } | null;
  readonly workerRlimitNofile: number | null;
  /** What a person types to speak to this very nginx: `nginx -c …`, perhaps inside its container. */
  readonly command: string;
  /** Stands before a command that is run with nginx's files: `docker exec …`, a `#` where nothing may be run; or empty. */
  readonly entry: string;
  /** As nginx names them; only files. */
  readonly errorLogs: readonly string[];
  readonly accessLogs: readonly string[];
  /** Main file: where limits are written. */
  readonly conf: string | null;
  readonly unit: string | null;
  readonly selinux: boolean;
  /** Some *_pass are decided by request: peers may come from anywhere. */
  readonly undecided: boolean;
  /** When its workers took their configuration. */
  readonly loadedMs: number | null;
  /** The servers of its `resolver` lines. */
  readonly resolvers: readonly string[];
  /** Its network namespace has an IPv6 address; null where that was not read. */
  readonly hasIpv6: boolean | null;
  /** Failures that are nginx's own and name no peer. */
  readonly failures: FailuresByKind;
}
