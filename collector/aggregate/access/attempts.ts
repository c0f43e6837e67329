import { type AccessFields, type AccessRecord, type ErrorMaker, outcomes, requestClasses } from '../../model.ts';
import { places } from '../failures/tally.ts';

/**
 * What became of one attempt, as far as the log_format shows: its connection was never made, it was made (`answered`
 * says nothing about the status), or neither can be known (a client that gave up, a format without connect time).
 */
export type Fate = 'never_connected' | 'connected' | 'unknown';

/**
 * @param legacyConnectTime nginx before 1.15.7 (commit c24146731): where a connect time is not known it prints the
 *   response time instead of `-`, so two equal times under a 502 or 504 stand for a connection that was never made
 */
export function fateOf(record: AccessRecord, i: number, fields: AccessFields, legacyConnectTime: boolean): Fate {
  if (!fields.connectTime) return 'unknown';
  const status = record.statuses[i] as number;
  const connectMs = record.connectMs[i] as number;
  if (connectMs >= 0) {
    const substituted = legacyConnectTime && isGatewayError(status) && connectMs === record.responseMs[i];
    return substituted ? 'never_connected' : 'connected';
  }
  if (fields.statuses) return isGatewayError(status) ? 'never_connected' : 'unknown';
  // Without the attempt's own status (stream has none): nginx tried on, or gave up, only because it failed.
  return i < record.attempts - 1 || isGatewayError(record.status) ? 'never_connected' : 'unknown';
}

const isGatewayError = (status: number): boolean => status === 502 || status === 504;

const outcome = places(outcomes);

/** Whether nginx, or the peer with a 5xx, failed attempt `i`. */
export function hasFailed(record: AccessRecord, i: number, fate: Fate): boolean {
  return fate === 'never_connected' || (record.statuses[i] as number) >= 500;
}

/**
 * What the client got of a request, as its place in `outcomes`; -1 for one that is not counted (499).
 *
 * @param failures how many of the attempts of the last pass failed
 * @param lastFailed whether the very last did
 */
export function outcomeOf({ status }: AccessRecord, failures: number, lastFailed: boolean): number {
  if (status >= 500) return serverErrors[status] ?? outcome.other_5xx;
  if (status === 499 || status < 0) return -1;
  if (lastFailed) return outcome.fallback;
  return failures > 0 ? outcome.masked : outcome.ok;
}

const serverErrors: Readonly<Record<number, number>> = {
  502: outcome.bad_gateway,
  503: outcome.unavailable,
  504: outcome.gateway_timeout,
};

/**
 * Whose fault a request was that ended with a 5xx, by its last attempt: no connection was made (`lost`), it was made and
 * nginx gave up on it (`broke`), or the application said so itself (`own`). Where the log_format does not show:
 * `broke_or_own` (no header time), `unsure` (no connect time). null: an error that no alert is about (the application's
 * own 500 and 503).
 */
export function faultOf(
  record: AccessRecord,
  fate: Fate,
  { headerTime }: AccessFields,
): 'lost' | 'broke' | 'own' | 'broke_or_own' | 'unsure' | null {
  if (fate === 'never_connected') return 'lost';
  const last = record.attempts - 1;
  const status = record.statuses[last] as number;
  // Without its own status (stream, or a format without it) the client's is used.
  if (!isGatewayError(status === -1 ? record.status : status)) return null;
  if (fate === 'unknown') return 'unsure';
  if (!headerTime) return 'broke_or_own';
  return (record.headerMs[last] as number) >= 0 ? 'own' : 'broke';
}

/** Who made the 5xx that ended a request, by its last attempt, whose fate this is; null: it did not end with one. */
export function makerOf(record: AccessRecord, fate: Fate, fields: AccessFields): ErrorMaker | null {
  if (record.status < 500) return null;
  const last = record.attempts - 1;
  const hasAnswered = (record.headerMs[last] as number) >= 0;
  switch (faultOf(record, fate, fields)) {
    case 'lost':
    case 'broke':
      return 'nginx';
    case 'own':
      return 'application';
    case 'broke_or_own':
      return 'unclear';
    case 'unsure':
      return fields.headerTime ? (hasAnswered ? 'application' : 'nginx') : 'unclear';
    default: {
      const status = record.statuses[last] as number;
      // nginx gave up before there was an answer: proxy_bind failed, for example.
      if (status < 0) return fields.statuses && !hasAnswered && fields.headerTime ? 'nginx' : 'unclear';
      return status >= 500 ? 'application' : 'nginx';
    }
  }
}

/** By status, the class's place in `requestClasses`; -1 for a status that is none (nginx prints 009 for no HTTP/1). */
export const requestClassOf: Int8Array = Int8Array.from({ length: 1000 }, (_, status) => {
  const place = (wanted: string) => (requestClasses as readonly string[]).indexOf(wanted);
  if (place(`status_${status}`) >= 0) return place(`status_${status}`);
  return place(status >= 500 && status < 600 ? 'other_5xx' : `${Math.floor(status / 100)}xx`);
});

/**
 * Whether this is a peer's address and not the name of a group of which no peer was live: nginx always prints a peer
 * with its port, or as a unix socket.
 */
export function isPeerName(text: string): boolean {
  return text.startsWith('unix:') || /:\d+$/.test(text);
}
