/**
 * Lines of a storm, read on their bytes: nginx's prefix, one of a few messages, then client, server, request, upstream,
 * host and referrer as nginx writes them, of plain ASCII and without a byte that leaves a doubt. What such a line means
 * the full parser has said before: of its message, and of its peer. Every other line is for that parser. Pure.
 */
import type { CountedLine } from '../../model.ts';
import { isDigit } from '../access/values.ts';
import { type VouchedSubject, vouchedSubject } from '../error/vouching.ts';
import { behind, behindAll, inClient, inServer, literalBytes } from './bytes.ts';
import { createMessages, type StormMessage } from './messages.ts';
import { createStormNames, noName, type StormName } from './names.ts';
import { createPeers, type StormPeer } from './peers.ts';
import { createPieces, type Piece } from './pieces.ts';
import { lineEnd, quoteFrom } from './texts.ts';

/** What many lines are that are counted alike: of one second, worker, message, peer and server. */
export interface SharedLine extends CountedLine {
  readonly pid: number;
  readonly ofMessage: StormMessage;
  readonly ofPeer: StormPeer;
  readonly ofServer: StormName;
  readonly ofHost: StormName | null;
  /** As the reader's vouching has it. */
  readonly subject: VouchedSubject;
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
/** Of a request's: ` HTTP/1.1`. */
const versionLength = 9;
const blank = 32;
const zero = 48;

const clientToServer = literalBytes(', server: ');
const serverToRequest = literalBytes(', request: "');
const toHost = literalBytes('", host: "');
const levels = ['error', 'crit', 'alert', 'warn', 'emerg'].map((name) => ({ name, bytes: literalBytes(`[${name}] `) }));

/** How a line begins. */
interface Start {
  readonly time: string;
  readonly level: string;
}

/** As nginx writes it. */
const timeLength = 19;
const inTime = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d $/;

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
  /** What most lines have again, with nginx's words around it. */
  const starts = createPieces<Start>();
  const servers = createPieces<StormName>();
  const knownHosts = createPieces<StormName | null>();
  const shared: (SharedLine | undefined)[] = Array.from({ length: 1 << placeBits });
  let viewed: Buffer | null = null;
  let view = new DataView<ArrayBufferLike>(new ArrayBuffer(0));
  let found: SharedLine | null = null;
  /** What `number` has read. */
  let value = 0;
  let time = '';
  let pid = 0;
  let connection = 0;
  let server = noName;
  let host: StormName | null = null;

  /** Time and level. */
  function startAt(b: Buffer, from: number): Piece<Start> | null {
    const known = starts.at(b, view, from);
    if (known !== null) return known;
    const at = from + timeLength + 1;
    const text = b.toString('latin1', from, at);
    const level = levels.find(({ bytes }) => behind(b, at, bytes) !== -1);
    if (level === undefined || !inTime.test(text)) return null;
    const iso = `${text.slice(0, 10).replaceAll('/', '-')}T${text.slice(11, timeLength)}`;
    return starts.add(view, from, at + level.bytes.length, { time: iso, level: level.name });
  }

  /** @returns the offset behind one to nine digits, or -1 */
  function number(b: Uint8Array, p: number): number {
    let at = p;
    let sum = 0;
    for (let byte = b[at] as number; isDigit(byte); byte = b[++at] as number) sum = sum * 10 + byte - zero;
    value = sum;
    return at > p && at - p < 10 ? at : -1;
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
      ofMessage: message,
      ofPeer: peer,
      ofServer: server,
      ofHost: host,
      subject: { name: vouchedSubject({ kind, upstream }), sight: null },
      waiting: 0,
    };
    shared[known?.time === time ? place ^ 1 : place] = made;
    return made;
  }

  const isOf = (line: SharedLine, message: StormMessage, peer: StormPeer): boolean =>
    line.ofPeer === peer && line.ofMessage === message && line.ofServer === server && line.ofHost === host;

  /** @returns the offset of the request, or -1 */
  function readServer(b: Buffer, from: number): number {
    const known = servers.at(b, view, from);
    if (known !== null) {
      server = known.value;
      return from + known.length;
    }
    const name = behind(b, from, clientToServer);
    if (name === -1) return -1;
    const end = behindAll(b, view, name, inServer);
    const request = behind(b, end, serverToRequest);
    if (request === -1) return -1;
    server = serverAt(b, name, end);
    servers.add(view, from, request, server);
    return request;
  }

  /** @returns the offset of the quote that ends the request, which no quote precedes; or -1 */
  function readClient(b: Buffer, from: number): number {
    const client = behindAll(b, view, from, inClient);
    const request = client === from ? -1 : readServer(b, client);
    const quote = request === -1 ? -1 : quoteFrom(b, view, request);
    return quote < request + versionLength ? -1 : quote;
  }

  /** @returns the offset behind the quote that ends the upstream's field, or the host's where there is one; or -1 */
  function readHost(b: Buffer, from: number): number {
    const known = knownHosts.at(b, view, from);
    if (known !== null) {
      host = known.value;
      return from + known.length;
    }
    host = null;
    const start = behind(b, from, toHost);
    if (start === -1) return from + 1;
    const end = quoteFrom(b, view, start);
    if (end === -1) return -1;
    if (hosts) host = hostAt(b, start, end);
    knownHosts.add(view, from, end + 1, host);
    return end + 1;
  }

  /** From the quote behind the request on. @returns as `read` */
  function readUpstream(b: Buffer, from: number, message: StormMessage): number {
    const peer = peers.at(b, view, from, message.named);
    if (peer === null) return -1;
    const closing = quoteFrom(b, view, from + peer.length);
    const behindHost = closing === -1 ? -1 : readHost(b, closing);
    const end = behindHost === -1 ? -1 : lineEnd(b, view, behindHost);
    if (end !== -1) found = sharedLine(message, peer);
    return end;
  }

  function read(b: Buffer, from: number): number {
    if (b !== viewed) {
      viewed = b;
      view = new DataView(b.buffer, b.byteOffset, b.length);
    }
    const start = startAt(b, from);
    if (start === null) return -1;
    const at = readNumbers(b, from + start.length);
    const message = at === -1 ? null : messages.at(b, view, at, start.value.level);
    if (message === null) return -1;
    time = start.value.time;
    const request = readClient(b, at + message.length);
    const end = request === -1 ? -1 : readUpstream(b, request, message);
    return end - from > longest ? -1 : end;
  }

  return {
    read,
    found: () => found as SharedLine,
  };
}
