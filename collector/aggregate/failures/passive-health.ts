import { madeAt, pairKey } from '../../base/collections.ts';
import type { ConfiguredPeer, Kind, PeerState, Transitions } from '../../model.ts';

/** What of a configured peer nginx's passive health checks depend on. */
export type CheckedPeer = Pick<
  ConfiguredPeer,
  'upstream' | 'instance' | 'peer' | 'maxFails' | 'failTimeoutSeconds' | 'zone' | 'down' | 'single'
>;

export interface PassiveHealth {
  configure(peers: readonly CheckedPeer[]): void;
  /** The pids of the workers that take new requests; null when they are not known. */
  setWorkers(pids: readonly number[] | null): void;
  /** A failure that nginx counts against the peer (see `isCountedAgainstPeer`). */
  failed(upstream: string, peer: string, pid: number | null, nowUs: number, times?: number): void;
  /** A line `upstream server temporarily disabled`: rare, for the default level hides it. */
  disabled(upstream: string, peer: string, pid: number | null, nowUs: number): void;
  /** The peer answered a request of a worker that the access log does not name. */
  succeeded(upstream: string, peer: string, nowUs: number): void;
  /** To be called once per tick, after its events: counts transitions. */
  settle(nowUs: number): void;
  /** undefined where nginx checks nothing: no such peer, `max_fails=0`, `down`, or a group of one. */
  peer(upstream: string, peer: string): Health | undefined;
  /** Peers that are not `down`, and those of them that are not unavailable; undefined for an unknown upstream. */
  upstream(upstream: string): { readonly live: number; readonly configured: number } | undefined;
  /** Grows when any of this may have changed. */
  version(): number;
}

interface Health {
  readonly state: PeerState;
  readonly transitions: Transitions;
}

/** What one worker (or all, in a zone) remembers of a peer: nginx's `fails`, and `checked` of the last failure. */
interface Memory {
  fails: number;
  failedAtUs: number;
}

interface WatchedPeer {
  readonly maxFails: number;
  readonly failTimeoutUs: number;
  readonly shared: boolean;
  /** By worker pid; 0 where they share, or where the line had no pid. */
  readonly memories: Map<number, Memory>;
  /** Another object when it has changed. */
  health: Health;
}

const unharmed: Health = { state: 'up', transitions: { ejected: 0, returned: 0 } };

/** How long at least a peer that is tried again may take to show that it still fails. */
const shortestProbationUs = 10_000_000;

/**
 * Replays what nginx's workers think of their peers, from the failures in the error log and the successes
 * in the access log (src/http/ngx_http_upstream_round_robin.c):
 *
 * - ngx_http_upstream_free_round_robin_peer: a failure adds one to `fails`; at `max_fails` the worker ejects the peer.
 *   In a group of one peer nothing is counted.
 * - ngx_http_upstream_get_peer: an ejected peer gets no request until more than `fail_timeout` has passed since its last
 *   failure; then it is tried, and only a success in such a try sets `fails` back to zero.
 *
 * Until that success it is on probation, and counts as ejected here. Where no success can be seen (a stock log_format,
 * no traffic) probation ends when as long again passes without a failure.
 */
export function createPassiveHealth(): PassiveHealth {
  let watched = new Map<string, WatchedPeer>();
  let upstreams = new Map<string, { configured: number; readonly checked: string[] }>();
  let workers: readonly number[] | null = null;
  let version = 0;

  function memoryOf(of: WatchedPeer, pid: number | null, nowUs: number): Memory {
    return madeAt(of.memories, of.shared ? 0 : (pid ?? 0), () => ({ fails: 0, failedAtUs: nowUs }));
  }

  function fail(
    of: WatchedPeer | undefined,
    pid: number | null,
    nowUs: number,
    atLeast: (fails: number) => number,
  ): void {
    if (of === undefined) return;
    const memory = memoryOf(of, pid, nowUs);
    memory.fails = Math.max(memory.fails, atLeast(memory.fails));
    memory.failedAtUs = nowUs;
  }

  function stateOf({ memories, shared, maxFails }: WatchedPeer): PeerState {
    if (memories.size === 0) return 'up';
    const isOut = (pid: number) => (memories.get(pid)?.fails ?? 0) >= maxFails;
    if (![...memories.keys()].some(isOut)) return 'up';
    if (shared) return 'unavailable';
    return workers !== null && workers.length > 0 && workers.every(isOut) ? 'unavailable' : 'failing';
  }

  function settleOne(of: WatchedPeer, nowUs: number): void {
    const { memories, failTimeoutUs, health } = of;
    const longestUs = failTimeoutUs + Math.max(failTimeoutUs, shortestProbationUs);
    for (const [pid, { failedAtUs }] of memories) if (nowUs - failedAtUs > longestUs) memories.delete(pid);
    const state = stateOf(of);
    if (state === health.state) return;
    const { ejected, returned } = health.transitions;
    const transitions = {
      ejected: ejected + (health.state === 'up' ? 1 : 0),
      returned: returned + (state === 'up' ? 1 : 0),
    };
    of.health = { state, transitions };
    version++;
  }

  return {
    configure(next) {
      const before = watched;
      version++;
      watched = new Map();
      upstreams = new Map();
      for (const of of next) {
        const key = pairKey(of.upstream, of.peer);
        const group = madeAt(upstreams, of.upstream, () => ({ configured: 0, checked: [] }));
        // A group of which all are down is one with nobody in it.
        if (of.down) continue;
        group.configured++;
        if (!isChecked(of)) continue;
        group.checked.push(key);
        const known = before.get(key);
        watched.set(key, {
          maxFails: of.maxFails,
          failTimeoutUs: of.failTimeoutSeconds * 1e6,
          shared: of.zone !== null,
          memories: known?.memories ?? new Map(),
          health: known?.health ?? unharmed,
        });
      }
    },

    setWorkers(pids) {
      const isReplaced =
        workers !== null && pids !== null && pids.length > 0 && !pids.some((p) => workers?.includes(p));
      workers = pids;
      // New workers begin with what the configuration says: all peers are up.
      if (isReplaced) for (const { memories } of watched.values()) memories.clear();
    },

    failed(upstream, peer, pid, nowUs, times = 1) {
      fail(watched.get(pairKey(upstream, peer)), pid, nowUs, (fails) => fails + times);
    },

    disabled(upstream, peer, pid, nowUs) {
      const of = watched.get(pairKey(upstream, peer));
      fail(of, pid, nowUs, () => of?.maxFails ?? 0);
    },

    succeeded(upstream, peer, nowUs) {
      const of = watched.get(pairKey(upstream, peer));
      if (of === undefined) return;
      for (const [pid, { failedAtUs }] of of.memories) {
        if (nowUs - failedAtUs > of.failTimeoutUs) of.memories.delete(pid);
      }
    },

    settle(nowUs) {
      for (const of of watched.values()) if (of.memories.size > 0 || of.health.state !== 'up') settleOne(of, nowUs);
    },

    peer: (upstream, peer) => watched.get(pairKey(upstream, peer))?.health,

    upstream(name) {
      const of = upstreams.get(name);
      if (of === undefined) return undefined;
      const unavailable = of.checked.filter((key) => watched.get(key)?.health.state === 'unavailable').length;
      return { live: of.configured - unavailable, configured: of.configured };
    },

    version: () => version,
  };
}

/** Of a peer that several groups hold the error log does not say in which of them it failed. */
const isChecked = ({ single, maxFails, upstream, instance }: CheckedPeer): boolean =>
  !single && maxFails > 0 && upstream === instance;

/** Nginx calls `ngx_http_upstream_next` for these, as long as it has not begun to pass the answer on. */
const passedOn: ReadonlySet<string> = new Set([
  'connecting to upstream',
  'SSL handshaking to upstream',
  'QUIC handshaking to upstream',
  'sending request to upstream',
  'reading response header from upstream',
]);

/** No `socket()` because there are no descriptors, no connection because there are no worker_connections: not the peer's fault. */
const notThePeer: ReadonlySet<Kind> = new Set<Kind>([
  'unrelated',
  'disabled',
  'no_live',
  'no_files',
  'worker_connections',
  'resolve',
]);

/**
 * Whether nginx adds the failure to the peer's `fails` (ngx_http_upstream_next). One that breaks the body of an answer
 * (`reading upstream`) is no such failure: nginx ends that request as if it had gone well.
 */
export function isCountedAgainstPeer(kind: Kind, action: string | null): boolean {
  return action !== null && passedOn.has(action) && !notThePeer.has(kind);
}
