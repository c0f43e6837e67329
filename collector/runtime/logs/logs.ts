import { criLog, dockerJson, isErrorLine, type Wanted } from '../../decode/container.ts';
import { journalEntry } from '../../decode/journal.ts';
import type { LineSink } from '../../decode/lines.ts';
import { intoBytes, type TextSink, unwrapLines } from '../../decode/onward.ts';
import { syslogLine } from '../../decode/syslog.ts';
import { hostPath } from '../../discover/find/host-path.ts';
import { createJournal } from '../../source/journal.ts';
import { createLogSet } from '../../source/log-set.ts';
import { type LogSpec, parseLogSpec, type Wrapping } from '../../source/log-spec.ts';
import { type SharedSource, shareSource } from '../../source/shared.ts';
import type { ByteSink, OpenSink, Source, SourceProblem } from '../../source/source.ts';
import { createSyslog } from '../../source/syslog.ts';
import type { Checkpoint } from '../../source/tail/checkpoint.ts';
import { createKnownFiles } from '../../source/tail/known-files.ts';
import { toMarks } from '../../source/tail/mark.ts';
import { createTail } from '../../source/tail/tail.ts';
import type { Accounts } from '../../system/accounts.ts';
import type { StartChild } from '../../system/child.ts';
import type { FileSystem } from '../../system/fs.ts';
import type { BindUdp } from '../../system/udp.ts';

/** What following logs needs of the world. */
export interface LogPorts {
  readonly fs: FileSystem;
  readonly accounts: Accounts;
  readonly bindUdp: BindUdp;
  readonly startChild: StartChild;
  readonly checkpoint: Checkpoint;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Goes before every path (Netdata in a container). */
  readonly hostPrefix: string;
}

/** What becomes of records that never get as far as a line. */
export interface WrappingTotals {
  overlong(): void;
  /** No record of the wrapping that was named: another container's format, somebody else's datagram. */
  foreign(): void;
}

export interface Follower {
  /** The source of one log. @param isNew it began while the plugin ran: all that it holds is news */
  follow(spec: string, wanted: Wanted, openSink: OpenSink, isNew?: boolean): Source;
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
  const { fs, accounts, now, checkpoint, hostPrefix } = ports;
  /** One per kind: a file listed twice, or matched by two patterns, is counted once. */
  const known = { error: createKnownFiles(), access: createKnownFiles() };
  /** A socket and a journal bring both logs. */
  const shared = new Map<string, { readonly readers: Readers; readonly source: SharedSource }>();
  const marked = new Map<string, Source>();

  const onHost = (path: string): string => hostPath(path, hostPrefix);

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
    const key = spec.is === 'syslog' ? `${spec.address} ${spec.port}` : spec.match;
    const { readers, source } = shared.get(key) ?? begin(spec, key, resume);
    const reader = intoBytes(openSink(), totals.overlong);
    readers[wanted] = reader;
    return source.attach(() => {
      reader.cut();
      if (readers[wanted] === reader) delete readers[wanted];
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

  function open(text: string, wanted: Wanted, openSink: OpenSink, isNew: boolean): Source {
    const spec = parseLogSpec(text);
    const resume = checkpoint.get(keyOf(text, wanted));
    const file = { fs, accounts, now, known: known[wanted], root: hostPrefix };
    switch (spec.is) {
      case 'unusable':
        return unusable(text, spec.problem);
      case 'file': {
        const sinks = unwrapped(spec.wrapping, wanted, openSink);
        return createTail({ ...file, path: onHost(spec.path), openSink: sinks, resume: toMarks(resume), isNew });
      }
      case 'glob': {
        const sinks = unwrapped(spec.wrapping, wanted, openSink);
        return createLogSet({ ...file, pattern: onHost(spec.pattern), openSink: sinks, resume, isNew });
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
    follow(spec, wanted, openSink, isNew = false) {
      const source = open(spec, wanted, openSink, isNew);
      if (source.mark !== undefined) marked.set(keyOf(spec, wanted), source);
      return source;
    },
    forget: (spec, wanted) => marked.delete(keyOf(spec, wanted)),
    remember() {
      for (const [key, source] of marked) checkpoint.set(key, source.mark?.());
    },
  };
}

/** A log that no process can read as it is written: it stays a source, so that its gap and its reason are seen. */
function unusable(name: string, problem: SourceProblem): Source {
  const reading = { problem, behindBytes: 0, events: [], lost: 0, bytes: 0 };
  return { name, poll: () => reading, close: () => undefined };
}
