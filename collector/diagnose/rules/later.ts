/** The connection was made, and the request failed behind it: TLS, silence, breaks, an application's own errors. Pure. */

import { sumOf } from '../../base/collections.ts';
import { duration, plural } from '../../base/text.ts';
import type { FailureKind } from '../../model.ts';
import type { PeerFacts } from '../facts/facts.ts';
import { dated, ended, type Finding, found } from '../finding.ts';
import type { AnswerFacts, KindFailures } from '../impact/traffic.ts';
import { type Case, mayServe, sinceLast, succeededSince, succeedsMeanwhile } from './case.ts';
import { behindFinding } from './connect/container.ts';
import { ownerText, signs } from './signs.ts';

const connects = 'the network: connections are made';
/** One answer may come long after the failure of another request: what succeeded this long after the last is another time. */
const calmMs = 20_000;

/** Where no access log shows what succeeds (stream, mail), only the silence of the error log does. */
const unseenCalmMs = 45_000;

/** It succeeds again, and nothing has failed for a while. */
function settle(one: Case, finding: Finding): Finding {
  const isOver =
    one.peer.answers === null ? sinceLast(one) > unseenCalmMs : succeededSince(one) && sinceLast(one) > calmMs;
  return isOver ? ended(finding) : finding;
}

function quoted({ message }: KindFailures) {
  return message === '' ? null : dated(`nginx says: ${message}`);
}

/** What shows that its process does not read; null where nothing does. */
function stuckSign(peer: PeerFacts): string | null {
  const stopped = mayServe(peer.tcp).find(({ isStopped }) => isStopped);
  if (stopped !== undefined) return signs.stopped(stopped.owner.pid);
  if (peer.unix?.isStopped === true) return signs.stopped(peer.unix.owner?.pid ?? null);
  if (peer.sockets.unread > 0 && peer.unix === null)
    return `${plural(peer.sockets.unread, 'request')} sent and not read by the application`;
  const queued = Math.max(peer.unix?.queued ?? 0, ...mayServe(peer.tcp).map((each) => each.queued));
  return queued > 0 ? `${plural(queued, 'connection')} in its queue, not accepted yet` : null;
}

/** Who holds it now: a name for the person who has to look after it. */
function whose({ unix, tcp }: PeerFacts): string | null {
  const owner = unix?.owner ?? tcp?.serving[0]?.owner ?? null;
  return owner === null ? null : `who serves it: ${ownerText(owner)}`;
}

function stalledText({ answers }: PeerFacts): string | null {
  const stalled = answers?.stalled;
  if (stalled === undefined) return null;
  const { waiting, silentMs, usualMs } = stalled;
  const usual =
    usualMs === null ? '' : `; 99 of 100 took at most ${usualMs < 1000 ? `${usualMs} ms` : duration(usualMs)} before`;
  return `${plural(waiting, 'request')} without an answer, and nothing was answered for ${duration(silentMs)}${usual}`;
}

/** Every link carries as much in one packet. */
const smallBytes = 500;

function lostText({ sockets: { unacknowledged, unread, mostBytes = Number.POSITIVE_INFINITY } }: PeerFacts) {
  if (unacknowledged === 0 || unread > 0) return null;
  const which = `${plural(unacknowledged, 'connection')} whose data is sent again and again`;
  return mostBytes <= smallBytes
    ? `${which}, though at most ${plural(mostBytes, 'byte')} each: packets are lost on the way (a firewall, a bad link)`
    : `${which}: packets are lost on the way (a smaller MTU there, a firewall)`;
}

/** Which packets are lost by what was seen, now or while it lasted; null: none are. */
export function lossOf(evidence: readonly string[]): 'large ones' | 'of all sizes' | null {
  const lost = evidence.find((each) => each.includes(' whose data is sent again and again'));
  if (lost === undefined) return null;
  return lost.includes(', though at most') ? 'of all sizes' : 'large ones';
}

function hangs(one: Case): readonly Finding[] {
  const { peer, failures } = one;
  const stuck = stuckSign(peer);
  const lost = lostText(peer);
  const succeeds = succeedsMeanwhile(one) ? dated('other requests to it are answered meanwhile') : null;
  const evidence = [
    quoted(failures),
    stalledText(peer),
    stuck,
    lost,
    lost === null || peer.tcp === null ? null : signs.rules(peer.tcp),
    whose(peer),
    succeeds,
    one.peer.tcp === null ? null : signs.probe(one.peer.tcp.probe),
  ];
  const sureness = stuck !== null && succeeds === null ? 'certain' : 'likely';
  // Where data is sent again and again, the network is what is suspected.
  const rulesOut = [
    lost === null ? connects : null,
    lossOf([lost ?? '']) === 'of all sizes' ? 'a smaller MTU on the way: these packets are small' : null,
    'process down: it takes connections',
  ];
  return [settle(one, found('hangs', sureness, evidence, rulesOut))];
}

function breaks(one: Case): readonly Finding[] {
  const { failures, peer } = one;
  // Who publishes the port takes the connection, and closes it when the container refuses.
  if (peer.tcp?.behind?.listens === false) return [behindFinding(peer.tcp, peer.tcp.behind)];
  const ends = peer.remembered?.endedMs.length ?? 0;
  const evidence = [
    quoted(failures),
    ends > 0
      ? dated(`what listens there was replaced ${ends === 1 ? 'once' : `${ends} times`} while the plugin watched`)
      : null,
    peer.tcp !== null && peer.tcp.serving.length > 0 ? signs.listens(peer.tcp.serving) : null,
  ];
  return [settle(one, found('breaks_after_connect', 'likely', evidence, [connects]))];
}

/** What OpenSSL, or nginx, gives as the reason; null where the line has none. */
export function tlsReason(message: string): string | null {
  const ssl = /\(SSL: (?:error:[0-9A-F]+:SSL routines:[^:]*:)?(.+?)\)*(?: while |$)/.exec(message)?.[1];
  const verify = /^upstream SSL certificate (?:verify error: \(\d+:(?<why>[^)]+)\)|(?<not>does not match ".*?"))/.exec(
    message,
  );
  const plain = verify?.groups?.['why'] ?? (verify === null ? null : `the certificate ${verify.groups?.['not'] ?? ''}`);
  return ssl?.split(/:SSL alert number/)[0]?.replace(/^.*:/, '') ?? plain;
}

function tls(one: Case): readonly Finding[] {
  const { peer, failures } = one;
  const stuck = stuckSign(peer);
  const reason = tlsReason(failures.message);
  const isSilent = reason === null && /timed out/.test(failures.message);
  // It has answered handshakes before: the port speaks TLS, and its application hangs.
  const hasAnswered = Number.isFinite(peer.answers?.lastConnectedMs ?? Number.NaN);
  if (isSilent && (stuck !== null || hasAnswered)) return hangs(one);
  const evidence = [
    quoted(failures),
    reason === null ? null : `the reason: ${reason}`,
    isSilent ? 'it took the connection, and did not answer the first message of the handshake' : null,
  ];
  return [settle(one, found('tls', reason === null && !isSilent ? 'likely' : 'certain', evidence, [connects]))];
}

const rules: Partial<Record<FailureKind, (one: Case) => readonly Finding[]>> = {
  tls,
  read_timeout: hangs,
  reset: breaks,
  closed_early: breaks,
  bad_response: breaks,
};

/** Empty for kinds of a connection that was never made. */
export function laterRules(kind: FailureKind, one: Case): readonly Finding[] {
  return rules[kind]?.(one) ?? [];
}

const minuteMs = 60_000;

/** Answers of 5xx that no line of the error log explains are the application's own. null while there are hardly any. */
export function applicationError(peer: PeerFacts, nowMs: number): Finding | null {
  const { answers } = peer;
  if (answers === null || answers.serverErrors === 0) return null;
  const recent = [...peer.failures].filter(([kind, { lastMs }]) => nowMs - lastMs <= 2 * minuteMs && kind in rules);
  const explained = sumOf(recent, ([, { count }]) => count);
  const own = answers.serverErrors - explained;
  if (own <= 0 || (own < 3 && own * 100 <= answers.connected)) return null;
  // Both logs are read a little apart: a few that no line explains yet are not the application's.
  if (own * 5 <= answers.serverErrors) return null;
  const statuses = answers.statuses.join(', ');
  const finding = found(
    'application_error',
    explained === 0 ? 'certain' : 'likely',
    [`it answered ${statuses} to ${own} of ${plural(answers.connected, 'request')} in the last minute`],
    [connects, 'nginx: it passed on what the application answered'],
  );
  return hasStopped(peer, answers, nowMs) ? ended(finding) : finding;
}

/** It answers something else since, or fails in another way. */
function hasStopped({ failures }: PeerFacts, answers: AnswerFacts, nowMs: number): boolean {
  const last = Math.max(answers.lastConnectedMs, ...[...failures.values()].map(({ lastMs }) => lastMs));
  return nowMs - answers.lastErrorMs > calmMs / 2 && last > answers.lastErrorMs;
}
