/**
 * nginx's `error_log syslog:server=127.0.0.1:5514` and `access_log syslog:…`, received: a datagram is a line.
 *
 * The I/O model. Datagrams arrive between the ticks and wait in a queue of bounded size for the next poll. What does
 * not fit is counted as lost, and so is what the kernel dropped before we fetched it. What nginx sends while nobody
 * listens is gone: UDP cannot be asked again, so this source has no mark.
 */

import type { FileSystem } from '../system/fs.ts';
import type { BindUdp, DatagramSocket } from '../system/network/udp.ts';
import { specText } from './log-spec.ts';
import type { ByteSink, Source, SourceProblem, SourceReading } from './source.ts';
import { udpDrops } from './udp-drops.ts';

export interface SyslogOptions {
  readonly address: string;
  readonly port: number;
  readonly bind: BindUdp;
  readonly fs: FileSystem;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Gets each datagram, still framed, as one line. */
  readonly sink: ByteSink;
  readonly maxQueueBytes?: number;
}

const defaultQueue = 8 * 1024 * 1024;
/** Each queued datagram costs an object beside its bytes. */
const perDatagram = 200;
const retryMs = 10_000;
const newline = 0x0a;
const blank = 0x20;

export function createSyslog(options: SyslogOptions): Source {
  const { address, port, bind, fs, now, sink, maxQueueBytes = defaultQueue } = options;
  const name = specText({ is: 'syslog', address, port });
  let socket: DatagramSocket | null = null;
  let problem: SourceProblem | null = null;
  let triedAt = 0;
  let queue: Buffer[] = [];
  let queued = 0;
  let bytes = 0;
  let lost = 0;
  /** The socket's own counter begins at 0 with each binding. */
  let dropsSeen = 0;
  let lostAtLastPoll = 0;
  let isLosing = false;
  let news: string[] = [];

  function listen(): void {
    triedAt = now();
    dropsSeen = 0;
    socket = bind(address, port, {
      onBound() {
        problem = null;
        news.push(`listening on ${name}`);
      },
      onDatagram,
      onError(code) {
        socket = null;
        problem = bindProblem(name, code);
      },
    });
  }

  function onDatagram(datagram: Buffer): void {
    if (queued + datagram.length + perDatagram > maxQueueBytes) {
      lost += 1;
      return;
    }
    queue.push(datagram);
    queued += datagram.length + perDatagram;
  }

  function poll(): SourceReading {
    if (socket === null && (triedAt === 0 || now() - triedAt >= retryMs)) listen();
    const arrived = queue;
    queue = [];
    queued = 0;
    for (const datagram of arrived) {
      sink.chunk(asLine(datagram));
      bytes += datagram.length;
    }
    countDrops();
    const events = news;
    news = [];
    if (lost > lostAtLastPoll && !isLosing)
      events.push(`${name}: datagrams arrive faster than they are read, some are lost`);
    isLosing = lost > lostAtLastPoll;
    lostAtLastPoll = lost;
    return { problem, behindBytes: 0, events, lost, bytes };
  }

  function countDrops(): void {
    const drops = socket === null ? null : udpDrops(fs, address, port);
    if (drops === null) return;
    lost += Math.max(0, drops - dropsSeen);
    dropsSeen = drops;
  }

  function close(): void {
    socket?.close();
    socket = null;
    sink.cut();
  }

  return { name, poll, close };
}

/** One line, whatever is in it: a newline inside would let a client's text begin a new line. */
function asLine(datagram: Buffer): Buffer {
  const line = Buffer.allocUnsafe(datagram.length + 1);
  datagram.copy(line);
  for (let at = line.indexOf(newline); at >= 0 && at < datagram.length; at = line.indexOf(newline, at + 1)) {
    line[at] = blank;
  }
  line[datagram.length] = newline;
  return line;
}

function bindProblem(name: string, code: string): SourceProblem {
  const reason =
    code === 'EADDRINUSE'
      ? 'another program has this port: choose a free one, here and in the syslog:server= of nginx'
      : code === 'EACCES'
        ? 'only root may use ports below 1024: choose a higher one, here and in the syslog:server= of nginx'
        : code === 'EADDRNOTAVAIL'
          ? 'this host does not have that address: use 127.0.0.1 if nginx runs here'
          : 'it is tried again every 10 seconds';
  return { code: 'bind', text: `${name} cannot be received (${code}): ${reason}` };
}
