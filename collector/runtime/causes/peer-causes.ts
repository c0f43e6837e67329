import { tally as zeros } from '../../aggregate/failures/tally.ts';
import type { Facts } from '../../diagnose/facts/facts.ts';
import { createFailureTally } from '../../diagnose/facts/failures.ts';
import { gather, type NginxSeen } from '../../diagnose/facts/gather.ts';
import type { DiagnosePorts } from '../../diagnose/facts/ports.ts';
import { createProber, type ProbeMode } from '../../diagnose/facts/probe.ts';
import { type Judged, judge } from '../../diagnose/rules/judge.ts';
import { word } from '../../diagnose/words/wording.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import type { Verdict } from '../../functions/facts.ts';
import { type Counts, type ErrorLine, type JobSnapshot, type PeerCause, peerCauses } from '../../model.ts';
import type { Conditions, Log } from '../../netdata/log.ts';
import { createProcfs } from '../../source/procfs.ts';
import type { Accounts } from '../../system/accounts.ts';
import { type Clock, localTime } from '../../system/clock.ts';
import type { Resolve } from '../../system/dns.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { Connect } from '../../system/net.ts';
import { nodeStateFile } from '../../system/state-file.ts';
import { nginxSeen } from '../nginx/seen.ts';
import { listenersFiles } from './listeners-file.ts';
import { createPeerWatch } from './peer-memory.ts';
import { verdictsOf } from './verdicts.ts';

/** Measure 11: why the peers of a job fail, found while they do. */
export interface PeerCauses {
  /** Goes by this nginx from now on; null: none is known. */
  follow(nginx: Pick<NginxRead, 'found' | 'configuration'> | null): void;
  record(line: ErrorLine): void;
  /** Looks at what is due; never waits. */
  tick(nowUs: number): void;
  /** Why what fails now fails, as the last diagnosis said; costs nothing. */
  verdicts(): readonly Verdict[];
  /** The snapshot with the causes of its peers. */
  complete(snapshot: JobSnapshot): JobSnapshot;
  close(): void;
}

export interface CausePorts {
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly resolve: Resolve;
  readonly connect: Connect;
  readonly conditions: Conditions;
  readonly log: Log;
  readonly probe: ProbeMode;
  readonly hostPrefix: string;
  /** NETDATA_LIB_DIR; null outside Netdata. */
  readonly libDirectory: string | null;
}

/** A cause stands as long as its failures are that recent, as alerts look at them. */
const standsMs = 60_000;
const noCauses = zeros(peerCauses);
/** One look lasts as long as a probe may not be repeated. */
const againUs = 10_000_000;
const mostPeers = 50;

export function createPeerCauses(
  job: string,
  upstreamOf: Parameters<typeof createFailureTally>[0],
  ports: CausePorts,
): PeerCauses {
  const { fs, clock, conditions, log, hostPrefix, accounts } = ports;
  const procRoot = `${hostPrefix}/proc`;
  const diagnosePorts: DiagnosePorts = {
    fs,
    proc: createProcfs(fs, procRoot),
    procRoot,
    resolve: ports.resolve,
    connect: ports.connect,
    wallMs: clock.wallMs,
    userName: accounts.userName,
    groupName: accounts.groupName,
  };
  const tally = createFailureTally(upstreamOf, mostPeers);
  const prober = createProber(ports.probe, ports.connect, () => clock.monotonicUs() / 1000);
  const watch = createPeerWatch(diagnosePorts, clock, stateFile, conditions);
  let nginx: Pick<NginxRead, 'found' | 'configuration'> | null = null;
  let judged: readonly Judged[] = [];
  let judgedFrom: Facts | null = null;
  /** The verdicts that stand in the log, by peer: evidence may change each time, a verdict is told once. */
  const told = new Map<string, string>();
  let failures = 0;
  let judgedFailures = 0;
  let judgedUs = Number.NEGATIVE_INFINITY;
  let busy = false;
  let closed = false;

  function stateFile() {
    if (nginx === null || ports.libDirectory === null) return null;
    const [path] = listenersFiles(ports.libDirectory, nginx.found);
    return path === undefined ? null : nodeStateFile(path);
  }

  function seenNow(): NginxSeen {
    if (nginx !== null) return nginxSeen(nginx, watch.remembered, { fs, hostPrefix });
    return {
      masterPid: null,
      sharesFile: () => true,
      workers: [],
      configuration: null,
      conf: null,
      command: 'nginx',
      loadedMs: null,
      place: (path) => hostPrefix + path,
      remembered: watch.remembered,
    };
  }

  async function diagnose(nowUs: number): Promise<void> {
    busy = true;
    judgedUs = nowUs;
    judgedFailures = failures;
    try {
      const seen = seenNow();
      watch.look(seen, nowUs, 'once');
      const facts = await gather(tally.failing(), seen, prober, diagnosePorts);
      if (closed) return;
      const before = judged;
      judgedFrom = facts;
      judged = judge(facts, (ms) => localTime(ms, facts.nowMs));
      for (const { name } of before) if (!judged.some((each) => each.name === name)) tellEnd(name);
      for (const each of judged) {
        const [finding] = each.findings;
        if (finding === undefined) continue;
        const { what, next } = word(finding, each, facts);
        const verdict = `${finding.code} (${finding.sureness})`;
        if (told.get(each.name) === verdict) continue;
        told.set(each.name, verdict);
        const evidence = finding.evidence.join('; ');
        log.warning(`${each.name}: ${verdict}: ${what}; ${evidence}; next: ${next[0]}`, { job });
      }
    } finally {
      busy = false;
    }
  }

  function tellEnd(name: string): void {
    if (told.delete(name)) log.info(`${name}: no failure any more`, { job });
  }

  function forget(): void {
    tally.forgetBefore(clock.wallMs() - standsMs);
    const { peers, groups, nginx: own } = tally.failing();
    const failing = new Set([...peers.map(({ peer }) => peer), ...groups.map(({ upstream }) => upstream)]);
    const stands = ({ name, subject: { is } }: Judged): boolean => (is === 'nginx' ? own.size > 0 : failing.has(name));
    for (const each of judged) if (!stands(each)) tellEnd(each.name);
    judged = judged.filter(stands);
  }

  /** A group without a live peer is each of its peers' trouble, and nginx's own limits are everybody's. */
  function causesOf(peer: string, upstream: string): Counts<PeerCause> {
    const concern = judged.filter(({ subject: { is }, name }) =>
      is === 'peer' ? name === peer : is !== 'group' || name === upstream,
    );
    if (concern.length === 0) return noCauses;
    const causes = { ...noCauses };
    for (const { findings, subject: of } of concern) {
      // A name that does not resolve is no cause of the peers that have an address.
      for (const { code } of findings) if (of.is !== 'nginx' || code !== 'unknown') causes[code] = 1;
    }
    return causes;
  }

  /** In the words of alerts: the peer's own finding, else its group's, else nginx's. */
  function verdictOf(peer: string, upstream: string): { readonly verdict?: string } {
    const own = judged.find(({ subject, name }) => subject.is === 'peer' && name === peer);
    const group = judged.find(({ subject, name }) => subject.is === 'group' && name === upstream);
    const [finding] = (own ?? group ?? judged.find(({ subject }) => subject.is === 'nginx'))?.findings ?? [];
    return finding === undefined ? {} : { verdict: `${finding.code.replaceAll('_', ' ')} (${finding.sureness})` };
  }

  return {
    follow(next) {
      nginx = next;
    },
    record(line) {
      tally.record(line, clock.wallMs());
      failures = tally.count();
    },
    tick(nowUs) {
      forget();
      if (busy) return;
      if (failures !== judgedFailures && nowUs - judgedUs >= againUs) {
        diagnose(nowUs).catch((error: unknown) => log.error(`diagnosing: ${error}`, { job }));
      } else if (nginx !== null) {
        watch.look(
          { masterPid: nginx.found.master?.pid ?? null, configuration: nginx.configuration },
          nowUs,
          'when due',
        );
      }
    },
    verdicts: () => (judgedFrom === null ? [] : verdictsOf(judged, judgedFrom)),
    complete: (snapshot) => ({
      ...snapshot,
      peers: snapshot.peers.map((each) =>
        each.origin === 'other'
          ? each
          : { ...each, ...verdictOf(each.peer, each.upstream), causes: causesOf(each.peer, each.upstream) },
      ),
    }),
    close() {
      closed = true;
    },
  };
}
