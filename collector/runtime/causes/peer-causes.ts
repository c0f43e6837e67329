import { createSteadyMap } from '../../base/steady.ts';
import { gather } from '../../diagnose/facts/gather.ts';
import type { DiagnosedNginx, DiagnosePorts } from '../../diagnose/facts/ports.ts';
import { createProber, type ProbeMode } from '../../diagnose/facts/probe.ts';
import { mailAuthPeer } from '../../diagnose/facts/servers.ts';
import { createAnswerTally, withStall } from '../../diagnose/impact/answers.ts';
import { createFailureTally, type Failing } from '../../diagnose/impact/failures.ts';
import { withPending } from '../../diagnose/impact/pending.ts';
import { createStallTally, hungRequests } from '../../diagnose/impact/stalls.ts';
import { noSockets } from '../../diagnose/impact/traffic.ts';
import { judge } from '../../diagnose/rules/judge.ts';
import { procFolder, procOf } from '../../discover/find/find-nginx.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import type { Verdict } from '../../functions/facts.ts';
import type { CountedLine, JobSnapshot, PeerSnapshot } from '../../model.ts';
import { createBoundedLog } from '../../netdata/bounded-log.ts';
import type { Conditions, Log } from '../../netdata/log.ts';
import type { Accounts } from '../../system/accounts.ts';
import { type Clock, localTime } from '../../system/clock.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { Resolve } from '../../system/network/dns.ts';
import type { Connect } from '../../system/network/net.ts';
import { nodeStateFile, type StateFile } from '../../system/state-file.ts';
import { keepState } from '../kept-state.ts';
import { diagnosedNginx } from '../nginx/seen.ts';
import { createAnswerNotes, isConnected } from './answer-notes.ts';
import { createPeerWatch } from './peer-memory.ts';
import { listenersFiles, verdictsFiles } from './state-files.ts';
import { createSuspects } from './suspects.ts';
import { concerning, createVerdicts, isEmpty, isNew, isUnconcerned, verdictsOf, withCauses } from './verdicts.ts';

/** Why the peers of a job fail, found while they do. */
export interface PeerCauses {
  /** Goes by this nginx from now on; null: none is known. `flushSeconds`: it may keep access lines back for so long. */
  follow(nginx: Pick<NginxRead, 'found' | 'configuration'> | null, flushSeconds: number): void;
  record(line: CountedLine, times: number): void;
  /** Checks what is due; never waits. */
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

/** A verdict stands so long after the last failure, as the texts of alerts need it. */
const standsMs = 120_000;
/** A new failure is checked in its own second, once more soon after it, then as often as a probe may be repeated. */
const soonUs = 1_000_000;
const pacesUs = [3_000_000, 7_000_000, 10_000_000] as const;
const mostPeers = 50;
/** Lines a minute about verdicts: more than anybody reads while pods are replaced. */
const mostLogged = 30;

export function createPeerCauses(
  job: string,
  upstreamOf: Parameters<typeof createFailureTally>[0],
  ports: CausePorts,
): PeerCauses {
  const { fs, clock, conditions, log, hostPrefix, accounts } = ports;
  const diagnosePorts: DiagnosePorts = {
    fs,
    proc: procOf(ports),
    procRoot: procFolder(hostPrefix),
    resolve: ports.resolve,
    connect: ports.connect,
    wallMs: clock.wallMs,
    userName: accounts.userName,
    groupName: accounts.groupName,
    // The plugin runs no programs; it has no right to read the rules anyway.
    firewall: async () => null,
  };
  const tally = createFailureTally(upstreamOf, mostPeers, () => mailAuthPeer(nginx?.configuration ?? null));
  const answers = createAnswerTally(1000);
  const stalls = createStallTally(1000, () => bufferedMs);
  const notes = createAnswerNotes(answers, stalls);
  const suspects = createSuspects(diagnosePorts);
  const prober = createProber(ports.probe, ports.connect, () => clock.monotonicUs() / 1000);
  const watch = createPeerWatch(diagnosePorts, clock, () => stateFile(listenersFiles), conditions);
  const rest = `'nginx-upstream diagnose' shows the cause of each peer`;
  const verdicts = createVerdicts(job, createBoundedLog(log, mostLogged, clock.monotonicUs, rest));
  let nginx: Pick<NginxRead, 'found' | 'configuration'> | null = null;
  let bufferedMs = 0;
  let judgedUs = Number.NEGATIVE_INFINITY;
  let writtenUs = Number.NEGATIVE_INFINITY;
  let looks = 0;
  let busy = false;
  const peersNow = createSteadyMap<PeerSnapshot, PeerSnapshot>();
  let noted: Pick<JobSnapshot, 'peers' | 'upstreams'> = { peers: [], upstreams: [] };
  /** Peers that nginx is, or a minute ago was, connected to. */
  let connected: readonly string[] = [];
  let closed = false;

  function stateFile(files: typeof listenersFiles): StateFile | null {
    if (nginx === null || ports.libDirectory === null) return null;
    const [path] = files(ports.libDirectory, nginx.found);
    return path === undefined ? null : nodeStateFile(path);
  }

  function answersOf(peer: string) {
    const nowMs = clock.wallMs();
    return withStall(answers.of(peer, nowMs), stalls.of(peer, notes.open(peer), nowMs));
  }

  function seenNow(): DiagnosedNginx {
    if (nginx !== null) return diagnosedNginx(nginx, watch.remembered, answersOf, { fs, hostPrefix });
    return {
      masterPid: null,
      sharesFile: () => true,
      workers: [],
      configuration: null,
      conf: null,
      command: 'nginx',
      entry: '',
      loadedMs: null,
      place: (path) => hostPrefix + path,
      remembered: watch.remembered,
      answers: answersOf,
    };
  }

  function failingNow(): Failing {
    const nowMs = clock.wallMs();
    const seen = suspects.seen().map((each) => ({ ...each, answers: answersOf(each.peer) }));
    const erring = answers.erring(nowMs);
    const known = new Set(seen.map(({ peer }) => peer));
    const stalled = notes.peers().filter((peer) => stalls.of(peer, notes.open(peer), nowMs) !== null);
    const others = [...new Set([...erring, ...stalled])]
      .filter((peer) => !known.has(peer))
      .map((peer) => ({ peer, upstream: upstreamOf(peer, null), sockets: noSockets, answers: answersOf(peer) }));
    return withPending(tally.failing(), [...seen, ...others], erring, nowMs);
  }

  async function diagnose(failing: Failing, nowUs: number): Promise<void> {
    busy = true;
    judgedUs = nowUs;
    looks++;
    try {
      const seen = seenNow();
      watch.look(seen, nowUs, 'once');
      const facts = await gather(failing, seen, prober, diagnosePorts);
      if (closed) return;
      verdicts.judged(
        judge(facts, (ms) => localTime(ms, facts.nowMs)),
        facts,
      );
    } finally {
      busy = false;
    }
  }

  function lookWhenDue(nowUs: number): void {
    const failing = failingNow();
    const watched = nginx && { masterPid: nginx.found.master?.pid ?? null, configuration: nginx.configuration };
    if (isEmpty(failing)) {
      looks = 0;
      if (watched !== null) watch.look(watched, nowUs, 'when due');
      return;
    }
    const fresh = isNew(failing, verdicts.standing());
    if (fresh) looks = 0;
    const pace = fresh ? soonUs : (pacesUs[Math.min(looks - 1, pacesUs.length - 1)] ?? soonUs);
    if (nowUs - judgedUs >= pace) {
      diagnose(failing, nowUs).catch((error: unknown) => log.error(`diagnosing: ${error}`, { job }));
    } else if (watched !== null) {
      // What comes and goes is seen only by who looks often.
      watch.look(watched, nowUs, 'soon');
    }
  }

  /** What the snapshot says of answers and sockets; of one that is the same that is known already. */
  function note(snapshot: JobSnapshot, nowMs: number): void {
    const { peers, upstreams } = snapshot;
    if (peers === noted.peers && upstreams === noted.upstreams) return;
    noted = { peers, upstreams };
    notes.note(snapshot, nowMs);
    suspects.note(peers, clock.monotonicUs());
    connected = peers.flatMap(({ peer, sockets }) => (isConnected(sockets) ? [peer] : []));
    watch.seenInLogs(peers.flatMap(({ peer, origin }) => (origin === 'log' ? [peer] : [])));
  }

  function write(nowUs: number): void {
    if (!verdicts.hasChanged() || nowUs - writtenUs < soonUs) return;
    const file = stateFile(verdictsFiles);
    if (file === null) return;
    writtenUs = nowUs;
    keepState(file, verdicts.text(clock.wallMs()), conditions, `verdicts ${file.path}`);
  }

  return {
    follow(next, flushSeconds) {
      nginx = next;
      bufferedMs = flushSeconds * 1000;
    },
    record(line, times) {
      tally.record(line, clock.wallMs(), times);
    },
    tick(nowUs) {
      tally.forgetBefore(clock.wallMs() - standsMs);
      verdicts.forgetBefore(clock.wallMs() - standsMs);
      suspects.look(nginx?.found.master?.pid ?? null, nowUs);
      if (!busy) lookWhenDue(nowUs);
      write(nowUs);
    },
    verdicts: () => verdictsOf(verdicts.standing()),
    complete(snapshot) {
      const nowMs = clock.wallMs();
      note(snapshot, nowMs);
      for (const peer of connected) watch.connected(peer);
      const standing = verdicts.standing();
      const hungOf = (peer: string) => hungRequests(stalls.of(peer, notes.open(peer), nowMs));
      return {
        ...snapshot,
        peers: peersNow.of(
          snapshot.peers,
          (each) => withCauses(each, concerning(each, standing), hungOf(each.peer)),
          (each, made) =>
            isUnconcerned(made) &&
            concerning(each, standing).length === 0 &&
            (!notes.wasAbandoned(each.peer) || hungOf(each.peer) === 0),
        ),
      };
    },
    close() {
      closed = true;
    },
  };
}
