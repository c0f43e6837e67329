import { createConnectionUse } from '../../aggregate/access/connection-use.ts';
import { createConnections } from '../../aggregate/server/connections.ts';
import { descriptorShare } from '../../aggregate/server/descriptors.ts';
import { createNginxDown, type NginxDown } from '../../aggregate/server/down.ts';
import { createWorkers } from '../../aggregate/server/workers.ts';
import { total } from '../../base/collections.ts';
import { createSteadyMap } from '../../base/steady.ts';
import type { Writers } from '../../diagnose/facts/writers.ts';
import { procOf } from '../../discover/find/find-nginx.ts';
import type { ConnectionsSnapshot, JobSnapshot, PeerSnapshot, StubStatus, WorkersSnapshot } from '../../model.ts';
import type { Conditions } from '../../netdata/log.ts';
import { parseStubStatus } from '../../parse/stub-status.ts';
import { createStatusSource, type StatusPageAddress, type StatusSource } from '../../source/stub-status.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { createHttpClient } from '../../system/network/http.ts';
import { createKnownWriters } from '../logs/known-writers.ts';
import { createLiveProcesses, type LiveMaster } from './processes.ts';
import type { SocketsView } from './socket-tables.ts';
import { createNginxSockets } from './sockets.ts';

/** What has to be known of the nginx of a job, to watch the server itself. */
export interface ServerFacts {
  readonly statusPages: readonly StatusPageAddress[];
  /** The pid of its master; null when none runs. */
  readonly master: number | null;
  /** null while the configuration is not known. */
  readonly workerProcesses: number | null;
  readonly workerConnections: number | null;
  /** Files that its absence is judged by, on this host; null while nothing is known of it. */
  readonly traces: { readonly pidFile: string | null; readonly confPath: string } | null;
}

/** The nginx of a job as a server: its connection states, its processes, its sockets, its limits. */
export interface NginxServer {
  /** Goes by these facts from now on; counters continue. */
  follow(facts: ServerFacts): void;
  /**
   * Checks the processes; takes what has been answered since the last tick and asks anew. Says how many status pages
   * answer and how many do not.
   */
  drain(nowUs: number): { readonly ok: number; readonly failing: number };
  /** `worker process N exited on signal S` in the error log. */
  workerDied(): void;
  /** The pids by which the workers that take new requests call themselves; null when no nginx can be seen. */
  workers(): readonly number[] | null;
  /** Who can have written to its error logs, on the clock of `drain` in milliseconds; null where this is not known. */
  writers(): Writers | null;
  /** Whether it is gone, and how (aggregate/server/down.ts). To be called once per tick. */
  down(nowUs: number): NginxDown;
  /** The snapshot with what is known of the server and of the sockets to its peers. */
  complete(snapshot: JobSnapshot, nowUs: number): JobSnapshot;
  close(): void;
}

export interface ServerPorts {
  readonly fs: FileSystem;
  readonly conditions: Conditions;
  /** CPU time of this process, microseconds. */
  readonly cpuUs: () => number;
  readonly hostPrefix: string;
}

const aMinuteUs = 60_000_000;

const untold =
  'this kernel does not show how many descriptors another process has open (Linux 6.2 and newer do): descriptors_used has no data';

export function createNginxServer(job: string, first: ServerFacts, ports: ServerPorts): NginxServer {
  const { conditions } = ports;
  let facts = first;
  const procfs = procOf(ports);
  const processes = createLiveProcesses(procfs, () => facts.master);
  const sockets = createNginxSockets(procfs, ports.cpuUs);
  const connections = createConnections();
  const connectionUse = createConnectionUse();
  const workers = createWorkers();
  const writers = createKnownWriters();
  let statusSources = openPages();
  let pages: readonly (StubStatus | null)[] = [];
  let crashes = 0;
  let failuresBefore = 0;
  let failedAtUs = Number.NEGATIVE_INFINITY;
  let masters: readonly LiveMaster[] = [];
  let hasBeenSeen = false;
  let lastView: SocketsView | null = null;
  const isDown = createNginxDown();
  let traces = first.traces;
  const peersNow = createSteadyMap<PeerSnapshot, PeerSnapshot>();

  function openPages(): readonly StatusSource[] {
    return facts.statusPages.map((page) =>
      createStatusSource({ page, http: createHttpClient(), parse: parseStubStatus }),
    );
  }

  function closePages(): void {
    for (const source of statusSources) {
      source.close();
      conditions.drop(subjectOf(source));
    }
  }

  const subjectOf = (source: StatusSource) => `${job} ${source.name}`;
  const descriptorsSubject = `${job} descriptors`;

  function descriptors(masters: readonly LiveMaster[]): number | null {
    const used = descriptorShare(masters.flatMap((master) => master.workers));
    if (used.is !== 'unknown') conditions.set(descriptorsSubject, used.is === 'untold' ? untold : null);
    return used.is === 'known' ? used.percent : null;
  }

  /** Connects have failed in the last minute, or stub_status does not answer. */
  function isTroubled({ connectFailures }: JobSnapshot, nowUs: number): boolean {
    const failures = total(Object.values(connectFailures ?? {}));
    if (failures !== failuresBefore) failedAtUs = nowUs;
    failuresBefore = failures;
    return nowUs - failedAtUs < aMinuteUs || pages.includes(null);
  }

  /** Not drawn while the configuration does not say what the limit is. */
  function connectionLimit(
    masters: readonly LiveMaster[],
    status: ConnectionsSnapshot | null,
    sockets: SocketsView | null,
  ): Pick<JobSnapshot, 'workerConnectionsUsed'> {
    const { workerProcesses, workerConnections } = facts;
    if (workerProcesses === null || workerConnections === null) return {};
    const openFiles = masters.flatMap((master) => master.workers.map((worker) => worker.openFiles));
    const isFresh = sockets !== lastView;
    lastView = sockets;
    const used = masters.length > 0 ? connectionUse.record({ status, sockets, isFresh, openFiles }) : null;
    return { workerConnectionsUsed: used === null ? null : (100 * used) / (workerProcesses * workerConnections) };
  }

  function workersOf(masters: readonly LiveMaster[]): WorkersSnapshot | null {
    const counted = workers.record(masters, crashes);
    crashes = 0;
    return masters.length > 0 ? { ...counted, configured: facts.workerProcesses } : null;
  }

  return {
    follow(next) {
      const isSame = JSON.stringify(next.statusPages) === JSON.stringify(facts.statusPages);
      facts = next;
      traces = next.traces ?? traces;
      if (isSame) return;
      closePages();
      statusSources = openPages();
    },

    drain(nowUs) {
      masters = processes.look(nowUs);
      writers.seen(masters, nowUs / 1000);
      const readings = statusSources.map((source) => {
        const reading = source.poll();
        conditions.set(subjectOf(source), reading.problem?.text ?? null);
        return reading;
      });
      pages = readings.map(({ status }) => status);
      const silent = readings.filter(({ problem }) => problem !== null).length;
      // Of an nginx that was stopped nothing is missing.
      const isStopped = hasBeenSeen && masters.length === 0;
      return { ok: readings.length - silent, failing: isStopped ? 0 : silent };
    },

    workerDied() {
      crashes++;
    },

    workers() {
      const running = masters.flatMap((master) => master.workers).filter(({ shuttingDown }) => !shuttingDown);
      return running.length === 0 ? null : running.map(({ innerPid }) => innerPid);
    },

    writers: writers.now,

    down(nowUs) {
      const runs = masters.length > 0;
      const exists = (path: string) => attempt(() => ports.fs.stat(path)).ok;
      return isDown(
        {
          runs,
          leftPidFile: !runs && typeof traces?.pidFile === 'string' && exists(traces.pidFile),
          isInstalled: runs || (traces !== null && exists(traces.confPath)),
        },
        nowUs,
      );
    },

    complete(snapshot, nowUs) {
      hasBeenSeen ||= masters.length > 0;
      const view = sockets.look(masters, () => addressesOf(snapshot), isTroubled(snapshot, nowUs), nowUs);
      const status = connections.record(pages);
      return {
        ...snapshot,
        ...(facts.statusPages.length > 0 ? { connections: status } : {}),
        ...connectionLimit(masters, status, view),
        // Where no nginx can be seen at all (another host's logs), there is nothing to draw, not even a gap.
        ...(hasBeenSeen ? { descriptorsUsed: descriptors(masters), workers: workersOf(masters) } : {}),
        listenOverflows: view?.listenOverflows ?? null,
        peers: peersNow.of(
          snapshot.peers,
          (peer) => withSockets(peer, view),
          ({ peer }, made) => made.sockets === view?.peers.get(peer),
        ),
      };
    },

    close() {
      closePages();
      conditions.drop(descriptorsSubject);
    },
  };
}

function addressesOf({ peers }: JobSnapshot): readonly string[] {
  return [...new Set(peers.filter(({ origin }) => origin !== 'other').map(({ peer }) => peer))];
}

function withSockets(peer: PeerSnapshot, view: SocketsView | null): PeerSnapshot {
  const sockets = view?.peers.get(peer.peer);
  return sockets === undefined ? peer : { ...peer, sockets };
}
