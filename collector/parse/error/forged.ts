/**
 * What betrays a line that a client had nginx print: a decoded line feed in a URI, or an application's message, ends nginx's line, and begins another of the client's choice. What always remains is the rest of the record,
 * and in it, raw, the request that holds every forged line. Pure.
 */
import type { ErrorLine } from '../../model.ts';
import { ejectedPeer } from './checks.ts';
import { appText } from './open.ts';
import { longestRecord } from './size.ts';

const clientField = ', client: ';
const requestField = ', request: "';
/** What is shorter could be equal by chance; a line's beginning alone, time to pid, is longer. */
const leastProof = 24;

/** nginx's own decoding of a path: escapes, then dot segments and doubled slashes (ngx_http_parse_complex_uri). */
function decodedPath(target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').split(/[?#]/, 1)[0] ?? '';
  const bytes = path.replace(/%([0-9a-f]{2})|[^%]+|%/gi, (text, hex: string | undefined) =>
    hex === undefined ? Buffer.from(text).toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const kept: string[] = [];
  for (const segment of Buffer.from(bytes, 'latin1').toString().split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  return kept.join('/');
}

/** A text as a decoded path has it. */
export function mergedSlashes(text: string): string {
  return text.includes('//') ? text.replace(/\/{2,}/g, '/') : text;
}

/**
 * Whether nginx's own text can continue so behind what it decoded: with the rest of a file's name, arguments, a quote. A
 * client that only guesses how a line of somebody else's begins never comes as far as to its first quote.
 */
const goesOnAfterDecoded = /^(?:[^\s"]{0,255}["?]|$)/;

/** @param text with its slashes merged */
export function isContinued(text: string, decoded: string): boolean {
  return (
    decoded.length >= leastProof && text.startsWith(decoded) && goesOnAfterDecoded.test(text.slice(decoded.length))
  );
}

/** Whether the text may hold a request that was decoded into several lines. A text longer than a record does not belong to one. */
export function holdsLineFeed(text: string): boolean {
  return text.length <= longestRecord && (text.includes('%0a') || text.includes('%0A'));
}

/** The lines that a request makes where nginx prints it decoded; the first stands behind nginx's own text. */
export type RequestLines = readonly string[];

/**
 * The lines of every request in a text. Every request counts, also one that a
 * client wrote into its referrer: equal to a line of nginx's own it cannot be, for it would have to know that.
 */
export function decodedRequests(text: string): readonly RequestLines[] {
  if (!holdsLineFeed(text)) return [];
  const found: string[][] = [];
  for (let at = text.indexOf(requestField); at !== -1; at = text.indexOf(requestField, at + 1)) {
    const target = text.slice(at + requestField.length).split(' ', 2)[1] ?? '';
    const lines = decodedPath(target)
      .split('\n')
      .map((line) => line.replace(/\r$/, ''));
    if (lines.length > 1) found.push(lines);
  }
  return found;
}

/**
 * How many lines before this one belong to the same record, by the request that stands in it; null where none proves
 * it.
 *
 * @param requests the text's
 * @param isLine the text begins like a line of nginx's: then it must be a line of the client's to prove anything
 * @param before the n-th line before it, from 0, the text itself, on, with its slashes merged; null when there is none
 */
export function linesBefore(
  requests: readonly RequestLines[],
  isLine: boolean,
  before: (n: number) => string | null,
): number | null {
  const text = before(0) ?? '';
  const found = requests.find((lines) => {
    const last = lines.length - 1;
    const rest = lines[last] ?? '';
    if (before(last) === null || !(isLine ? isContinued(text, rest) : text.startsWith(rest))) return false;
    return lines.slice(1, last).every((line, at) => (before(last - 1 - at) ?? '') === line);
  });
  return found === undefined ? null : found.length - 1;
}

/** A record has one context. In a line with two of them the first may be a client's, up to where its text ended. */
export function hasTwoContexts(text: string): boolean {
  const first = text.indexOf(clientField);
  return first !== -1 && text.indexOf(clientField, first + clientField.length) !== -1;
}

const clientBegins = /, (?:udp )?client: /;
const context = /, context: \S/;

/** Whether a line without a prefix ends as every record does that has a connection. */
export function endsRecord(text: string): boolean {
  const client = clientBegins.exec(text);
  return (client !== null && text.includes(', server: ', client.index + client[0].length)) || context.test(text);
}

/** Messages that print what a client sent, decoded, and how the text continues behind that. */
const channels: readonly { readonly begins: RegExp; readonly goesOn: RegExp }[] = [
  { begins: /^FastCGI sent in stderr/, goesOn: /" while [A-Za-z ]{1,64}, (?:udp )?client: / },
  { begins: appText, goesOn: /, (?:client|context): / },
  // Names of files, URIs, X-Accel-Redirect, names out of a TLS handshake, a PROXY header: whatever nginx quotes.
  { begins: /^(?!limiting |delaying )[^"]{0,255}"/, goesOn: /"[^"]{0,255}, (?:udp )?client: / },
];
/** The last of them. */
export const quoteChannel = 8;
/** Of mail's records, which end with the login. */
export const loginChannel = 1;
/** Behind a login, which mail protocols carry in base64 or as a counted literal. */
const loginEnd = /"(?:, upstream: [^\s",]+)?$/;

/** A message alone: what is known to be no failure comes with its context. */
const ownMessage = (message: string): string => message.split(clientField, 1)[0] ?? '';

const loginContext = /^, client: [^\s,"]+(?: using starttls)?, server: [^\s,"]+, login: "/;

/** Whether a line is of mail's and names who logged in. */
function hasLogin({ message, login, client }: ErrorLine): boolean {
  if (login !== null) return client !== null;
  const context = message.indexOf(clientField);
  return context !== -1 && loginContext.test(message.slice(context, context + 512));
}

/** Mail's records end with the login: where a client left out the end, nothing stands behind its text. */
export function mayEndLogin(before: ErrorLine | null, { protocol }: Pick<ErrorLine, 'protocol'>): boolean {
  return before !== null && protocol !== 'mail' && hasLogin(before);
}

/**
 * nginx prints no context at this level, and quotes in nearly every line: neither that one lacks its end nor where it
 * ends says anything.
 */
export const isDebug = ({ level }: ErrorLine): boolean => level === 'debug';

/** By which ways a client's text may have come into the record that began with a line: a bit for each. */
export function channelsOf(line: ErrorLine): number {
  if (isDebug(line)) return 0;
  const own = ownMessage(line.message);
  return channels.reduce(
    (bits, { begins }, at) => bits | (begins.test(own) ? 2 << at : 0),
    hasLogin(line) ? loginChannel : 0,
  );
}

/** By which of them a text can be what nginx wrote behind that of a client. */
export function channelsEnded(rest: string): number {
  return channels.reduce(
    (bits, { goesOn }, at) => bits | (goesOn.test(rest) ? 2 << at : 0),
    loginEnd.test(rest) ? loginChannel : 0,
  );
}

/**
 * Whether a text ends as a record that quotes a client and holds no request: a PROXY header, a name out of a TLS
 * handshake. What the client had nginx print cannot be found in it.
 */
export function endsWithoutRequest(text: string): boolean {
  const client = text.lastIndexOf(' client: ');
  return client !== -1 && !text.includes(requestField, client) && (channelsEnded(text) & quoteChannel) !== 0;
}

/** Whether a line can have been begun by nginx and ended by a client. */
export function mayBeBegun(line: ErrorLine): boolean {
  // Most failures quote nothing, and there are many of them.
  if (line.kind !== 'unrelated' && line.login === null && !line.message.includes('"')) return false;
  return line.connection !== null && channelsOf(line) !== 0;
}

/** Whether anything comes of a line: failures, and what nginx says of its processes. */
export function matters({ kind, connection }: ErrorLine): boolean {
  return kind !== 'unrelated' || connection === null;
}

/** nginx counts the connection wherever it names a client or an upstream; active health checks have none. */
export function lacksConnection({ pid, connection, client, upstream, checked, kind, message }: ErrorLine): boolean {
  if (pid === null || connection !== null || kind === 'unrelated') return false;
  return client !== null || (upstream !== null && checked === undefined && ejectedPeer(message) === null);
}
