/** Everything the rules judge by: one type, gathered once by `gather.ts`, made by hand in tests. Pure data. */
import type { ConnectKind } from '../../model.ts';
import type { Place } from '../../nginx/types.ts';
import type { Runtime } from '../../parse/proc/cgroup.ts';

/** Failures of one kind at one peer. Times are milliseconds since 1970. */
export interface KindFailures {
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** As the last line has it; null when it has none. */
  readonly errno: number | null;
}

export type FailuresByKind = ReadonlyMap<ConnectKind, KindFailures>;

/** Who holds a socket, as far as it may be seen. */
export interface Owner {
  readonly uid: number;
  readonly user: string;
  /** Seen only with root's rights, or as the same user. */
  readonly pid: number | null;
  readonly command: string | null;
  readonly unit: string | null;
  /** The unit belongs to this user's own systemd. */
  readonly unitUser: number | null;
  readonly container: string | null;
  /** Of the container; null when its cgroup does not say. */
  readonly runtime: Runtime | null;
}

/** Where sockets are looked at: the words name it for a person. */
export interface NamespaceName {
  readonly id: string;
  readonly is: 'nginx' | 'host' | 'other';
  /** Some process in it. */
  readonly pid: number;
  readonly container: string | null;
  readonly runtime: Runtime | null;
}

export interface ListenerFact {
  /** `0.0.0.0` and `::` stand for all addresses. */
  readonly host: string;
  readonly port: number;
  /** Connections waiting to be accepted. */
  readonly queued: number;
  readonly inode: number;
  readonly owner: Owner;
  readonly namespace: NamespaceName;
}

export type ProbeFact =
  | { readonly is: 'connected' | 'refused' | 'silent' | 'unreachable' | 'denied' }
  | { readonly is: 'failed'; readonly code: string }
  | { readonly is: 'not_probed'; readonly why: NotProbed };
export type NotProbed = 'off' | 'not_configured' | 'other_namespace' | 'too_soon' | 'not_needed' | 'no_nginx';

/** The `server` line, or the `*_pass`, that a peer comes from. */
export interface ServerFact extends Place {
  readonly upstream: string;
  readonly address: string;
  /** The name in it; null when it is an address. */
  readonly name: string | null;
  /** What the name resolves to now; `nowPeers` the same as nginx names peers. */
  readonly now: readonly string[];
  readonly nowPeers: readonly string[];
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** 0: as many as come. */
  readonly maxConns: number;
  /** nginx follows the name by itself. */
  readonly follows: boolean;
  /** Marked so in the configuration: nginx never asks it. */
  readonly down: boolean;
}

/** What a running plugin saw before. */
export interface Remembered {
  /** When the port was last listening; null: never, since `watchedSinceMs`. */
  readonly listeningMs: number | null;
  readonly owner: Owner | null;
  /** OOM kills on this host between then and the next look; null when not counted. */
  readonly oomKills: number | null;
  readonly watchedSinceMs: number;
}

export interface TcpFacts {
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
  /** Whose address it is: nginx's own namespace's, another's on this host, or none's here; null when it cannot be told. */
  readonly home: NamespaceName | 'elsewhere' | null;
  /** In the peer's home: those that serve the peer's address and port … */
  readonly serving: readonly ListenerFact[];
  /** … `[::]`, which serves IPv4 too unless its program asked for IPv6 only … */
  readonly perhapsServing: readonly ListenerFact[];
  /** … those on the port but on other addresses that are no configured peers … */
  readonly samePort: readonly ListenerFact[];
  /** … and those on other ports that the address reaches and that are no peers. */
  readonly otherPorts: readonly ListenerFact[];
  /** On that port in other network namespaces of this host. */
  readonly otherNamespaces: readonly ListenerFact[];
  /** The same sockets listened before and after the probe. */
  readonly steady: boolean;
  /** Growth of the home's ListenOverflows during the probe; null when not read. */
  readonly overflows: number | null;
  /** Whether the host answered ARP; null when it is not on the same network, or IPv6. */
  readonly neighbour: boolean | null;
  readonly probe: ProbeFact;
  /** Local ports in use towards the peer, of those there are. */
  readonly localPorts: { readonly used: number; readonly of: number } | null;
}

export interface UnixFacts {
  readonly path: string;
  /** The path means the same file on this host: nginx is in no container, and has no /tmp of its own. */
  readonly isShared: boolean;
  /** `unseen`: a folder may not be entered by who looks. */
  readonly file: 'socket' | 'other' | 'missing' | 'unseen';
  readonly mode: number;
  readonly user: string;
  readonly group: string;
  readonly listening: boolean;
  readonly queued: number;
  /** Where a process listens on it, and who, as far as that may be seen. */
  readonly home: NamespaceName | null;
  readonly owner: Owner | null;
  /** What keeps nginx's workers out: the socket, or a folder above it; null when nothing does. */
  readonly barrier: {
    readonly path: string;
    readonly mode: number;
    readonly user: string;
    readonly group: string;
  } | null;
}

export interface PeerFacts {
  readonly peer: string;
  /** The upstreams it belongs to, as one instance: `a|b`. */
  readonly upstream: string;
  readonly failures: FailuresByKind;
  readonly servers: readonly ServerFact[];
  /** In no configuration: names whose addresses it may have been. */
  readonly formerly: readonly ServerFact[];
  readonly tcp: TcpFacts | null;
  readonly unix: UnixFacts | null;
  readonly remembered: Remembered | null;
}

/** A group of which no peer was live. */
export interface GroupFacts {
  readonly upstream: string;
  readonly failures: KindFailures;
  readonly servers: readonly ServerFact[];
}

export interface NginxFacts {
  readonly masterPid: number | null;
  readonly workerPid: number | null;
  /** It connects from where this process would: the same network namespace, also when no nginx runs. */
  readonly sharesNetwork: boolean;
  /** The path of its configuration means the same file on this host: it is in no container. */
  readonly sharesFiles: boolean;
  /** It resolves names by the same resolv.conf. */
  readonly sharesResolver: boolean;
  /** Of its master. */
  readonly uid: number | null;
  /** The user its workers run as. */
  readonly user: string | null;
  readonly workerConnections: number | null;
  readonly openFiles: { readonly used: number | null; readonly limit: number } | null;
  readonly workerRlimitNofile: number | null;
  /** What a person types to speak to this very nginx: `nginx -c …`, perhaps inside its container. */
  readonly command: string;
  /** Main file: where limits are written. */
  readonly conf: string | null;
  readonly unit: string | null;
  readonly selinux: boolean;
  /** Some *_pass are decided by request: peers may come from anywhere. */
  readonly undecided: boolean;
  /** When its workers took their configuration. */
  readonly loadedMs: number | null;
  /** Failures that are nginx's own and name no peer. */
  readonly failures: FailuresByKind;
}

export interface Facts {
  readonly nowMs: number;
  readonly nginx: NginxFacts;
  readonly peers: readonly PeerFacts[];
  readonly groups: readonly GroupFacts[];
  /** What could not be looked at for want of a right; empty as root. */
  readonly missing: readonly MissingRight[];
}

/** `socket_owner`: which process holds a socket. `socket_folder`: a socket file's folder. `nginx_namespace`: nginx's sockets. */
export type MissingRight = 'socket_owner' | 'socket_folder' | 'nginx_namespace';
