/** What fails, gathered from lines of the error log: per peer, per group, per name, and nginx's own. Pure, bounded. */

import { type CountedLine, type ErrorLine, type FailureKind, failureKinds, type Kind } from '../../model.ts';
import type { Burst, FailuresByKind, KindFailures } from './traffic.ts';

/** What fails, from the error log. */
export interface Failing {
  readonly peers: readonly FailedPeer[];
  readonly groups: readonly { readonly upstream: string; readonly failures: KindFailures }[];
  readonly names: readonly { readonly name: string; readonly reason: string; readonly failures: KindFailures }[];
  /** Failures that name no peer. */
  readonly nginx: FailuresByKind;
}

export interface FailedPeer {
  readonly peer: string;
  readonly upstream: string;
  readonly scheme: string | null;
  readonly isUdp: boolean;
  readonly failures: FailuresByKind;
}

export interface FailureTally {
  /** @param ms when it happened, milliseconds since 1970 @param times so many alike; one without it */
  record(line: FailureLine, ms: number, times?: number): void;
  /** Forgets kinds that were last seen before. */
  forgetBefore(ms: number): void;
  failing(): Failing;
  /** Failures recorded so far: grows with each. */
  count(): number;
}

type FailureLine = Pick<CountedLine, 'kind' | 'errno' | 'upstream' | 'protocol' | 'message' | 'action'>;
type UpstreamOf = (peer: string, protocol: ErrorLine['protocol']) => string;
type ByKind = Map<FailureKind, KindFailures>;
interface When {
  readonly ms: number;
  readonly times: number;
}

const failureSet: ReadonlySet<string> = new Set(failureKinds);
const isFailure = (kind: Kind): kind is FailureKind => failureSet.has(kind);
/** nginx's own, whichever peer it happened to be connecting to. */
const limits: ReadonlySet<Kind> = new Set<Kind>(['no_files', 'worker_connections']);
/** Longer ones quote what a peer or a client sent. */
const longestMessage = 200;

function wordsOf({ message, action }: FailureLine): string {
  const words = message.length > longestMessage ? `${message.slice(0, longestMessage - 1)}…` : message;
  return action === null ? words : `${words} while ${action}`;
}

/** What comes and goes is back for longer than this. */
const pauseMs = 3000;
const mostBursts = 8;

function withBurst(bursts: readonly Burst[], ms: number, times: number): readonly Burst[] {
  const last = bursts.at(-1);
  if (last === undefined || ms - last.lastMs > pauseMs) {
    return [...bursts, { firstMs: ms, lastMs: ms, count: times }].slice(-mostBursts);
  }
  const longer = { ...last, lastMs: Math.max(last.lastMs, ms), count: last.count + times };
  return [...bursts.slice(0, -1), longer];
}

function add(kinds: ByKind, kind: FailureKind, line: FailureLine, { ms, times }: When): void {
  const known = kinds.get(kind);
  kinds.set(kind, {
    count: (known?.count ?? 0) + times,
    firstMs: Math.min(known?.firstMs ?? ms, ms),
    lastMs: Math.max(known?.lastMs ?? ms, ms),
    errno: line.errno ?? known?.errno ?? null,
    message: wordsOf(line),
    bursts: withBurst(known?.bursts ?? [], ms, times),
  });
}

const unresolvedForms = [
  /^(?<name>.{1,255}?) could not be resolved \((?<reason>[^()]{1,80})\)?/,
  /^(?<reason>no resolver defined) to resolve (?<name>.{1,255})$/,
  /^(?<reason>host not found) in upstream "(?<name>.{1,255}?)"/,
] as const;

/** The name that a line is about, and nginx's reason; null for another sort of line. */
function unresolvedName(message: string): { readonly name: string; readonly reason: string } | null {
  for (const form of unresolvedForms) {
    const { name, reason } = form.exec(message)?.groups ?? {};
    if (name !== undefined && reason !== undefined) return { name, reason };
  }
  return null;
}

/** A datagram that nobody takes comes back when nginx reads or sends the next; a TCP connection fails in connect(). */
function isOverUdp({ protocol, message, kind }: FailureLine): boolean {
  return protocol === 'stream' && kind === 'refused' && /^(?:recv|send)\w*\(\) failed/.test(message);
}

interface PeerSoFar {
  readonly upstream: string;
  readonly scheme: string | null;
  isUdp: boolean;
  readonly kinds: ByKind;
}

/**
 * @param upstreamOf as the charts name it: an instance
 * @param mostPeers more are not diagnosed: names in a log must not make memory without end
 * @param mailAuth the peer that mail asks who may log in, which its lines do not name; null where there are several
 */
export function createFailureTally(
  upstreamOf: UpstreamOf,
  mostPeers: number,
  mailAuth: () => string | null,
): FailureTally {
  const peers = new Map<string, PeerSoFar>();
  const groups = new Map<string, ByKind>();
  const names = new Map<string, { reason: string; readonly kinds: ByKind }>();
  const nginx: ByKind = new Map();
  let count = 0;

  function addToPeer(
    line: FailureLine,
    kind: FailureKind,
    { peer, scheme }: NonNullable<FailureLine['upstream']>,
    when: When,
    name = upstreamOf(peer, line.protocol),
  ): void {
    const known = peers.get(peer);
    if (known === undefined && peers.size >= mostPeers) return;
    const made = known ?? { upstream: name, scheme, isUdp: false, kinds: new Map() };
    made.isUdp ||= isOverUdp(line);
    peers.set(peer, made);
    add(made.kinds, kind, line, when);
  }

  function addToName(line: FailureLine, when: When): void {
    const found = unresolvedName(line.message);
    if (found === null) {
      add(nginx, 'resolve', line, when);
      return;
    }
    const known = names.get(found.name);
    if (known === undefined && names.size >= mostPeers) return;
    const made = known ?? { reason: found.reason, kinds: new Map() };
    made.reason = found.reason;
    names.set(found.name, made);
    add(made.kinds, 'resolve', line, when);
  }

  /** nginx's own, but for mail's question who may log in. */
  function addNameless(line: FailureLine, kind: FailureKind, when: When): void {
    const peer = line.action === 'in http auth state' && !limits.has(kind) ? mailAuth() : null;
    if (peer === null) add(nginx, kind, line, when);
    else addToPeer(line, kind, { peer, scheme: null }, when, 'auth_http');
  }

  function addToGroup(line: FailureLine, name: string, when: When): void {
    const group: ByKind = groups.get(name) ?? new Map();
    if (groups.size < mostPeers) groups.set(name, group);
    add(group, 'no_live', line, when);
  }

  return {
    record(line, ms, times = 1): void {
      const { kind, upstream, protocol } = line;
      if (!isFailure(kind)) return;
      count += times;
      const when = { ms, times };
      if (kind === 'resolve') addToName(line, when);
      else if (upstream === null || limits.has(kind)) addNameless(line, kind, when);
      else if (kind === 'no_live') addToGroup(line, upstreamOf(upstream.peer, protocol), when);
      else addToPeer(line, kind, upstream, when);
    },

    forgetBefore(ms) {
      const old = (kinds: ByKind): boolean => {
        for (const [kind, { lastMs }] of kinds) if (lastMs < ms) kinds.delete(kind);
        return kinds.size === 0;
      };
      for (const [peer, { kinds }] of peers) if (old(kinds)) peers.delete(peer);
      for (const [name, kinds] of groups) if (old(kinds)) groups.delete(name);
      for (const [name, { kinds }] of names) if (old(kinds)) names.delete(name);
      old(nginx);
    },

    failing: () => ({
      peers: Array.from(peers, ([peer, { kinds, ...rest }]) => ({ peer, ...rest, failures: new Map(kinds) })),
      groups: Array.from(groups).flatMap(([upstream, kinds]) => {
        const failures = kinds.get('no_live');
        return failures === undefined ? [] : [{ upstream, failures }];
      }),
      names: Array.from(names).flatMap(([name, { reason, kinds }]) => {
        const failures = kinds.get('resolve');
        return failures === undefined ? [] : [{ name, reason, failures }];
      }),
      nginx: new Map(nginx),
    }),
    count: () => count,
  };
}
