import {
  type ConnectKind,
  type CountedLine,
  type Counts,
  connectKinds,
  type FailureKind,
  failureKinds,
  type Kind,
  laterKinds,
  type PeerKind,
  peerConnectKinds,
  peerKinds,
  type UpstreamOf,
} from '../../model.ts';
import type { PeerAccess, UpstreamAccess } from '../access/counters.ts';
import type { Instances } from '../instances.ts';
import { createPeerWindow, type PeerWindow } from '../windows/peer.ts';
import { createUpstreamWindow, type UpstreamEvent, type UpstreamWindow } from '../windows/upstream.ts';
import { createFailedServers, type FailedServers } from './servers.ts';
import { createShown, type Tally, tally } from './tally.ts';

/** Failures of one instance, and how they are shown. */
interface FailureCounts<K extends string> {
  readonly failures: Tally<K>;
  readonly shownFailures: () => Counts<K>;
}

export interface PeerCounters extends FailureCounts<PeerKind> {
  /** null as long as no access log has shown it. */
  access: PeerAccess | null;
  readonly window: PeerWindow;
  readonly servers: FailedServers;
}

export interface UpstreamCounters extends FailureCounts<FailureKind> {
  access: UpstreamAccess | null;
  readonly window: UpstreamWindow;
}

export const newPeerCounters = (): PeerCounters => ({
  ...failureCounts(peerKinds),
  access: null,
  window: createPeerWindow(),
  servers: createFailedServers(),
});
export const newUpstreamCounters = (): UpstreamCounters => ({
  ...failureCounts(failureKinds),
  access: null,
  window: createUpstreamWindow(),
});

function failureCounts<K extends string>(kinds: readonly K[]): FailureCounts<K> {
  const failures = tally(kinds);
  return { failures, shownFailures: createShown(kinds, (i) => failures[kinds[i] as K]) };
}

export interface Failures {
  /**
   * Counts a line of the error log where it belongs: the job, the upstream, the peer.
   *
   * @param second of the monotonic clock in which it was written; -1 when it is too old for any window
   * @param times so many alike; one without it
   */
  record(line: CountedLine, nowUs: number, second: number, times?: number): void;
  connectFailures(): Counts<ConnectKind>;
  /** Failed connects that an access log has, too; `truncated` are those whose peer nginx cut off. */
  reconcilable(): { readonly errorLog: number; readonly truncated: number };
}

/** Where the access log has all attempts of an upstream. */
export interface Coverage {
  readonly isCovered: (upstream: string) => boolean;
  /** Connects to the peer failed: the access log will have them, too. */
  readonly expectAttempt: (peer: string, second: number, times: number) => void;
}

/** When a line was read and written, and how often it came. */
interface When {
  readonly nowUs: number;
  readonly second: number;
  readonly times: number;
}

const reconciledKinds: ReadonlySet<string> = new Set(peerConnectKinds);

/**
 * Failures per peer and kind. A line that nginx cut off before its `upstream:` field still counts for the
 * job; whose it was is not known, and is not guessed.
 */
export function createFailures(
  peers: Instances<PeerCounters>,
  upstreams: Instances<UpstreamCounters>,
  upstreamOf: UpstreamOf,
  { isCovered, expectAttempt }: Coverage,
): Failures {
  const connect = tally(connectKinds);
  const reconcilable = { errorLog: 0, truncated: 0 };

  /** Without an upstream a line may still name what did not resolve. */
  function unresolved(line: CountedLine, { nowUs, second, times }: When): void {
    const host = hostOf(line.message);
    if (host === null) return;
    const name = upstreamOf(host, null, line.protocol);
    const { failures, window } = upstreams.at(name, name, nowUs).counters;
    failures.resolve += times;
    if (second >= 0 && line.client !== null) window.add('unresolved', second, times);
  }

  function intoWindows(line: CountedLine, name: string, window: UpstreamWindow, peer: PeerWindow | null, when: When) {
    const { second, times } = when;
    const event = eventOf(line);
    const isOver = endsRequest(line);
    if (event !== null) window.add(event, second, times);
    if (isOver) window.add('lost', second, times);
    if (peer === null || event !== 'connect') return;
    peer.add('connect', second, times);
    if (line.kind === 'timed_out') peer.add('timed_out', second, times);
    if (isOver) return;
    if (line.upstream !== null && line.checked === undefined && isCovered(name))
      expectAttempt(line.upstream.peer, second, times);
    else peer.add('unaccounted', second, times);
  }

  /** The line has counted for the job; it names an upstream. */
  function atUpstream(line: CountedLine, kind: FailureKind, peerName: string, when: When): void {
    const { nowUs, second, times } = when;
    const name = upstreamOf(peerName, line.checked ?? null, line.protocol);
    const { failures, window } = upstreams.at(name, name, nowUs, true).counters;
    failures[kind] += times;
    let peer: PeerWindow | null = null;
    if (namesPeer(kind)) {
      const { counters } = peers.at(name, peerName, nowUs, true, times);
      counters.failures[kind] += times;
      counters.servers.record(line.server, nowUs);
      peer = counters.window;
    }
    if (second >= 0) intoWindows(line, name, window, peer, when);
  }

  return {
    record(line, nowUs, second, times = 1) {
      const { kind, upstream } = line;
      if (!isFailure(kind)) return;
      if (isConnect(kind)) connect[kind] += times;
      if (reconciledKinds.has(kind) && line.checked === undefined) {
        if (upstream) reconcilable.errorLog += times;
        else if (line.truncated) reconcilable.truncated += times;
      }
      const when = { nowUs, second, times };
      if (upstream) atUpstream(line, kind, upstream.peer, when);
      else if (kind === 'resolve') unresolved(line, when);
    },
    connectFailures: createShown(connectKinds, (i) => connect[connectKinds[i] as ConnectKind]),
    reconcilable: () => ({ ...reconcilable }),
  };
}

const failureSet: ReadonlySet<string> = new Set(failureKinds);
const connectSet: ReadonlySet<string> = new Set(connectKinds);
const peerSet: ReadonlySet<string> = new Set(peerKinds);
const isFailure = (kind: Kind): kind is FailureKind => failureSet.has(kind);
const isConnect = (kind: Kind): kind is ConnectKind => connectSet.has(kind);
const namesPeer = (kind: FailureKind): kind is PeerKind => peerSet.has(kind);

/** nginx's resolver and its core name what they looked up (src/http/ngx_http_upstream.c, src/core/ngx_resolver.c). */
function hostOf(message: string): string | null {
  const found =
    /^([^\s"]{1,255}) could not be resolved /.exec(message) ??
    /^(?:host not found in|no resolver defined to resolve|invalid port in|no port in)(?: upstream)? "?([^\s"/]{1,255})/.exec(
      message,
    );
  return found?.[1] ?? null;
}

/** nginx gives up at once, with 500 and without another peer: ngx_event_connect_peer has returned NGX_ERROR. */
function endsRequest({ kind, message }: CountedLine): boolean {
  return kind === 'worker_connections' || message.startsWith('bind(') || message.startsWith('socket()');
}

const laterSet: ReadonlySet<string> = new Set(laterKinds);

function eventOf({ kind, action, protocol }: CountedLine): UpstreamEvent | null {
  if (kind === 'no_live') return 'no_live';
  if (kind === 'resolve') return 'unresolved';
  if (isConnect(kind as FailureKind)) return 'connect';
  // What breaks in the body of an answer is no 502, and a stream's end is its client's business.
  const isRequest = protocol === 'http' && action !== null && action !== 'reading upstream';
  return laterSet.has(kind) && isRequest ? 'later' : null;
}
