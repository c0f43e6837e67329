/**
 * What nginx writes to systemd's journal (`error_log stderr` under systemd, or `syslog:server=unix:/dev/log`), read by a
 * `journalctl -f -o json` that runs beside us.
 *
 * The I/O model. Its output waits in a queue of bounded size for the next poll; when the queue is full we stop reading,
 * and journalctl waits: nothing is lost, the journal keeps it. The cursor of the last entry that was counted is the
 * mark, for the next process and for a journalctl that has to be started again.
 */
import type { Accounts } from '../system/accounts.ts';
import type { ChildProcess, StartChild } from '../system/process/child.ts';
import type { OpenSink, Source, SourceProblem, SourceReading } from './source.ts';

export interface JournalOptions {
  /** The identifier, the unit, the program or the container: SYSLOG_IDENTIFIER=nginx, nginx.service, nginx, web. */
  readonly match: string;
  readonly startChild: StartChild;
  readonly accounts: Accounts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Gets the JSON lines. */
  readonly openSink: OpenSink;
  /** The cursor of the last entry that the sink has taken; null before the first. */
  readonly cursor: () => string | null;
}

const mostQueued = 4 * 1024 * 1024;
const retryMs = 10_000;

export function createJournal(options: JournalOptions): Source {
  const { match, startChild, accounts, now, openSink, cursor } = options;
  const name = `journal:${match}`;
  let sink = openSink();
  let child: ChildProcess | null = null;
  let problem: SourceProblem | null = null;
  let triedAt = 0;
  let queue: Buffer[] = [];
  let queued = 0;
  let isPaused = false;
  let isClosed = false;
  let complaints = '';
  let bytes = 0;

  function begin(): void {
    triedAt = now();
    complaints = '';
    isPaused = false;
    child = startChild('journalctl', journalArguments(match, cursor()), {
      onOutput,
      onErrorOutput(text) {
        complaints = (complaints + text).slice(-2_000);
        if (mayNotRead.test(complaints)) problem = noRight(accounts.user);
      },
      onEnd(reason) {
        child = null;
        if (isClosed) return;
        problem = mayNotRead.test(complaints) ? noRight(accounts.user) : ended(name, reason, complaints);
      },
    });
    problem = null;
  }

  function onOutput(chunk: Buffer): void {
    queue.push(chunk);
    queued += chunk.length;
    if (queued < mostQueued || isPaused) return;
    isPaused = true;
    child?.pause();
  }

  function drain(): void {
    const arrived = queue;
    queue = [];
    queued = 0;
    for (const chunk of arrived) {
      sink.chunk(chunk);
      bytes += chunk.length;
    }
    if (isPaused) child?.resume();
    isPaused = false;
  }

  function poll(): SourceReading {
    drain();
    if (child === null && (triedAt === 0 || now() - triedAt >= retryMs)) {
      // Half an entry of the one before is read again by the next, from the cursor on.
      if (triedAt !== 0) {
        sink.cut();
        sink = openSink();
      }
      begin();
    }
    return { problem, behindBytes: 0, events: [], lost: 0, bytes };
  }

  function close(): void {
    isClosed = true;
    child?.stop();
    child = null;
    sink.cut();
  }

  return { name, poll, close, mark: cursor };
}

/**
 * Without a cursor only what comes from now on (`-n 0` would lose the first entries of a journal that holds no match yet:
 * systemd 252). With one, all that came after it. The program's name
 * is asked for too: nginx writes its host name to /dev/log without `nohostname`, and journald then finds no identifier.
 */
function journalArguments(match: string, cursor: string | null): readonly string[] {
  const from = cursor === null ? '--since=now' : `--after-cursor=${cursor}`;
  return ['-f', '-o', 'json', '--all', '--no-tail', from, ...journalMatches(match)];
}

/** What `journal:NAME` stands for: the identifier, the unit, the program, or a container of docker or podman. */
export function journalMatches(match: string): readonly string[] {
  const unit = match.includes('.') ? match : `${match}.service`;
  return [
    `SYSLOG_IDENTIFIER=${match}`,
    '+',
    `_SYSTEMD_UNIT=${unit}`,
    '+',
    `_COMM=${match}`,
    '+',
    `CONTAINER_NAME=${match}`,
  ];
}

/** What journalctl complains of to who may not read everything. */
export const mayNotRead = /not seeing messages from other users|insufficient permissions/i;

function noRight(user: string): SourceProblem {
  return {
    code: 'unreadable',
    text: `user ${user} may not read the journal: usermod -aG systemd-journal ${user}, then restart Netdata`,
  };
}

function ended(name: string, reason: string, complaints: string): SourceProblem {
  if (reason === 'ENOENT') {
    return { code: 'no_journalctl', text: `${name}: journalctl is not installed here; name nginx's log file instead` };
  }
  const said = complaints.trim().split('\n').at(-1) ?? '';
  return { code: 'ended', text: `${name}: journalctl ended (${reason})${said && `: ${said}`}; it is started again` };
}
