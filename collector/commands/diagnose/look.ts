/** One nginx checked: its logs, its sockets, its peers, and what is made of them. */

import { gather } from '../../diagnose/facts/gather.ts';
import { recall } from '../../diagnose/facts/memory.ts';
import { stoppedWorkers } from '../../diagnose/facts/nginx.ts';
import type { DiagnosePorts } from '../../diagnose/facts/ports.ts';
import { createProber, type ProbeMode } from '../../diagnose/facts/probe.ts';
import { mailAuthPeer } from '../../diagnose/facts/servers.ts';
import { isByStranger } from '../../diagnose/facts/writers.ts';
import { withStall } from '../../diagnose/impact/answers.ts';
import { createFailureTally } from '../../diagnose/impact/failures.ts';
import { withPending, withStopped } from '../../diagnose/impact/pending.ts';
import { keepEnded, recallVerdicts } from '../../diagnose/rules/ended.ts';
import { judge } from '../../diagnose/rules/judge.ts';
import { changedFiles } from '../../discover/check/facts.ts';
import { procFolder, procOf } from '../../discover/find/find-nginx.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import { nginxResolver } from '../../discover/names.ts';
import type { UpstreamOf } from '../../model.ts';
import type { NetdataEnvironment } from '../../netdata/environment.ts';
import { createLearnedUpstreams } from '../../nginx/learned-upstreams.ts';
import { namesToResolve, withAddresses } from '../../nginx/peers.ts';
import { parseFirewall } from '../../parse/firewall/parse.ts';
import { listenersFiles, verdictsFiles } from '../../runtime/causes/state-files.ts';
import type { JobNginx } from '../../runtime/findings.ts';
import { diagnosedNginx } from '../../runtime/nginx/seen.ts';
import { type JobPlan, planJob } from '../../runtime/plan/job-plan.ts';
import { readFirewall } from '../../source/firewall.ts';
import { nodeAccounts } from '../../system/accounts.ts';
import { localTime, systemClock } from '../../system/clock.ts';
import { attempt, nodeFileSystem } from '../../system/fs.ts';
import { askNames, type NameBudget } from '../../system/network/ask-names.ts';
import { type Resolve, resolveName } from '../../system/network/dns.ts';
import { connectOnce } from '../../system/network/net.ts';
import { execute } from '../../system/process/exec.ts';
import { nodeStateFile } from '../../system/state-file.ts';
import { type Diagnosis, isMeantPeer } from './diagnosis.ts';
import { createImpactTally, errorsOf } from './impact.ts';
import { readRecentAccess } from './recent/access.ts';
import { readRecentLines } from './recent/lines.ts';
import { readWriters } from './recent/log-writers.ts';
import { silentLogs } from './recent/silent-logs.ts';
import { lookAtSockets } from './waiting-peers.ts';

export interface LookOptions {
  readonly peer: string | null;
  readonly sinceMs: number;
}

/** More are not checked one by one. */
const mostPeers = 200;

async function withNames(read: NginxRead, budget: NameBudget) {
  const resolve = nginxResolver(read.found, resolveName, nodeFileSystem);
  const { addresses, open } = await askNames(namesToResolve(read.configuration), resolve, budget);
  // Each name is asked once: what is not known by now is not asked again.
  const known: Resolve = async (name) => {
    const found = addresses.get(name);
    return found === undefined ? { ok: false, code: 'ETIMEOUT' } : { ok: true, addresses: found };
  };
  return { openNames: open, known, read: { ...read, configuration: withAddresses(read.configuration, addresses) } };
}

function readState(files: readonly string[]): string {
  for (const path of files) {
    const text = attempt(() => nodeStateFile(path).read());
    if (text.ok) return text.value;
  }
  return '';
}

/** @param readMs when the logs were read: all verdicts are of that moment */
function diagnosePorts(hostPrefix: string, resolve: Resolve, readMs: number): DiagnosePorts {
  const fs = nodeFileSystem;
  return {
    fs,
    proc: procOf({ fs, hostPrefix }),
    procRoot: procFolder(hostPrefix),
    resolve,
    connect: connectOnce,
    wallMs: () => readMs,
    async firewall() {
      const printed = await readFirewall(execute, fs, process.getuid?.() === 0);
      return printed === null ? null : parseFirewall(printed);
    },
    ...nodeAccounts(hostPrefix),
  };
}

/** What the access log says of peers that only Lua knows is used for error lines, too: it is read before them. */
function upstreamsOf({ upstreamOf, isBalancedByLua }: JobPlan): UpstreamOf {
  return createLearnedUpstreams(
    (peer, host, protocol) => upstreamOf?.(peer, host, protocol === 'mail' ? null : protocol) ?? host ?? peer,
    isBalancedByLua,
  );
}

/** @param masters of every nginx: several may write to one log */
export async function diagnoseJob(
  { job, settings, read: unresolved }: JobNginx,
  masters: readonly number[],
  options: LookOptions,
  probe: ProbeMode,
  budget: NameBudget,
  { hostPrefix, libDirectory }: Pick<NetdataEnvironment, 'hostPrefix' | 'libDirectory'>,
): Promise<Diagnosis> {
  const fs = nodeFileSystem;
  const { read, openNames, known } = await withNames(unresolved, budget);
  const followed = { read, pending: null, previous: [], newLogs: new Set<string>() };
  const plan = planJob(settings, job, followed, { fs, hostPrefix });
  const nowMs = systemClock.wallMs();
  const fromMs = nowMs - options.sinceMs;
  const recent = { fs, execute, follow: read.found.view.follow, hostPrefix };
  const named = upstreamsOf(plan);
  const { clients, accessRead } = readClients(nowMs);
  // Read after the access log: nginx writes the line of a failure before the request's own, so none is unexplained.
  const specs = plan.errorLogs.map(({ spec }) => spec);
  const logs = await readRecentLines(specs, fromMs, recent);
  const readMs = systemClock.wallMs();
  const impact = clients.result(accessRead);
  // What was named by hand is believed to hold them.
  const unread = logs.unread.map(({ log }) => log);
  const silent = settings.errorLogs === null ? silentLogs(read.configuration, unread) : { unread: [], isAll: false };
  const upstreamOf = (peer: string, protocol: Parameters<UpstreamOf>[2]): string => named(peer, null, protocol);
  const tally = createFailureTally(upstreamOf, mostPeers, () => mailAuthPeer(read.configuration));
  // A log that was named by hand may be another nginx's, whose pids are not known here.
  const writers = settings.errorLogs === null ? readWriters(masters, procOf({ fs, hostPrefix })) : null;
  let strange = 0;
  for (const { line, ms } of logs.lines) {
    if (writers !== null && isByStranger(line.pid, ms, writers)) strange++;
    else tally.record(line, ms);
  }
  const ports = diagnosePorts(hostPrefix, known, readMs);
  const remembered = recall(readState(listenersFiles(libDirectory, read.found)));
  const failed = tally.failing();
  const upstreams = new Map([...plan.peers].map(({ peer, instance }) => [peer, instance]));
  for (const { peer, upstream } of failed.peers) upstreams.set(peer, upstream);
  for (const peer of clients.answered()) if (!upstreams.has(peer)) upstreams.set(peer, upstreamOf(peer, null));
  const master = read.found.master?.pid ?? null;
  const waiting = await lookAtSockets([...upstreams.keys()], clients.stalls, readMs, master, ports);
  const answersOf = (peer: string) => withStall(clients.answers(peer), waiting.stalled(peer));
  const seen = diagnosedNginx(read, remembered, answersOf, { fs, hostPrefix });
  const failing = failingNow();
  const isQuiet = failing.peers.length + failing.groups.length + failing.names.length + failing.nginx.size === 0;
  const prober = createProber(probe, connectOnce, () => systemClock.monotonicUs() / 1000);
  const facts = isQuiet ? null : await gather(failing, seen, prober, ports);
  const hurt = (upstream: string): number => {
    const counts = impact.upstreams.get(upstream);
    return counts === undefined ? 0 : errorsOf(counts);
  };
  const verdicts = recallVerdicts(readState(verdictsFiles(libDirectory, read.found)));
  const judged =
    facts === null
      ? []
      : judge(facts, (ms) => localTime(ms, nowMs), hurt).map((each) =>
          keepEnded(each, verdicts(each.name), facts.nowMs),
        );
  const hushed = options.peer === null && isQuiet ? stillHushed() : [];
  const notLoaded = read.dumped ? [] : (changedFiles(read.found, read.configuration, { fs, hostPrefix }) ?? []);
  return { job, read, openNames, logs, silent, strange, impact, notLoaded, facts, judged, hushed, nowMs };

  /** Client results of the minute before, by the access logs as they are now. */
  function readClients(atMs: number) {
    const tally = createImpactTally(named, atMs, plan.coverage.flushSeconds * 1000);
    const readLogs = readRecentAccess(plan.accessLogs, recent, ({ record, program }, log, ms) => {
      tally.record(record, program.has, log.legacyConnectTime, ms);
    });
    return { clients: tally, accessRead: readLogs };
  }

  /** What was answered while the sockets were counted is in the log by now. */
  function stillHushed(): Diagnosis['hushed'] {
    if (waiting.hushed.size === 0) return [];
    const againMs = systemClock.wallMs();
    const { clients: later } = readClients(againMs);
    return [...waiting.hushed].flatMap(([peer, requests]) => {
      const silentMs = againMs - (later.answers(peer)?.lastConnectedMs ?? againMs);
      return later.stalls.isHushed(peer, againMs) ? [{ peer, requests, silentMs }] : [];
    });
  }

  function failingNow() {
    const pending = Array.from(upstreams, ([peer, upstream]) => ({
      peer,
      upstream,
      sockets: waiting.sockets(peer),
      answers: answersOf(peer),
      left: clients.left(peer),
    }));
    const stopped = stoppedWorkers(seen, ports).length;
    const whole = withStopped(withPending(failed, pending, clients.erring(), readMs), stopped, readMs);
    const { peer: wanted } = options;
    if (wanted === null) return whole;
    return {
      peers: whole.peers.filter(({ peer }) => isMeantPeer(wanted, peer)),
      groups: whole.groups.filter(({ upstream }) => upstream === wanted),
      names: whole.names.filter(({ name }) => name === wanted),
      nginx: new Map(),
    };
  }
}
