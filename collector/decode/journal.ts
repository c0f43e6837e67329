import { parseObject } from '../base/json.ts';

/**
 * Entries of `journalctl -o json` (systemd, journalctl(1) and JOURNAL_EXPORT_FORMATS): an object per line, whose MESSAGE
 * is a string, an array of bytes when it is not printable UTF-8, or null when it is larger than journalctl shows.
 */
export interface JournalEntry {
  /** What nginx wrote, without the newline that podman leaves at its end; null when journalctl has left it out. */
  readonly message: string | null;
  /** Where a later journalctl continues. */
  readonly cursor: string | null;
}

/** null when the line is no entry. */
export function journalEntry(line: string): JournalEntry | null {
  const entry = parseObject(line);
  if (entry === null || !('MESSAGE' in entry)) return null;
  const { MESSAGE: written, __CURSOR: cursor, _HOSTNAME: host } = entry;
  const message = messageOf(written);
  return {
    message: message === null ? null : withoutHeader(message, host).replace(/\r?\n$/, ''),
    cursor: typeof cursor === 'string' ? cursor : null,
  };
}

function messageOf(value: unknown): string | null {
  // A field that occurs several times is an array of its values, the first of which counts.
  return textOf(value) ?? (Array.isArray(value) ? textOf(value[0]) : null);
}

/** What is binary is an array of its bytes. */
function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value) || !value.every((byte) => typeof byte === 'number')) return null;
  return Buffer.from(value).toString('utf8');
}

/**
 * journald expects no host name on /dev/log, but nginx writes one there without `nohostname` (ngx_syslog.c): host
 * and tag then stand in front of the message.
 */
function withoutHeader(message: string, host: unknown): string {
  if (typeof host !== 'string' || !message.startsWith(`${host} `)) return message;
  const tag = /^\w{1,32}: /.exec(message.slice(host.length + 1));
  return tag === null ? message : message.slice(host.length + 1 + tag[0].length);
}
