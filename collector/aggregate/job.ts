import type {
  AccessFields,
  ConfiguredPeer,
  ErrorLine,
  JobSnapshot,
  LogTotals,
  PeerSnapshot,
  PluginLoad,
  UpstreamOf,
} from '../model.ts';
import { type AccessLogCounter, type AccessLogOptions, createAccessCounting } from './access/access.ts';
import { type Measured, takePeer, takeUpstream } from './access/snapshot.ts';
import { createFailures, newPeerCounters, newUpstreamCounters } from './failures/failures.ts';
import { createPassiveHealth, isCountedAgainstPeer } from './failures/passive-health.ts';
import { createRecent } from './failures/recent.ts';
import { createReconciliation } from './failures/reconciliation.ts';
import { createInstances } from './instances.ts';

/** What the sources of a job were like in this tick. */
export interface SourceHealth {
  readonly errorLogsFine: boolean;
  readonly accessLogsFine: boolean;
  readonly lines: LogTotals;
  readonly behindBytes: number;
  readonly ok: number;
  readonly failing: number;
}

export interface JobAggregate {
  errorLine(line: ErrorLine, nowUs: number): void;
  /** One more access log whose lines are counted. */
  addAccessLog(options: AccessLogOptions): AccessLogCounter;
  /** It is no longer followed: what only it could tell is no longer drawn. */
  removeAccessLog(options: AccessLogOptions): void;
  /** The upstreams and peers of nginx's configuration: they have charts before a log has named them. */
  configure(peers: readonly ConfiguredPeer[], upstreams: readonly string[], nowUs: number): void;
  /** The pids of the workers that take new requests, as they write them to the error log; null when not known. */
  setWorkers(pids: readonly number[] | null): void;
  /** To be called before the sources of a tick are read. */
  beginTick(nowUs: number): void;
  /** All that is known now. A source that failed makes its measures null: a gap, never a zero. */
  snapshot(nowUs: number, health: SourceHealth, load: PluginLoad): JobSnapshot;
}

export interface JobOptions {
  readonly job: string;
  readonly maxPeers: number;
  readonly upstreamOf: UpstreamOf;
}

/** Everything that is counted for one job: events in, snapshots out. */
export function createJobAggregate({ job, maxPeers, upstreamOf }: JobOptions): JobAggregate {
  const peers = createInstances(maxPeers, newPeerCounters);
  const upstreams = createInstances(maxPeers, newUpstreamCounters);
  const failures = createFailures(peers, upstreams, upstreamOf);
  const access = createAccessCounting(peers, upstreams, upstreamOf);
  const reconcile = createReconciliation();
  const formats = new Set<AccessLogOptions>();
  const passive = createPassiveHealth();
  const badGateways = createRecent();

  const accessPart = (measured: Measured, fine: boolean) => {
    const requestTime = access.takeRequestTime();
    return {
      ...(measured.status ? { requests: fine ? access.requests() : null } : {}),
      ...(measured.requestTime ? { requestTime: fine ? requestTime : null } : {}),
    };
  };

  const reconciliationPart = (nowUs: number, { peers, connectTime }: Measured, fine: boolean) => {
    const totals = reconcile(nowUs, { ...failures.reconcilable(), accessLog: access.connectFailed() });
    return peers && connectTime ? { reconciliation: fine ? totals : null } : {};
  };

  function judge({ kind, action, upstream, protocol, pid }: ErrorLine, nowUs: number): void {
    if (upstream === null) return;
    const name = upstreamOf(upstream.peer, null, protocol);
    if (kind === 'disabled') passive.disabled(name, upstream.peer, pid, nowUs);
    else if (isCountedAgainstPeer(kind, action)) passive.failed(name, upstream.peer, pid, nowUs);
  }

  function settle(nowUs: number): void {
    for (const { upstream, peer, counters } of peers.all()) {
      if (counters.access && counters.access.answered > 0) passive.succeeded(upstream, peer, nowUs);
    }
    passive.settle(nowUs);
  }

  /** Only where it cannot be told of which peer they are. */
  function serverBadGateways(
    nowUs: number,
    measured: Measured,
    fine: boolean,
  ): Pick<PeerSnapshot, 'serverBadGateways'> {
    const recent = badGateways(nowUs, access.requests()['502']);
    return measured.status && !measured.upstreams && fine ? { serverBadGateways: recent } : {};
  }

  return {
    errorLine(line, nowUs) {
      failures.record(line, nowUs);
      judge(line, nowUs);
    },
    setWorkers: passive.setWorkers,
    addAccessLog(options) {
      formats.add(options);
      return access.addLog(options);
    },
    removeAccessLog: (options) => formats.delete(options),
    configure(configured, names, nowUs) {
      passive.configure(configured);
      peers.configure(
        configured.map(({ instance, peer }) => ({ upstream: instance, peer })),
        nowUs,
      );
      const all = new Set([...names, ...configured.map(({ instance }) => instance)]);
      upstreams.configure(
        Array.from(all, (name) => ({ upstream: name, peer: name })),
        nowUs,
      );
    },
    beginTick: access.beginTick,

    snapshot(nowUs, health, load) {
      peers.expire(nowUs);
      upstreams.expire(nowUs);
      access.mergeTimes();
      settle(nowUs);
      const known = health.errorLogsFine;
      const measured = measuredBy([...formats].map(({ fields }) => fields));
      const fine = health.accessLogsFine;
      const second = Math.round(nowUs / 1e6);
      const ofServer = serverBadGateways(nowUs, measured, fine);
      return {
        job,
        connectFailures: known ? failures.connectFailures() : null,
        ...accessPart(measured, fine),
        ...reconciliationPart(nowUs, measured, known && fine),
        lines: health.lines,
        behindBytes: health.behindBytes,
        sources: { ok: health.ok, failing: health.failing },
        load,
        eventsOverCap: peers.overCap(),
        upstreams: Array.from(upstreams.all(), ({ upstream, origin, counters }) => ({
          upstream,
          origin,
          failures: known ? counters.shownFailures() : null,
          ...gapUnless(known, 'peers', passive.upstream(upstream)),
          ...takeUpstream(counters.access, measured, fine, second),
        })),
        peers: Array.from(peers.all(), ({ upstream, peer, origin, counters }) => ({
          upstream,
          peer,
          origin,
          failures: known ? counters.shownFailures() : null,
          ...gapUnless(known, 'health', passive.peer(upstream, peer)),
          ...ofServer,
          ...takePeer(counters.access, measured, fine),
        })),
      };
    },
  };
}

/** Nothing where there is nothing to measure. */
function gapUnless<K extends string, V>(
  known: boolean,
  key: K,
  value: V | undefined,
): { readonly [_ in K]?: V | null } {
  return (value === undefined ? {} : { [key]: known ? value : null }) as { readonly [_ in K]?: V | null };
}

/** What all access logs of a job together can tell. */
function measuredBy(formats: readonly AccessFields[]): Measured {
  const some = (has: (fields: AccessFields) => boolean) => formats.some(has);
  return {
    status: some(({ status }) => status),
    requestTime: some(({ requestTime }) => requestTime),
    upstreams: some(({ upstreams }) => upstreams),
    peers: some(({ peers }) => peers),
    statuses: some(({ statuses }) => statuses),
    connectTime: some(({ connectTime }) => connectTime),
    responseTime: some(({ responseTime }) => responseTime),
  };
}
