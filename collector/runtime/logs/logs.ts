import { criLog, dockerJson, isErrorLine, type Wanted } from '../../decode/container.ts';
import { journalEntry } from '../../decode/journal.ts';
import type { LineSink } from '../../decode/lines.ts';
import { intoBytes, type TextSink, unwrapLines } from '../../decode/onward.ts';
import { syslogLine } from '../../decode/syslog.ts';
import { createJournal } from '../../source/journal.ts';
import { createLogSet } from '../../source/log-set.ts';
import { type LogSpec, specText, type Wrapping } from '../../source/log-spec.ts';
import { type SharedSource, shareSource } from '../../source/shared.ts';
import { type ByteSink, nothingRead, type OpenSink, type Source } from '../../source/source.ts';
import { createSyslog } from '../../source/syslog.ts';
import type { Checkpoint } from '../../source/tail/checkpoint.ts';
import { toMarks } from '../../source/tail/mark.ts';
import { createTail } from '../../source/tail/tail.ts';
import type { Accounts } from '../../system/accounts.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { BindUdp } from '../../system/network/udp.ts';
import type { StartChild } from '../../system/process/child.ts';
import type { LogPlan } from '../plan/log-plan.ts';
import type { LogClaims } from './claims.ts';

/** What following logs needs of the world. */
export interface LogPorts {
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  readonly bindUdp: BindUdp;
  readonly startChild: StartChild;
  readonly checkpoint: Checkpoint;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Goes before absolute links (Netdata in a container). */
  readonly hostPrefix: string;
  /** Shared by all jobs. */
  readonly claims: LogClaims;
}

/** What becomes of records that never get as far as a line. */
export interface WrappingTotals {
  overlong(): void;
  /** No record of the wrapping that was named: another container's format, somebody else's datagram. */
  foreign(): void;
}

export interface Follower {
  /** The source of one log. @param resume what `mark()` gave of the source that it takes the place of */
  follow(plan: Pick<LogPlan, 'log' | 'isNew'>, wanted: Wanted, openSink: OpenSink, resume?: unknown): Source;
  /** It is no longer followed: its place is not saved again. */
  forget(spec: string, wanted: Wanted): void;
  /** Saves how far it has got, for the next process. */
  remember(): void;
}

type Readers = Partial<Record<Wanted, TextSink>>;
type SharedSpec = Extract<LogSpec, { is: 'syslog' | 'journal' }>;

/** Longest line inside a wrapping. Docker and the journal escape it as JSON: a byte takes up to six there. */
const longestLine = 65_536;
const longestWrapped = 6 * longestLine;

/** Turns what the configuration calls a log into a source that fills a sink with nginx's own lines, for one job. */
export function createFollower(job: string, ports: LogPorts, totals: WrappingTotals): Follower {
  const { fs, accounts, now, checkpoint, hostPrefix, claims } = ports;
  /** A socket and a journal bring both logs. */
  const shared = new Map<string, { readonly readers: Readers; readonly source: SharedSource }>();
  const marked = new Map<string, Source>();

  function unwrapped(wrapping: Wrapping, wanted: Wanted, openSink: OpenSink): OpenSink {
    if (wrapping === 'none') return openSink;
    const decode = wrapping === 'docker' ? dockerJson : criLog;
    const options = { wanted, maxLength: longestLine, onForeign: totals.foreign };
    return () => decode(intoBytes(openSink(), totals.overlong), options);
  }

  /** By the look of a line: what begins as an error line goes to the error log's reader, the rest to the other. */
  function bothOf(readers: Readers): TextSink {
    return {
      line(text) {
        const reader = isErrorLine(text) ? readers.error : (readers.access ?? readers.error);
        reader?.line(text);
      },
      overlong: totals.overlong,
      cut() {
        readers.error?.cut();
        readers.access?.cut();
      },
    };
  }

  function syslogSink(onward: TextSink): ByteSink {
    return unwrapLines(longestLine, onward, (datagram) => {
      const line = syslogLine(datagram);
      if (line === null) totals.foreign();
      else onward.line(line);
    });
  }

  function journal(match: string, onward: TextSink, resume: unknown): Source {
    let cursor = typeof resume === 'string' ? resume : null;
    const openSink = (): LineSink =>
      unwrapLines(longestWrapped, onward, (line) => {
        const entry = journalEntry(line);
        if (entry === null) return totals.foreign();
        if (entry.message === null) totals.overlong();
        else onward.line(entry.message);
        cursor = entry.cursor ?? cursor;
      });
    const { startChild } = ports;
    return createJournal({ match, startChild, accounts, now, openSink, cursor: () => cursor });
  }

  function openShared(spec: SharedSpec, wanted: Wanted, openSink: OpenSink, resume: unknown): Source {
    const key = sharedKey(spec);
    return claims.claimed(key, job, specText(spec), () => {
      const { readers, source } = shared.get(key) ?? begin(spec, key, resume);
      const reader = intoBytes(openSink(), totals.overlong);
      readers[wanted] = reader;
      return source.attach(() => {
        reader.cut();
        if (readers[wanted] === reader) delete readers[wanted];
      });
    });
  }

  function begin(spec: SharedSpec, key: string, resume: unknown) {
    const readers: Readers = {};
    const onward = bothOf(readers);
    const source =
      spec.is === 'journal'
        ? journal(spec.match, onward, resume)
        : createSyslog({ ...spec, bind: ports.bindUdp, fs, now, sink: syslogSink(onward) });
    const begun = { readers, source: shareSource(source, () => shared.delete(key)) };
    shared.set(key, begun);
    return begun;
  }

  function open(spec: LogSpec, wanted: Wanted, openSink: OpenSink, isNew: boolean, resume: unknown): Source {
    const file = { fs, accounts, now, known: claims.files[wanted], job, root: hostPrefix, isNew };
    switch (spec.is) {
      case 'unusable':
        return unusable(spec);
      case 'file': {
        const sinks = unwrapped(spec.wrapping, wanted, openSink);
        return createTail({ ...file, path: spec.path, openSink: sinks, resume: toMarks(resume) });
      }
      case 'glob': {
        const sinks = unwrapped(spec.wrapping, wanted, openSink);
        return createLogSet({ ...file, pattern: spec.pattern, container: spec.container, openSink: sinks, resume });
      }
      case 'syslog':
      case 'journal':
        return openShared(spec, wanted, openSink, resume);
    }
  }

  function keyOf(spec: string, wanted: Wanted): string {
    return `${job} ${wanted} ${spec}`;
  }

  return {
    follow({ log, isNew }, wanted, openSink, resume) {
      const key = keyOf(specText(log), wanted);
      const source = open(log, wanted, openSink, isNew, resume ?? checkpoint.get(key));
      if (source.mark !== undefined) marked.set(key, source);
      return source;
    },
    forget: (spec, wanted) => marked.delete(keyOf(spec, wanted)),
    remember() {
      for (const [key, source] of marked) {
        const mark = source.mark?.();
        if (mark !== undefined) checkpoint.set(key, mark);
      }
    },
  };
}

/** One port is one socket; one unit of the journal goes by its name with and without the ending. */
function sharedKey(spec: SharedSpec): string {
  return spec.is === 'syslog' ? `${spec.address} ${spec.port}` : spec.match.replace(/\.service$/, '');
}

/** A log that no process can read as it is written: it stays a source, so that its gap and its reason are seen. */
function unusable({ name, problem }: Extract<LogSpec, { is: 'unusable' }>): Source {
  const reading = { ...nothingRead, problem };
  return { name, poll: () => reading, close: () => undefined };
}
