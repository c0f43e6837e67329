/** Everything the rules judge by: one type, gathered once by `gather.ts`, made by hand in tests. Pure data. */
import type { Place } from '../../nginx/types.ts';
import type { Refusal } from '../../parse/firewall/ruleset.ts';
import type { Runtime } from '../../parse/proc/cgroup.ts';
import type {
  AnswerFacts,
  BehindFacts,
  FailuresByKind,
  KindFailures,
  SocketFacts,
  UnitFact,
} from '../impact/traffic.ts';
import type { NginxFacts } from './nginx-facts.ts';

/** Who holds a socket, as far as it may be seen. */
export interface Owner {
  readonly uid: number;
  readonly user: string;
  /** Of the process that holds it, or most likely does; null where nothing says. */
  readonly pid: number | null;
  /** Its descriptors may not be seen: known by its user, its command line, its unit. */
  readonly isGuess: boolean;
  readonly command: string | null;
  /** What an interpreter runs: many programs are called node, python3 or java. */
  readonly script?: string | null;
  readonly unit: string | null;
  /** The unit belongs to this user's own systemd. */
  readonly unitUser: number | null;
  readonly container: string | null;
  /** As its engine's files have it; null without the right to read them. */
  readonly containerName: string | null;
  /** Its engine has no container of this id any more; not set where that may not be seen. */
  readonly isRemoved?: boolean;
  readonly runtime: Runtime | null;
}

/** Where sockets are checked: the words name it for a person. */
export interface NamespaceName {
  readonly id: string;
  readonly is: 'nginx' | 'host' | 'other';
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
  /** When its process started; null where that may not be seen. */
  readonly startedMs: number | null;
  /** Its process is stopped (state T). */
  readonly isStopped: boolean;
  readonly namespace: NamespaceName;
}

export type ProbeFact =
  | { readonly is: 'connected' | 'refused' | 'silent' | 'unreachable' | 'denied' }
  | { readonly is: 'failed'; readonly code: string }
  | { readonly is: 'not_probed'; readonly why: NotProbed };
export type NotProbed = 'off' | 'not_configured' | 'other_namespace' | 'too_soon' | 'not_needed' | 'no_nginx' | 'udp';

/** The `server` line, or the `*_pass`, that a peer comes from. */
export interface ServerFact extends Place {
  readonly upstream: string;
  readonly address: string;
  /** The directive as it is written, without further parameters: `server app:80`, `proxy_pass http://app`. */
  readonly written: string;
  /** The name in it; null when it is an address. */
  readonly name: string | null;
  /** What the name resolves to now; `nowPeers` the same as nginx names peers. */
  readonly now: readonly string[];
  readonly nowPeers: readonly string[];
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  /** 0: as many as come. */
  readonly maxConns: number;
  /** The peers that nginx made of it. */
  readonly peers: readonly string[];
  /** nginx follows the name automatically. */
  readonly follows: boolean;
  /** Marked so in the configuration: nginx never asks it. */
  readonly down: boolean;
}

/** What a running plugin saw before. */
export interface Remembered {
  /** When the port was last listening; null: never, since `watchedSinceMs`. */
  readonly listeningMs: number | null;
  /** Since when the socket that listens now, or did last, was there; null when it was there at the first check. */
  readonly sinceMs: number | null;
  /** When nginx was last seen connected to it; null: never. */
  readonly connectedMs: number | null;
  /** Other ports that its user listened on while it listened; null where that was not noted. */
  readonly besides: readonly number[] | null;
  /** When sockets that listened were gone, or replaced by others: the last few, oldest first. */
  readonly endedMs: readonly number[];
  readonly owner: Owner | null;
  /** Of the socket that listened: what listens now is the same one, or another. null where that was not noted. */
  readonly inode: number | null;
  /** OOM kills on this host between then and the next check; null when not counted. */
  readonly oomKills: number | null;
  readonly watchedSinceMs: number;
}

/** What it has to do with containers of this host. */
export interface ContainerFacts {
  /** The bridge of this host in whose network the address is, while nobody here has it. */
  readonly bridge: string | null;
  /** The port is published for a container. */
  readonly behind: BehindFacts | null;
  /** Containers that listen on the same port at other addresses, which no line names. */
  readonly containers: readonly ListenerFact[];
  /** The same in networks that nginx has no end of: it cannot connect there. */
  readonly apart: readonly ListenerFact[];
}

export interface TcpFacts extends ContainerFacts {
  readonly host: string;
  readonly port: number;
  readonly isLoopback: boolean;
  /** Whose address it is: nginx's own namespace's, another's on this host, or none's here; null when it is not known. */
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
  /** Unix sockets on which a FastCGI program listens, where nginx asks a port for one. */
  readonly unixInstead: readonly string[];
  /** Unix sockets of the very program that listened on the port before; left out where that was not looked for. */
  readonly movedTo?: readonly string[];
  /** Growth of "destination unreachable" (ICMP) during the probe: what a rule with `reject` sends; null when not read. */
  readonly icmp: number | null;
  /** Rules of this host's firewall that refuse nginx's connections to it, or may; null where they may not be read. */
  readonly refusals: readonly Refusal[] | null;
  /** Local ports in use towards the peer, of those there are. */
  readonly localPorts: { readonly used: number; readonly of: number } | null;
}

export interface UnixFacts {
  readonly path: string;
  /** The path means the same file on this host: nginx is in no container, and has no private /tmp. */
  readonly isShared: boolean;
  /** `unseen`: a folder may not be entered. */
  readonly file: 'socket' | 'other' | 'missing' | 'unseen';
  readonly mode: number;
  readonly user: string;
  readonly group: string;
  readonly listening: boolean;
  readonly queued: number;
  /** Its process is stopped (state T). */
  readonly isStopped: boolean;
  /** Sockets of the same program that listen by other paths: php-fpm of another version. */
  readonly similar: readonly string[];
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
  /** The upstreams it belongs to, as one instance: `a / b`. */
  readonly upstream: string;
  /** `http`, `https`, `fastcgi`; null for stream and mail, and where no line says. */
  readonly scheme: string | null;
  /** nginx asks it over UDP: nothing connects, and nothing can be probed. */
  readonly isUdp: boolean;
  /** null where no access log shows attempts. */
  readonly answers: AnswerFacts | null;
  readonly sockets: SocketFacts;
  readonly failures: FailuresByKind;
  readonly servers: readonly ServerFact[];
  /** In no configuration: names whose addresses it may have been. */
  readonly formerly: readonly ServerFact[];
  readonly tcp: TcpFacts | null;
  readonly unix: UnixFacts | null;
  readonly remembered: Remembered | null;
  /** What should serve it, by the files of systemd and php-fpm; null where that was not looked for, or nothing says. */
  readonly unit: UnitFact | null;
}

/** A name that nginx asks a resolver for, and gets no address. */
export interface NameFacts {
  /** As the line has it: a client may have chosen it. */
  readonly name: string;
  /** `3: Host not found`, as nginx writes it. */
  readonly reason: string;
  readonly failures: KindFailures;
  /** The lines of the configuration that have it. */
  readonly servers: readonly ServerFact[];
}

/** A group of which no peer was live. */
export interface GroupFacts {
  readonly upstream: string;
  readonly failures: KindFailures;
  readonly servers: readonly ServerFact[];
}

export interface Facts {
  readonly nowMs: number;
  readonly nginx: NginxFacts;
  readonly peers: readonly PeerFacts[];
  readonly groups: readonly GroupFacts[];
  readonly names: readonly NameFacts[];
  /** What could not be checked without the right; empty as root. */
  readonly missing: readonly MissingRight[];
}

export type MissingRight = 'socket_owner' | 'socket_folder' | 'nginx_namespace';
