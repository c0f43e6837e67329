import { catalogue } from '../charts/catalogue.ts';
import { encode } from '../charts/encode.ts';
import { nothingDrawn, type PlanContext, plan, retireAll } from '../charts/plan.ts';
import { openAccessLog } from './access-log.ts';
import { createJobAggregate } from './aggregate/job.ts';
import { explainDifference } from './aggregate/reconciliation.ts';
import type { AccessLogSettings, JobSettings } from './config/settings.ts';
import { lineSplitter } from './decode/lines.ts';
import { createFollower, type LogPorts } from './logs.ts';
import type { ErrorLine, LogTotals, PluginLoad } from './model.ts';
import type { Conditions, Log } from './netdata/log.ts';
import { createNginxServer, type ServerFacts } from './nginx-server.ts';
import { errorLineReader } from './parse/error-reader.ts';
import type { ByteSink, Source, SourceReading } from './source/source.ts';
import type { Clock } from './system/clock.ts';

/** One job of the configuration at work: its sources, what they are counted into, and what has been drawn of it. */
export interface Job {
  readonly settings: JobSettings;
  /** Reads all that its sources have. */
  drain(): void;
  /** What has to be told to Netdata now. */
  draw(context: PlanContext, load: PluginLoad): string;
  /** Saves how far its logs have been read: what was drawn has been told. */
  remember(): void;
  /** The last words about its charts; its sources are closed. */
  retire(): string;
}

/** What a job needs of the world. */
export interface JobPorts extends Omit<LogPorts, 'now'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly conditions: Conditions;
}

/** nginx cuts its lines at 2,048 bytes; a FastCGI message may bring longer ones through. */
const longestErrorLine = 65_536;

export function startJob(settings: JobSettings, maxPeers: number, ports: JobPorts): Job {
  const { clock, conditions, log } = ports;
  const totals = { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0 };
  const aggregate = createJobAggregate({ job: settings.name, maxPeers, upstreamOf: (peer) => peer });
  const logs = createFollower(
    settings.name,
    { ...ports, now: () => clock.monotonicUs() / 1000 },
    {
      overlong: () => {
        totals.read++;
        totals.overlong++;
      },
      foreign: () => {
        totals.read++;
        totals.foreign++;
      },
    },
  );
  const errorLogs = (settings.errorLogs ?? ['/var/log/nginx/error.log']).flatMap(
    (log) => logs.follow(log, 'error', errorLogSink) ?? [],
  );
  const accessLogs = (settings.accessLogs ?? []).flatMap(followAccessLog);
  let errorReadings: readonly SourceReading[] = [];
  let accessReadings: readonly SourceReading[] = [];
  const server = createNginxServer(settings.name, serverFacts(settings), ports);
  let pages = { ok: 0, failing: 0 };
  let drawn = nothingDrawn;

  /** None when its format is of no use: that is said once, and the job goes on without it. */
  function followAccessLog(log: AccessLogSettings): Source[] {
    const opened = openAccessLog(log, aggregate, totals);
    conditions.set(`${settings.name} format of ${log.path}`, 'problem' in opened ? opened.problem : null);
    if ('problem' in opened) return [];
    const source = logs.follow(log.path, 'access', opened.openSink);
    return source === null ? [] : [source];
  }

  function poll(source: Source): SourceReading {
    const reading = source.poll();
    conditions.set(`${settings.name} ${source.name}`, reading.problem?.text ?? null);
    for (const event of reading.events) log.info(event, { job: settings.name });
    return reading;
  }

  /** bytes ─▶ lines ─▶ events ─▶ counters */
  function errorLogSink(): ByteSink {
    const reader = errorLineReader();
    return lineSplitter({
      maxLength: longestErrorLine,
      onLine(text) {
        totals.read++;
        const reading = reader.read(text);
        if (reading.state === 'foreign') totals.foreign++;
        if (reading.state !== 'matched') return;
        if (reading.inside) totals.forged++;
        else record(reading.line);
      },
      onOverlong() {
        totals.read++;
        totals.overlong++;
        reader.reset();
      },
    });
  }

  function record(line: ErrorLine): void {
    aggregate.errorLine(line, clock.monotonicUs());
    // The master's own words, src/os/unix/ngx_process.c:ngx_process_get_status.
    if (line.connection === null && /^worker process \d+ exited on signal \d/.test(line.message)) server.workerDied();
  }

  function health() {
    const readings = [...errorReadings, ...accessReadings];
    const failing = readings.filter(isFailing).length;
    const lines: LogTotals = { ...totals, lost: sum(readings, ({ lost }) => lost) };
    return {
      errorLogsFine: !errorReadings.some(isFailing),
      accessLogsFine: !accessReadings.some(isFailing),
      lines,
      behindBytes: sum(readings, ({ behindBytes }) => behindBytes),
      ok: readings.length - failing + pages.ok,
      failing: failing + pages.failing,
    };
  }

  return {
    settings,

    drain() {
      aggregate.beginTick(clock.monotonicUs());
      errorReadings = errorLogs.map(poll);
      accessReadings = accessLogs.map(poll);
      pages = server.drain();
    },

    draw(context, load) {
      const nowUs = clock.monotonicUs();
      const snapshot = server.complete(aggregate.snapshot(nowUs, health(), load), nowUs);
      const difference = snapshot.reconciliation ? explainDifference(snapshot.reconciliation) : null;
      conditions.set(`${settings.name} reconciliation`, difference);
      const next = plan(catalogue, snapshot, drawn, context);
      drawn = next.drawn;
      return encode(next.actions);
    },

    remember: logs.remember,

    retire() {
      logs.remember();
      for (const source of [...errorLogs, ...accessLogs]) {
        source.close();
        conditions.drop(`${settings.name} ${source.name}`);
      }
      conditions.drop(`${settings.name} reconciliation`);
      server.close();
      return encode(retireAll(drawn));
    },
  };
}

const isFailing = ({ problem }: SourceReading): boolean => problem !== null;

/** What the settings alone say of the server: a discovered configuration knows more. */
function serverFacts({ stubStatus, nginxConf }: JobSettings): ServerFacts {
  return {
    statusPages: (stubStatus ?? []).map((url) => ({ url, host: null })),
    isOurs: (args) => nginxConf === null || args.split(' ').includes(nginxConf),
    workerProcesses: null,
    workerConnections: null,
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
