/**
 * Lines of a storm, read on their bytes: nginx's prefix, one of a few messages, then client, server, request, upstream,
 * host and referrer as nginx writes them, of plain ASCII and without a byte that leaves a doubt. What such a line means
 * the full parser has said before: of its message, and of its peer. Every other line is for that parser. Pure.
 */
import type { CountedLine } from '../../model.ts';
import { isDigit } from '../access/values.ts';
import { vouchedSubject } from '../error/vouching.ts';
import { behind, behindAll, inClient, inServer, literalBytes } from './bytes.ts';
import { createMessages, type StormMessage } from './messages.ts';
import { createStormNames, noName, type StormName } from './names.ts';
import { createPeers, type StormPeer } from './peers.ts';
import { lineEnd, quoteFrom, requestEnd } from './texts.ts';

/** What many lines are that are counted alike: of one second, worker, message, peer and server. */
export interface SharedLine extends CountedLine {
  readonly pid: number;
  readonly of: {
    readonly message: StormMessage;
    readonly peer: StormPeer;
    readonly server: StormName;
    readonly host: StormName | null;
  };
  /** As the reader's vouching has it. */
  readonly subject: string;
  /** How many of them wait to be counted. */
  waiting: number;
}

export interface StormLineReader {
  /**
   * Reads the line that begins at `from`; its line feed is among the bytes.
   *
   * @returns the offset of the line feed, or -1: the full parser has to read it
   */
  read(bytes: Buffer, from: number): number;
  /** What `read` has found. */
  found(): SharedLine;
}

/** Longer ones may have been cut by nginx, at 2,047 bytes. */
const longest = 2000;
const blank = 32;
const zero = 48;

const clientToServer = literalBytes(', server: ');
const serverToRequest = literalBytes(', request: "');
const requestToUpstream = literalBytes('", upstream: "');
const toHost = literalBytes(', host: "');
const levels = ['error', 'crit', 'alert', 'warn', 'emerg'].map((name) => ({ name, bytes: literalBytes(`[${name}] `) }));
const [usualLevel] = levels;

/** Seconds as nginx writes them: one clock reading for many lines. */
const timeLength = 19;
const inTime = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d$/;

/** Lines of one second that are counted alike are the same object, as far as there is room. */
const placeBits = 13;

/** Spreads what differs in a few bits only: addresses and pids that follow each other. */
function placeOf(message: number, peer: number, pid: number): number {
  const mixed = Math.imul(message, 0x85ebca6b) ^ Math.imul(peer, 0xc2b2ae35) ^ Math.imul(pid, 0x27d4eb2f);
  return Math.imul(mixed ^ (mixed >>> 15), 0x9e3779b1) >>> (32 - placeBits);
}

/** @param hosts whether lines of several hosts are distinguished: the Host header is a client's */
export function createStormLineReader(hosts = false): StormLineReader {
  const messages = createMessages();
  const peers = createPeers();
  const serverAt = createStormNames();
  const hostAt = createStormNames();
  const shared: (SharedLine | undefined)[] = Array.from({ length: 1 << placeBits });
  let found: SharedLine | null = null;
  const timeBytes = Uint8Array.from(literalBytes('0000/00/00 00:00:00'));
  let time = '0000-00-00T00:00:00';
  /** What `number` has read. */
  let value = 0;
  let pid = 0;
  let connection = 0;
  let server = noName;
  let host: StormName | null = null;

  /** @returns the offset behind the time, or -1 */
  function readTime(b: Buffer, from: number): number {
    const at = behind(b, from, timeBytes);
    if (at !== -1) return at;
    const text = b.toString('latin1', from, from + timeLength);
    if (!inTime.test(text)) return -1;
    timeBytes.set(b.subarray(from, from + timeLength));
    time = `${text.slice(0, 10).replaceAll('/', '-')}T${text.slice(11)}`;
    return from + timeLength;
  }

  /** @returns the offset behind one to nine digits, or -1 */
  function number(b: Uint8Array, p: number): number {
    let at = p;
    value = 0;
    while (isDigit(b[at])) value = value * 10 + (b[at++] as number) - zero;
    return at > p && at - p < 10 ? at : -1;
  }

  function levelAt(b: Uint8Array, p: number) {
    if (usualLevel !== undefined && behind(b, p, usualLevel.bytes) !== -1) return usualLevel;
    return levels.find(({ bytes }) => behind(b, p, bytes) !== -1);
  }

  function sharedLine(message: StormMessage, peer: StormPeer): SharedLine {
    const isIt = (line: SharedLine): boolean => line.pid === pid && line.time === time && isOf(line, message, peer);
    // Each may stand in one of two places.
    const place = placeOf(message.hash, peer.hash ^ server.hash ^ Math.imul(host?.hash ?? 0, 3), pid);
    const known = shared[place];
    if (known !== undefined && isIt(known)) return known;
    const beside = shared[place ^ 1];
    if (beside !== undefined && isIt(beside)) return beside;
    const { level, text, errno, kind, action } = message;
    const upstream = peer.field;
    const made: SharedLine = {
      time,
      level,
      pid,
      connection,
      errno,
      message: text,
      kind,
      action,
      protocol: 'http',
      client: '',
      server: server.text,
      host: host?.text ?? null,
      upstream,
      truncated: false,
      of: { message, peer, server, host },
      subject: vouchedSubject({ kind, upstream }),
      waiting: 0,
    };
    shared[known?.time === time ? place ^ 1 : place] = made;
    return made;
  }

  const isOf = ({ of }: SharedLine, message: StormMessage, peer: StormPeer): boolean =>
    of.peer === peer && of.message === message && of.server === server && of.host === host;

  /** @returns the offset of the quote that ends the request, or -1 */
  function readClient(b: Buffer, from: number): number {
    const client = behindAll(b, from, inClient);
    const name = client === from ? -1 : behind(b, client, clientToServer);
    if (name === -1) return -1;
    const end = behindAll(b, name, inServer);
    server = serverAt(b, name, end);
    const request = behind(b, end, serverToRequest);
    return request === -1 ? -1 : requestEnd(b, request);
  }

  /** @returns the offset of the level, or -1 */
  function readStart(b: Buffer, from: number): number {
    const at = readTime(b, from);
    return at !== -1 && b[at] === blank ? at + 1 : -1;
  }

  /** @returns the offset of the message, or -1 */
  function readNumbers(b: Uint8Array, from: number): number {
    const sharp = number(b, from);
    pid = value;
    const colon = sharp === -1 || b[sharp] !== 35 ? -1 : number(b, sharp + 1);
    if (colon === -1 || b[colon] !== 58 || b[colon + 1] !== blank || b[colon + 2] !== 42) return -1;
    const at = number(b, colon + 3);
    connection = value;
    return at === -1 || b[at] !== blank ? -1 : at + 1;
  }

  /** @returns the offset behind the host's field, also where there is none, or -1 */
  function readHost(b: Buffer, from: number): number {
    host = null;
    const start = behind(b, from, toHost);
    if (start === -1) return from;
    const end = quoteFrom(b, start);
    if (end !== -1 && hosts) host = hostAt(b, start, end);
    return end === -1 ? -1 : end + 1;
  }

  /** Of the upstream's field on. @returns as `read` */
  function readUpstream(b: Buffer, from: number, message: StormMessage): number {
    const peer = peers.at(b, from, message.named);
    if (peer === null) return -1;
    const closing = quoteFrom(b, from + peer.length);
    const behindHost = closing === -1 ? -1 : readHost(b, closing + 1);
    const end = behindHost === -1 ? -1 : lineEnd(b, behindHost);
    if (end !== -1) found = sharedLine(message, peer);
    return end;
  }

  function read(b: Buffer, from: number): number {
    const start = readStart(b, from);
    const level = start === -1 ? undefined : levelAt(b, start);
    if (level === undefined) return -1;
    const at = readNumbers(b, start + level.bytes.length);
    const message = at === -1 ? null : messages.at(b, at, level.name);
    if (message === null) return -1;
    const request = readClient(b, at + message.length);
    const upstream = request === -1 ? -1 : behind(b, request, requestToUpstream);
    const end = upstream === -1 ? -1 : readUpstream(b, upstream, message);
    return end - from > longest ? -1 : end;
  }

  return {
    read,
    found: () => found as SharedLine,
  };
}
