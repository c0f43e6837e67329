import { catalogue } from '../../charts/catalogue.ts';
import { encode } from '../../charts/encode.ts';
import { nothingDrawn, plan as planCharts, retireAll } from '../../charts/plan.ts';
import type { PlanContext } from '../../charts/update.ts';
import { explainDifference } from '../aggregate/failures/reconciliation.ts';
import type { InstanceCaps } from '../aggregate/instances.ts';
import { createJobAggregate } from '../aggregate/job.ts';
import { createVitals, type PeerCharts } from '../aggregate/windows/vitals.ts';
import type { ProbeMode } from '../diagnose/facts/probe.ts';
import type { NginxRead } from '../discover/follow/read-nginx.ts';
import type { JobNow } from '../functions/facts.ts';
import type { CountedLine, ErrorLine, JobSnapshot, PluginLoad } from '../model.ts';
import type { Conditions, Log } from '../netdata/log.ts';
import { createLearnedUpstreams } from '../nginx/learned-upstreams.ts';
import { createWallSecondReader } from '../parse/wall-clock.ts';
import type { Clock } from '../system/clock.ts';
import type { Resolve } from '../system/network/dns.ts';
import type { Connect } from '../system/network/net.ts';
import { createPeerCauses } from './causes/peer-causes.ts';
import { createChartedPeersNote } from './charted-peers.ts';
import { createJobLogs } from './logs/job-logs.ts';
import type { LogPorts } from './logs/logs.ts';
import { createNginxServer } from './nginx/server.ts';
import type { JobPlan } from './plan/job-plan.ts';

/** One nginx at work: its sources, what they are counted into, and what has been drawn of it. */
export interface Job {
  /** Goes by this plan from now on: what is in both continues without losing a line. */
  follow(plan: JobPlan): void;
  /** Reads what its sources have, for so long at most. */
  drain(longestMs: number): void;
  /** What has to be sent to Netdata now. */
  draw(context: PlanContext, load: PluginLoad): string;
  /** What it knew when it was drawn last, for the Functions; null: it has not been drawn yet. */
  now(): JobNow | null;
  /** The nginx it is about; null: none is known. */
  nginx(): NginxRead | null;
  /** Saves how far its logs have been read: what was drawn has been sent. */
  remember(): void;
  /** The last words about its charts; its sources are closed. */
  retire(): string;
}

/** What a job needs of the world. */
export interface JobPorts extends Omit<LogPorts, 'now'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly conditions: Conditions;
  readonly resolve: Resolve;
  readonly connect: Connect;
  readonly probe: ProbeMode;
  readonly peerCharts: PeerCharts;
  /** Where state may be kept; null outside Netdata. */
  readonly libDirectory: string | null;
  /** CPU time of this process, microseconds. */
  readonly cpuUs: () => number;
}

export function startJob(first: JobPlan, caps: InstanceCaps, ports: JobPorts): Job {
  const { clock, conditions } = ports;
  const { name } = first;
  let plan = first;
  const upstreamOf = createLearnedUpstreams(
    (peer, proxyHost, protocol) =>
      plan.upstreamOf === null || protocol === 'mail'
        ? (proxyHost ?? peer)
        : plan.upstreamOf(peer, proxyHost, protocol),
    (upstream) => plan.isBalancedByLua(upstream),
  );
  const aggregate = createJobAggregate({ job: name, caps, isOpen: (upstream) => plan.isOpen(upstream), upstreamOf });
  const now = () => clock.monotonicUs() / 1000;
  const logs = createJobLogs(name, aggregate, record, { ...ports, now });
  const server = createNginxServer(name, first, ports);
  const causes = createPeerCauses(name, upstreamOfFailed, ports);
  const vitals = createVitals(ports.peerCharts);
  const noteChartedPeers = createChartedPeersNote(name, ports.peerCharts, ports.log);
  const wallSecondOf = createWallSecondReader();
  const windowsKey = `${name} windows`;
  let isRestored = false;
  let pages = { ok: 0, failing: 0 };
  let drawn = nothingDrawn;
  let latest: JobSnapshot | null = null;
  try {
    follow(first);
  } catch (error) {
    close();
    throw error;
  }

  function upstreamOfFailed(peer: string, protocol: ErrorLine['protocol']): string {
    return upstreamOf(peer, null, protocol);
  }

  function follow(next: JobPlan): void {
    plan = next;
    logs.follow(next);
    server.follow(next);
    causes.follow(next.nginx, next.coverage.flushSeconds);
    aggregate.configure(next.peers, next.upstreams, clock.monotonicUs());
    aggregate.cover(next.coverage);
    conditions.set(`${name} hidden failures`, next.hidden);
  }

  function close(): void {
    logs.close();
    conditions.drop(`${name} reconciliation`);
    conditions.drop(`${name} hidden failures`);
    server.close();
    causes.close();
  }

  function record(line: CountedLine, times: number): void {
    aggregate.errorLine(line, clock.monotonicUs(), wallSecondOf(line.time), times);
    // What a client may have chosen is not looked into, nor connected to.
    const failed = line.upstream === null ? null : upstreamOfFailed(line.upstream.peer, line.protocol);
    if (failed === null || !plan.isOpen(failed)) causes.record(line, times);
    // The master's own words, src/os/unix/ngx_process.c:ngx_process_get_status.
    if (line.connection === null && /^worker process \d+ exited on signal \d/.test(line.message)) server.workerDied();
  }

  function health() {
    const health = logs.health();
    const hidden = plan.hidden === null ? 0 : 1;
    return {
      ...health,
      // What is hidden is a gap, never a zero.
      errorLogsFine: health.errorLogsFine && hidden === 0,
      ok: health.ok + pages.ok,
      failing: health.failing + pages.failing + hidden,
    };
  }

  return {
    follow,

    drain(longestMs) {
      aggregate.beginTick(clock.monotonicUs(), clock.wallMs());
      if (!isRestored) aggregate.restoreWindows(ports.checkpoint.get(windowsKey));
      isRestored = true;
      logs.drain(longestMs);
      // Who can have written these lines is asked after they were read: their writer may just have been started.
      pages = server.drain(clock.monotonicUs());
      logs.settle(server.writers());
      aggregate.setWorkers(server.workers());
      causes.tick(clock.monotonicUs());
    },

    draw(context, load) {
      const nowUs = clock.monotonicUs();
      const counted = aggregate.snapshot(nowUs, health(), load, context.updateEvery);
      const snapshot = vitals.complete(causes.complete(server.complete(counted, nowUs)), nowUs, server.down(nowUs));
      latest = snapshot;
      noteChartedPeers(snapshot.peers.length);
      const difference = snapshot.reconciliation ? explainDifference(snapshot.reconciliation) : null;
      conditions.set(`${name} reconciliation`, difference);
      const next = planCharts(catalogue, snapshot, drawn, context);
      drawn = next.drawn;
      return encode(next.actions);
    },

    now: () => (latest === null ? null : { snapshot: latest, verdicts: causes.verdicts() }),
    nginx: () => plan.nginx,
    remember() {
      logs.remember();
      ports.checkpoint.set(windowsKey, aggregate.saveWindows());
    },

    retire() {
      close();
      return encode(retireAll(drawn));
    },
  };
}
