import { isObject } from '../base/json.ts';
import type {
  ConfiguredPeer,
  CountedLine,
  JobSnapshot,
  LogTotals,
  PeerSnapshot,
  PluginLoad,
  UpstreamOf,
  UpstreamSnapshot,
} from '../model.ts';
import { type AccessLogCounter, type AccessLogOptions, createAccessCounting } from './access/access.ts';
import { type Measured, measuredBy } from './access/snapshot.ts';
import {
  createFailures,
  newPeerCounters,
  newUpstreamCounters,
  type PeerCounters,
  type UpstreamCounters,
} from './failures/failures.ts';
import { createPassiveHealth, isCountedAgainstPeer } from './failures/passive-health.ts';
import { createReconciliation } from './failures/reconciliation.ts';
import { createInstances, type InstanceCaps, sharedPeer } from './instances.ts';
import { peerSnapshots, type TickFacts, upstreamSnapshots } from './snapshots.ts';
import { createSteadySnapshots } from './steady.ts';
import { ageOf, oldestInWindows } from './time/age.ts';
import { type CoverageFacts, createCoverage } from './windows/coverage.ts';
import { peerEvents } from './windows/peer.ts';
import { restoreWindows, saveWindows } from './windows/saved.ts';
import { longestFailTimeouts, upstreamEvents, type WindowView } from './windows/upstream.ts';

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
  /**
   * @param wallSecond when it was written, as parse/wall-clock.ts has it; -1 when it does not say
   * @param times so many alike; one without it
   */
  errorLine(line: CountedLine, nowUs: number, wallSecond?: number, times?: number): void;
  /** One more access log whose lines are counted. */
  addAccessLog(options: AccessLogOptions): AccessLogCounter;
  /** It is no longer followed: what only it could show is no longer drawn. */
  removeAccessLog(options: AccessLogOptions): void;
  /** The upstreams and peers of nginx's configuration: they have charts before a log has named them. */
  configure(peers: readonly ConfiguredPeer[], upstreams: readonly string[], nowUs: number): void;
  /** The pids of the workers that take new requests, as they write them to the error log; null when not known. */
  setWorkers(pids: readonly number[] | null): void;
  /** Which upstreams' requests are in the access logs. */
  cover(facts: CoverageFacts): void;
  /** To be called before the sources of a tick are read; `wallMs` is the wall clock then. */
  beginTick(nowUs: number, wallMs?: number): void;
  /** All that is known now. A source that failed makes its measures null: a gap, never a zero. */
  snapshot(nowUs: number, health: SourceHealth, load: PluginLoad, updateEvery?: number): JobSnapshot;
  /** What alerts check, for the next process of the plugin. */
  saveWindows(): unknown;
  /** To be called once, after the configuration is known and the first tick has begun. */
  restoreWindows(saved: unknown): void;
}

export interface JobOptions {
  readonly job: string;
  readonly caps: InstanceCaps;
  readonly upstreamOf: UpstreamOf;
  /** Whether peers of this upstream share one instance. */
  readonly isOpen?: (upstream: string) => boolean;
}

/** The clock may have begun a moment ago, and windows hold what was before it: their seconds begin here. */
const secondsBefore = 1_000;

/** Everything that is counted for one job: events in, snapshots out. */
export function createJobAggregate({ job, caps, upstreamOf, isOpen = () => false }: JobOptions): JobAggregate {
  const peers = createInstances(caps, newPeerCounters, isOpen);
  const upstreams = createInstances(caps, newUpstreamCounters);
  const coverage = createCoverage();
  const failures = createFailures(peers, upstreams, upstreamOf, coverage);
  const access = createAccessCounting(peers, upstreams, upstreamOf, { secondOf, attempted: coverage.attempted });
  const reconcile = createReconciliation();
  const formats = new Set<AccessLogOptions>();
  const passive = createPassiveHealth();
  /** The longest fail_timeout of each upstream's peers. */
  let failTimeouts: ReadonlyMap<string, number> = new Map();
  let tick = { second: 0, wallSecond: 0 };
  const peersNow = createSteadySnapshots<PeerCounters, PeerSnapshot>();
  const upstreamsNow = createSteadySnapshots<UpstreamCounters, UpstreamSnapshot>();
  /** What the access logs can show, and how often that and the configuration have changed. */
  let measured = measuredBy([]);
  let changes = 0;

  function measure(): void {
    measured = measuredBy([...formats].map(({ fields }) => fields));
    changes++;
  }

  function secondOf(wallSecond: number): number {
    const age = ageOf(wallSecond, tick.wallSecond);
    return age > oldestInWindows ? -1 : tick.second - age;
  }

  function settleWindows(accessLogsFine: boolean): void {
    access.settle(tick.second);
    for (const { upstream, counters } of upstreams.all()) if (counters.access !== null) coverage.seen(upstream);
    const unaccounted = coverage.settle(tick.second, accessLogsFine);
    if (unaccounted.size === 0) return;
    for (const { upstream, peer, counters } of peers.all()) {
      const count = unaccounted.get(peer) ?? 0;
      if (count === 0) continue;
      counters.window.add('unaccounted', tick.second, count);
      coverage.missed(upstream, count);
    }
  }

  const viewOf = (upstream: string, updateEvery: number): WindowView => ({
    second: tick.second,
    nowSeconds: Math.max(5, updateEvery),
    failTimeout: failTimeouts.get(upstream) ?? 0,
    isCovered: coverage.isCovered(upstream),
  });

  const accessPart = (measured: Measured, fine: boolean) => {
    const requestTime = access.takeRequestTime();
    return {
      ...(measured.status ? { requests: fine ? access.requests() : null } : {}),
      ...(measured.requestTime ? { requestTime: fine ? requestTime : null } : {}),
    };
  };

  const reconciliationPart = (nowUs: number, { peers, connectTime }: Measured, fine: boolean) => {
    const isTold = peers && connectTime;
    const totals = reconcile(nowUs, { ...failures.reconcilable(), accessLog: access.connectFailed(), isTold });
    return isTold ? { reconciliation: fine ? totals : null } : {};
  };

  function judge({ kind, action, upstream, protocol, pid }: CountedLine, nowUs: number, times: number): void {
    if (upstream === null) return;
    const name = upstreamOf(upstream.peer, null, protocol);
    if (kind === 'disabled') passive.disabled(name, upstream.peer, pid, nowUs);
    else if (isCountedAgainstPeer(kind, action)) passive.failed(name, upstream.peer, pid, nowUs, times);
  }

  function settle(nowUs: number): void {
    for (const { upstream, peer, counters } of peers.all()) {
      if (counters.access && counters.access.answered > 0) passive.succeeded(upstream, peer, nowUs);
    }
    passive.settle(nowUs);
  }

  return {
    errorLine(line, nowUs, wallSecond = -1, times = 1) {
      failures.record(line, nowUs, secondOf(wallSecond), times);
      judge(line, nowUs, times);
    },
    setWorkers: passive.setWorkers,
    addAccessLog(options) {
      formats.add(options);
      measure();
      return access.addLog(options);
    },
    removeAccessLog(options) {
      formats.delete(options);
      measure();
      access.removeLog(options);
    },
    configure(configured, names, nowUs) {
      changes++;
      passive.configure(configured);
      failTimeouts = longestFailTimeouts(configured);
      const shared = names.filter(isOpen).map((upstream) => ({ upstream, peer: sharedPeer }));
      peers.configure([...configured.map(({ instance, peer }) => ({ upstream: instance, peer })), ...shared], nowUs);
      const all = new Set([...names, ...configured.map(({ instance }) => instance)]);
      upstreams.configure(
        Array.from(all, (name) => ({ upstream: name, peer: name })),
        nowUs,
      );
    },
    cover: coverage.follow,
    beginTick(nowUs, wallMs = 0) {
      tick = { second: secondsBefore + Math.floor(nowUs / 1e6), wallSecond: Math.floor(wallMs / 1000) };
      access.beginTick(nowUs);
    },

    saveWindows: () => ({
      upstreams: saveWindows(upstreams.all(), tick.second, tick.wallSecond),
      peers: saveWindows(peers.all(), tick.second, tick.wallSecond),
      uncovered: coverage.save(),
    }),

    restoreWindows(saved) {
      if (!isObject(saved)) return;
      const { upstreams: ofUpstreams, peers: ofPeers, uncovered } = saved;
      const { second, wallSecond } = tick;
      const nowUs = (second - secondsBefore) * 1e6;
      const upstreamSeconds = (name: string, peer: string) => upstreams.at(name, peer, nowUs).counters.window.seconds;
      const peerSeconds = (name: string, peer: string) => peers.at(name, peer, nowUs).counters.window.seconds;
      restoreWindows(ofUpstreams, upstreamEvents, upstreamSeconds, second, wallSecond);
      restoreWindows(ofPeers, peerEvents, peerSeconds, second, wallSecond);
      if (Array.isArray(uncovered)) coverage.restore(uncovered.filter((name) => typeof name === 'string'));
      for (const { upstream, counters } of upstreams.all()) counters.window.replay(viewOf(upstream, 1));
      for (const { upstream, counters } of peers.all()) counters.window.replay(viewOf(upstream, 1));
    },

    snapshot(nowUs, health, load, updateEvery = 1) {
      peers.expire(nowUs);
      upstreams.expire(nowUs);
      access.mergeTimes();
      settle(nowUs);
      settleWindows(health.accessLogsFine);
      const known = health.errorLogsFine;
      const fine = health.accessLogsFine;
      const facts: TickFacts = {
        nowUs,
        second: tick.second,
        measured,
        errorLogsFine: known,
        accessLogsFine: fine,
        viewOf: (upstream) => viewOf(upstream, updateEvery),
        passive,
      };
      // Everything but the time.
      const terms = [known, fine, updateEvery, changes, coverage.version(), passive.version()].join(' ');
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
        upstreams: upstreamsNow.of(upstreams.all(), terms, upstreamSnapshots(facts)),
        peers: peersNow.of(peers.all(), terms, peerSnapshots(facts)),
      };
    },
  };
}
