/**
 * Error and access logs with known counts: what `report` must say of them is counted while they are made.
 *
 *   const { errorLog, accessLog, expected } = reportLogs({ minutes: 60, perSecond: 4 });
 */

/** The log_format of the access lines: `--format` takes it. */
export const reportFormat =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" ' +
  'rt=$request_time host=$proxy_host addr="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" ' +
  'uht="$upstream_header_time" urt="$upstream_response_time"';

interface ExpectedIncident {
  readonly start: string;
  readonly end: string;
  readonly peer: string;
  readonly kind: string;
  readonly count: number;
  readonly peakPerMinute: number;
  readonly masked: number;
}

export interface Expected {
  errorLines: number;
  accessLines: number;
  readonly byKind: Record<string, number>;
  readonly byStatus: Record<string, number>;
  readonly attempts: Record<string, number>;
  readonly connectMs: Record<string, number[]>;
  readonly timeline: readonly ExpectedIncident[];
}

/** From the beginning of the logs: full minutes, so that each is one incident with a known peak. */
interface Outage {
  readonly peer: string;
  readonly kind: 'refused' | 'timed_out';
  readonly fromMinute: number;
  readonly minutes: number;
}

export interface Pieces {
  /** Gives the next second's lines; null when all are given. */
  next(): { readonly error: string; readonly access: string } | null;
  readonly expected: Expected;
}

const start = Date.UTC(2026, 10, 22, 7, 0, 0);
const messages = {
  refused: 'connect() failed (111: Connection refused)',
  timed_out: 'upstream timed out (110: Connection timed out)',
} as const;

const three = (ms: number): string => (ms / 1000).toFixed(3);
const count = (of: Record<string, number>, key: string): void => {
  of[key] = (of[key] ?? 0) + 1;
};

/** Every second `perSecond` requests go to `app`; half of those that fail at the first peer are saved by the second. */
export function reportLogs(options: { minutes: number; perSecond: number; outages: readonly Outage[] }): Pieces {
  const { minutes, perSecond, outages } = options;
  const iso = (second: number) => new Date(start + second * 1000).toISOString().slice(0, 19);
  const expected: Expected = {
    errorLines: 0,
    accessLines: 0,
    byKind: {},
    byStatus: {},
    attempts: {},
    connectMs: {},
    timeline: outages.map(({ peer, kind, fromMinute, minutes: length }) => ({
      start: iso(fromMinute * 60),
      end: iso((fromMinute + length) * 60 - 1),
      peer,
      kind,
      count: length * 60 * perSecond,
      peakPerMinute: 60 * perSecond,
      masked: (length * 60 * perSecond) / 2,
    })),
  };
  const at = (peer: string, connectMs: number): void => {
    count(expected.attempts, peer);
    if (connectMs < 0) return;
    expected.connectMs[peer] ??= [];
    expected.connectMs[peer].push(connectMs);
  };
  let second = 0;
  let request = 0;

  function line(stamp: string, peers: string[], status: number, connects: number[]): string {
    expected.accessLines++;
    count(expected.byStatus, String(status));
    peers.forEach((peer, i) => {
      at(peer, connects[i] ?? -1);
    });
    const statuses = connects.map((ms) => (ms < 0 ? 502 : 200)).join(', ');
    const times = connects.map((ms) => (ms < 0 ? '-' : three(ms))).join(', ');
    const responses = connects.map((ms) => (ms < 0 ? '0.000' : three(ms + 10))).join(', ');
    return (
      `192.0.2.${request % 250} - - [${stamp}] "GET /items/${request} HTTP/1.1" ${status} 512 "-" "curl/8" rt=0.100 ` +
      `host=app addr="${peers.join(', ')}" us="${statuses}" uct="${times}" uht="${times}" urt="${responses}"\n`
    );
  }

  return {
    expected,
    next() {
      if (second === minutes * 60) return null;
      const text = iso(second);
      const [year, month, day] = text.slice(0, 10).split('-');
      const clock = text.slice(11);
      const stamp = `${day}/Nov/2026:${clock} +0100`;
      const outage = outages.find(({ fromMinute, minutes: length }) => {
        return second >= fromMinute * 60 && second < (fromMinute + length) * 60;
      });
      let error = '';
      let access = '';
      for (let i = 0; i < perSecond; i++, request++) {
        const connectMs = (request * 7) % 90;
        if (outage === undefined) {
          access += line(stamp, [`10.0.0.${1 + (request % 3)}:8080`], 200, [connectMs]);
          continue;
        }
        expected.errorLines++;
        count(expected.byKind, outage.kind);
        error +=
          `${year}/${month}/${day} ${clock} [error] 10#10: *${request} ${messages[outage.kind]} while connecting to ` +
          `upstream, client: 192.0.2.1, server: shop, request: "GET /items/${request} HTTP/1.1", ` +
          `upstream: "http://${outage.peer}/items/${request}", host: "shop"\n`;
        if (i % 2 === 0) access += line(stamp, [outage.peer], 502, [-1]);
        else access += line(stamp, [outage.peer, '10.0.0.9:8080'], 200, [-1, connectMs]);
      }
      second++;
      return { error, access };
    },
  };
}

/** Nearest rank, by sorting: the definition. */
export function nearestRank(samples: readonly number[], percent: number): number | undefined {
  const ordered = [...samples].sort((a, b) => a - b);
  return ordered[Math.ceil((ordered.length * percent) / 100) - 1];
}
