/** What nginx's configuration says, as other rooms read it. Words are nginx's own. */

/** Where something is written: FILE:LINE is what an operator can open. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** A directive's words. */
export interface Written {
  readonly name: string;
  readonly args: readonly string[];
}

/** One directive with its block, if it has one. Included files stand where their `include` stood. */
export interface Directive extends Place, Written {
  readonly block: readonly Directive[] | null;
}

export type ProblemCode =
  | 'syntax'
  | 'missing_semicolon'
  | 'include_missing'
  | 'include_unreadable'
  | 'include_cycle'
  | 'invalid_value'
  /** Nothing is wrong with it: there is more of it than is taken in. */
  | 'too_large';

/** Something that could not be understood. Reading continued after it. */
export interface ConfigurationProblem extends Place {
  readonly code: ProblemCode;
  readonly text: string;
}

export type ReadFailure = 'missing' | 'denied' | 'other';

/** How this room sees files: the caller may serve a disk, a container's layers, or the output of `nginx -T`. */
export interface ConfigurationFiles {
  readFile(path: string): { readonly text: string } | { readonly failure: ReadFailure };
  /** Names in a folder, in any order; null when it is no folder or cannot be read. */
  readFolder(path: string): readonly string[] | null;
}

export interface ConfigurationTree {
  readonly directives: readonly Directive[];
  /** Every file that was read, in the order of the first reading. */
  readonly files: readonly string[];
  /** Files that are included by name and could not be read: they may appear, or be made readable. */
  readonly unread: readonly string[];
  /** Folders whose content decides what is included. */
  readonly folders: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
}

/** What nginx was built with, or what the layout is known to have: `nginx -V`, `configure arguments`. */
export interface BuildDefaults {
  readonly prefix: string;
  readonly confPath: string;
  readonly errorLogPath: string;
  readonly httpLogPath: string;
}

export type Protocol = 'http' | 'stream';

export interface UpstreamServer extends Place {
  /** As written: `10.0.0.1:80`, `app.local`, `unix:/run/x.sock`. */
  readonly address: string;
  /** The name to resolve, with its port; null when the address is a literal or a unix socket. */
  readonly lookup: { readonly host: string; readonly port: number } | null;
  /** As nginx writes peers in its logs. Empty while a name has not been resolved. */
  readonly peers: readonly string[];
  readonly weight: number;
  readonly maxConns: number;
  readonly maxFails: number;
  readonly failTimeoutSeconds: number;
  readonly backup: boolean;
  readonly down: boolean;
  /** nginx follows the name itself (`resolve`, `service=`): its peers may change without a reload. */
  readonly resolve: boolean;
  /** The directive that it stands in, `server` or a `*_pass`, as it is written. */
  readonly directive: Written;
}

/**
 * `group`: an `upstream` block; `implicit`: the host of a `*_pass` that names no group; `variable`: the same, found by
 * following variables, which nginx resolves per request.
 */
export type UpstreamOrigin = 'group' | 'implicit' | 'variable';

export interface Upstream extends Place {
  /** The group's name, else host and port as `$proxy_host` shows them, else `unix:/path`. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly origin: UpstreamOrigin;
  /** What `$proxy_host` is for it, and what nginx calls it in `no live upstreams` (there without a port). */
  readonly aliases: readonly string[];
  /** `round_robin`, or the directive's name: `ip_hash`, `least_conn`, `hash`, … */
  readonly method: string;
  /** The shared memory zone's name; without one, each worker counts failures for itself. */
  readonly zone: string | null;
  readonly keepalive: number | null;
  readonly servers: readonly UpstreamServer[];
}

/** `glob`: the pattern of the files that a path with variables may be; null where the path is one file, whatever its characters. */
export type LogTarget =
  | { readonly kind: 'file'; readonly path: string; readonly glob: string | null }
  | { readonly kind: 'stderr' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'syslog'; readonly server: string };

export type LogLevel = 'debug' | 'info' | 'notice' | 'warn' | 'error' | 'crit' | 'alert' | 'emerg';

export interface ErrorLog extends Place {
  /** As written; only the path where nothing is. */
  readonly args: readonly string[];
  readonly target: LogTarget;
  readonly level: LogLevel;
  /** Some location or stream server that has an upstream writes its errors here. */
  readonly proxied: boolean;
  /** Nothing is written in the configuration: this is nginx's default. */
  readonly byDefault: boolean;
}

export type EscapeMode = 'default' | 'json' | 'none';

export interface LogFormat extends Place {
  readonly name: string;
  readonly protocol: Protocol;
  /** The arguments as nginx joins them, without a separator. */
  readonly text: string;
  readonly escape: EscapeMode;
}

export interface AccessLog extends Place {
  /** As written; only the path where nothing is. */
  readonly args: readonly string[];
  readonly target: LogTarget;
  readonly protocol: Protocol;
  /** null when the configuration names a format that it does not define. */
  readonly format: LogFormat | null;
  readonly formatName: string;
  /** `if=`: requests may be missing from this log. */
  readonly condition: string | null;
  readonly gzip: boolean;
  /** Lines come in bursts; `flush` null with `buffer` set means: for as long as the buffer is not full. */
  readonly buffer: string | null;
  readonly flush: string | null;
  readonly proxied: boolean;
  readonly byDefault: boolean;
}

export type StatusObstacle =
  | 'denied'
  | 'password'
  | 'internal'
  | 'proxy_protocol'
  | 'pattern'
  | 'rewritten'
  | 'quic'
  /** A unix socket in a root that is not ours. */
  | 'other_root';

/** A `stub_status` location and how to ask it. */
export interface StatusPage extends Place {
  /** `http://127.0.0.1:8080/status`, or `http://unix:/run/nginx.sock:/status`. */
  readonly url: string;
  /** The Host header that selects its server; null when any will do. */
  readonly host: string | null;
  /** Why it cannot be asked from this host; null when it can. */
  readonly obstacle: StatusObstacle | null;
}

/** The logs that one request, or one connection, is written to: all of them, each line in each. */
export interface LogSet {
  /** Indexes into `accessLogs` or `errorLogs`. */
  readonly logs: readonly number[];
  /** Some of the places that write to it have an upstream. */
  readonly proxied: boolean;
}

/** One `*_pass`. */
export interface PassPlace {
  /** Names of upstreams; null where the request decides. */
  readonly upstreams: readonly string[] | null;
  /** Indexes into `accessLogs` of those that have its requests: none for subrequests. */
  readonly logs: readonly number[];
}

export interface SilentPlace extends Place {
  readonly protocol: Protocol;
  /** The `access_log off;` in this very block; null where it is inherited, or nothing is said. */
  readonly off: Place | null;
}

export interface OpenTarget {
  readonly name: string;
  readonly protocol: Protocol;
  readonly isNamed: boolean;
}

export interface NginxConfiguration {
  readonly files: readonly string[];
  readonly unread: readonly string[];
  readonly folders: readonly string[];
  readonly problems: readonly ConfigurationProblem[];
  readonly user: string | null;
  readonly workerProcesses: number | 'auto';
  readonly workerConnections: number;
  readonly workerRlimitNofile: number | null;
  readonly pidFile: string | null;
  /** The servers of all `resolver` lines, as written. */
  readonly resolvers: readonly string[];
  /** The servers that mail asks who may log in (`auth_http`), as written. */
  readonly mailAuth: readonly (Place & { readonly text: string })[];
  readonly protocols: readonly ('http' | 'stream' | 'mail')[];
  readonly errorLogs: readonly ErrorLog[];
  readonly accessLogs: readonly AccessLog[];
  /** Every distinct set once. */
  readonly errorSets: readonly LogSet[];
  readonly accessSets: readonly LogSet[];
  /** Places that have an upstream and write no access log. */
  readonly silent: readonly SilentPlace[];
  readonly formats: readonly LogFormat[];
  readonly upstreams: readonly Upstream[];
  /**
   * Targets in which the request, and so perhaps the client, decides about name or address, as they are written: each is
   * one upstream, whatever came through it. `isNamed`: a group or an address stands in front of the variable.
   */
  readonly openTargets: readonly OpenTarget[];
  /** `*_pass` whose target depends on variables that the configuration does not decide. */
  readonly undecided: readonly (Place & { readonly text: string })[];
  readonly statusPages: readonly StatusPage[];
  readonly passPlaces: readonly PassPlace[];
}
