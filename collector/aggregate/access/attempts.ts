import { type AccessFields, type AccessRecord, outcomes, requestClasses } from '../../model.ts';
import { places } from '../failures/tally.ts';

/**
 * What became of one attempt, as far as the log_format tells: its connection was never made, it was made (`answered`
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

/**
 * Measure 3: what the client got of a request that has attempts, as its place in `outcomes`; -1 for one that is not
 * counted (499).
 *
 * @param anyNeverConnected whether any of its attempts never connected
 */
export function outcomeOf(record: AccessRecord, anyNeverConnected: boolean): number {
  const { status } = record;
  if (status >= 500) return serverErrors[status] ?? outcome.other_5xx;
  if (status === 499 || status < 0) return -1;
  return anyNeverConnected || anyAnswered5xx(record) ? outcome.masked : outcome.ok;
}

const serverErrors: Readonly<Record<number, number>> = {
  502: outcome.bad_gateway,
  503: outcome.unavailable,
  504: outcome.gateway_timeout,
};

/**
 * The client's status is no 5xx here, so whichever attempt answered one, something saved the request: another peer, a
 * fallback page or a stale cache.
 */
function anyAnswered5xx({ statuses, attempts }: AccessRecord): boolean {
  for (let i = 0; i < attempts; i++) if ((statuses[i] as number) >= 500) return true;
  return false;
}

/** By status, the class's place in `requestClasses`; -1 for a status that is none (nginx prints 009 for no HTTP/1). */
export const requestClassOf: Int8Array = Int8Array.from({ length: 1000 }, (_, status) => {
  const place = (wanted: string) => (requestClasses as readonly string[]).indexOf(wanted);
  return place(`${status}`) >= 0 ? place(`${status}`) : place(`${Math.floor(status / 100)}xx`);
});

/**
 * Whether this is a peer's address and not the name of a group of which no peer was live: nginx always prints a peer
 * with its port, or as a unix socket.
 */
export function isPeerName(text: string): boolean {
  return text.startsWith('unix:') || /:\d+$/.test(text);
}
