/**
 * The text of the `upstream:` field (nginx src/http/ngx_http_request.c:ngx_http_log_error_handler:
 * `SCHEME PEER [":"] URI`; src/stream/ngx_stream_proxy_module.c: the peer alone).
 */
import type { UpstreamField } from '../../../model.ts';

export interface UpstreamText {
  readonly text: string;
  /** Its closing quote was there; else the text may end anywhere. */
  readonly closed: boolean;
}

const schemeStart = /^([a-z][a-z0-9+.-]*):\/\//;
const bracketed = /^\[[^\]/"]*\](?::[^/?"]*)?/;
const plain = /^[^/?"]*/;
const socketName = /\.sock(?:et)?(?=\/)/;
const messagePeer = /^(?:kevent\(\) reported that )?connect\(\) to (\S.*?) failed$/;
const tunnelPeer = /^proxy_connect: .*\(peer:([^()\s]+)\)$/;

/** The peer that the message itself names, as in `connect() to PEER failed`. */
export function peerOfMessage(message: string): string | null {
  const head = message.slice(0, 2048);
  return messagePeer.exec(head)?.[1] ?? tunnelPeer.exec(head)?.[1] ?? null;
}

interface Split {
  readonly peer: string;
  readonly uri: string;
}

/** A colon parts the path of a unix socket from the URI, also when there is no URI. */
function splitUnix(text: string, named: string | null): Split {
  if (named !== null && text.startsWith(named)) return { peer: named, uri: text.slice(named.length).replace(/^:/, '') };
  const query = text.indexOf('?');
  const path = query === -1 ? text : text.slice(0, query);
  const colon = /:(?=\/|$)/.exec(path.slice('unix:'.length));
  const peer = colon === null ? path : path.slice(0, 'unix:'.length + colon.index);
  // Lines without the colon exist: a socket's name is the best end there is.
  const name = socketName.exec(peer);
  if (name !== null) {
    const end = name.index + name[0].length;
    return { peer: text.slice(0, end), uri: text.slice(end) };
  }
  return { peer, uri: text.slice(peer.length).replace(/^:/, '') };
}

function splitPeer(text: string, named: string | null): Split {
  if (text.startsWith('unix:')) return splitUnix(text, named);
  const peer = (text.startsWith('[') ? bracketed : plain).exec(text)?.[0] ?? '';
  return { peer, uri: text.slice(peer.length) };
}

/**
 * Reads the field of a request over HTTP, FastCGI and so on. Null when the scheme is missing, when there is no peer,
 * or when the text was cut and nothing behind the peer proves that it is complete.
 *
 * @param named the peer that the message names
 */
export function httpUpstream(field: UpstreamText, named: string | null): UpstreamField | null {
  const scheme = schemeStart.exec(field.text);
  if (scheme === null) return null;
  const { peer, uri } = splitPeer(field.text.slice(scheme[0].length), named);
  if (peer === '' || peer === 'unix:') return null;
  if (!field.closed && !uri.startsWith('/') && peer !== named) return null;
  return { scheme: scheme[1] ?? null, peer, uri: uri === '' ? null : uri };
}

/** Reads the field of a stream or mail session: nothing but the peer. Null when it was cut. */
export function barePeer(field: UpstreamText): UpstreamField | null {
  if (!field.closed || field.text === '') return null;
  return { scheme: null, peer: field.text, uri: null };
}

/** Whether the text begins like the field of a request: a scheme and something behind it. */
export function isSchemed(text: string): boolean {
  return schemeStart.test(text);
}
