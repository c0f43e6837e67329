/** Lines on stderr in logfmt: they stand in Netdata's error.log (1.37.1) or collector log (2.x). */
export interface Log {
  info(text: string, fields?: Fields): void;
  warning(text: string, fields?: Fields): void;
  error(text: string, fields?: Fields): void;
}

export type Fields = Readonly<Record<string, string | number>>;

/** Netdata's own level names, most severe first (NETDATA_LOG_LEVEL). */
const levels = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];

/**
 * @param write takes one entire line
 * @param wallMs the time of a line
 * @param atMost lines less severe than this level are not written; without one, `info` and up are
 */
export function createLog(write: (line: string) => void, wallMs: () => number, atMost: string | undefined): Log {
  const limit = levels.indexOf(atMost ?? 'info');
  const log =
    (level: string) =>
    (text: string, fields: Fields = {}) => {
      if (levels.indexOf(level) > (limit === -1 ? levels.indexOf('info') : limit)) return;
      const words = {
        time: new Date(wallMs()).toISOString(),
        comm: 'nginx-upstream.plugin',
        source: 'collector',
        level,
      };
      const all = Object.entries({ ...words, msg: text, ...fields });
      write(`${all.map(([key, value]) => `${key}=${logfmtValue(String(value))}`).join(' ')}\n`);
    };
  return { info: log('info'), warning: log('warning'), error: log('error') };
}

function logfmtValue(text: string): string {
  return /^[\w.:/+-]+$/.test(text) ? text : JSON.stringify(text);
}

/** A problem in words that may change (they hold a count) while it stays the same problem. */
export interface Condition {
  readonly kind: string;
  readonly text: string;
}

/** What is wrong now, by subject: says it once when it begins, once when it changes, and once when it ends. */
export interface Conditions {
  /** @param problem null when the subject is fine; a text alone is its own kind */
  set(subject: string, problem: Condition | string | null): void;
  /** Forgets a subject that is no longer watched. */
  drop(subject: string): void;
}

const fine = { kind: null, text: '' };

export function createConditions(log: Log): Conditions {
  const kinds = new Map<string, string>();
  return {
    set(subject, problem) {
      const { kind, text } = typeof problem === 'string' ? { kind: problem, text: problem } : (problem ?? fine);
      if ((kinds.get(subject) ?? null) === kind) return;
      if (kind === null) {
        kinds.delete(subject);
        log.info(`${subject}: works again`);
      } else {
        kinds.set(subject, kind);
        log.error(`${subject}: ${text}`);
      }
    },
    drop: (subject) => kinds.delete(subject),
  };
}
