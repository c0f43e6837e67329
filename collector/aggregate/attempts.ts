import type { AccessFields, AccessRecord, Outcome, RequestClass } from '../model.ts';

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

/**
 * Measure 3: what the client got of a request that has attempts; null for one that is not counted (499).
 *
 * @param anyNeverConnected whether any of its attempts never connected
 */
export function outcomeOf(record: AccessRecord, anyNeverConnected: boolean): Outcome | null {
  const { status } = record;
  if (status === 499 || status < 0) return null;
  if (status === 502) return 'bad_gateway';
  if (status === 503) return 'unavailable';
  if (status === 504) return 'gateway_timeout';
  if (status >= 500) return 'other_5xx';
  return anyNeverConnected || anyAnswered5xx(record) ? 'masked' : 'ok';
}

/**
 * The client's status is no 5xx here, so whichever attempt answered one, something saved the request: another peer, a
 * fallback page or a stale cache.
 */
function anyAnswered5xx({ statuses, attempts }: AccessRecord): boolean {
  for (let i = 0; i < attempts; i++) if ((statuses[i] as number) >= 500) return true;
  return false;
}

/** null for a status that is none (nginx prints 009 for a request that is no HTTP/1). */
export function requestClassOf(status: number): RequestClass | null {
  switch (status) {
    case 502:
      return '502';
    case 503:
      return '503';
    case 504:
      return '504';
  }
  const hundreds = Math.floor(status / 100);
  return hundreds >= 1 && hundreds <= 5 ? (`${hundreds}xx` as RequestClass) : null;
}

/**
 * Whether this is a peer's address and not the name of a group of which no peer was live: nginx always prints a peer
 * with its port, or as a unix socket.
 */
export function isPeerName(text: string): boolean {
  return text.startsWith('unix:') || /:\d+$/.test(text);
}
