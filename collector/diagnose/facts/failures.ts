/** What fails, gathered from lines of the error log: per peer, per group, and nginx's own. Pure, stateful, bounded. */
import { type ConnectKind, connectKinds, type ErrorLine, type Kind } from '../../model.ts';
import type { KindFailures } from './facts.ts';
import type { Failing } from './gather.ts';

export interface FailureTally {
  /** @param ms when it happened, milliseconds since 1970 */
  record(line: Pick<ErrorLine, 'kind' | 'errno' | 'upstream' | 'protocol'>, ms: number): void;
  /** Forgets kinds that were last seen before. */
  forgetBefore(ms: number): void;
  failing(): Failing;
  /** Failures after the connection was made, by peer (empty: unknown): no matter of connecting. */
  later(): ReadonlyMap<string, number>;
  /** Connect failures recorded so far: grows with each. */
  count(): number;
}

type UpstreamOf = (peer: string, protocol: ErrorLine['protocol']) => string;
type ByKind = Map<ConnectKind, KindFailures>;

const connectSet: ReadonlySet<string> = new Set(connectKinds);
const isConnect = (kind: Kind): kind is ConnectKind => connectSet.has(kind);
const limits: ReadonlySet<Kind> = new Set<Kind>(['no_files', 'worker_connections']);
const notFailures: ReadonlySet<Kind> = new Set<Kind>(['disabled', 'unrelated']);

function add(kinds: ByKind, kind: ConnectKind, errno: number | null, ms: number): void {
  const known = kinds.get(kind);
  kinds.set(kind, {
    count: (known?.count ?? 0) + 1,
    firstMs: Math.min(known?.firstMs ?? ms, ms),
    lastMs: Math.max(known?.lastMs ?? ms, ms),
    errno: errno ?? known?.errno ?? null,
  });
}

/**
 * @param upstreamOf as the charts name it: an instance
 * @param mostPeers more are not diagnosed: names in a log must not make memory without end
 */
export function createFailureTally(upstreamOf: UpstreamOf, mostPeers: number): FailureTally {
  const peers = new Map<string, { readonly upstream: string; readonly kinds: ByKind }>();
  const groups = new Map<string, ByKind>();
  const nginx: ByKind = new Map();
  const later = new Map<string, number>();
  let count = 0;

  function kindsOf(peer: string, upstream: string): ByKind {
    const known = peers.get(peer);
    if (known !== undefined) return known.kinds;
    const kinds: ByKind = new Map();
    if (peers.size < mostPeers) peers.set(peer, { upstream, kinds });
    return kinds;
  }

  function addLater(named: string): void {
    const peer = later.size < mostPeers || later.has(named) ? named : '';
    later.set(peer, (later.get(peer) ?? 0) + 1);
  }

  return {
    record({ kind, errno, upstream, protocol }, ms) {
      if (!isConnect(kind)) {
        if (notFailures.has(kind)) return;
        addLater(upstream?.peer ?? '');
        return;
      }
      count++;
      // They are nginx's own, whichever peer it happened to be connecting to.
      if (upstream === null || limits.has(kind)) return add(nginx, kind, errno, ms);
      const name = upstreamOf(upstream.peer, protocol);
      if (kind !== 'no_live') return add(kindsOf(upstream.peer, name), kind, errno, ms);
      const group: ByKind = groups.get(name) ?? new Map();
      if (groups.size < mostPeers) groups.set(name, group);
      add(group, kind, errno, ms);
    },

    forgetBefore(ms) {
      const old = (kinds: ByKind): boolean => {
        for (const [kind, { lastMs }] of kinds) if (lastMs < ms) kinds.delete(kind);
        return kinds.size === 0;
      };
      for (const [peer, { kinds }] of peers) if (old(kinds)) peers.delete(peer);
      for (const [name, kinds] of groups) if (old(kinds)) groups.delete(name);
      old(nginx);
    },

    failing: () => ({
      peers: Array.from(peers, ([peer, { upstream, kinds }]) => ({ peer, upstream, failures: new Map(kinds) })),
      groups: Array.from(groups, ([upstream, kinds]) => ({ upstream, failures: kinds.get('no_live') })).flatMap(
        ({ upstream, failures }) => (failures === undefined ? [] : [{ upstream, failures }]),
      ),
      nginx: new Map(nginx),
    }),
    later: () => new Map(later),
    count: () => count,
  };
}
