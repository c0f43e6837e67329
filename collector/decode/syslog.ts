/**
 * The frame nginx puts around a line it sends to syslog (nginx src/core/ngx_syslog.c: ngx_syslog_add_header):
 * `<PRI>Mon dd hh:mm:ss HOST TAG: ` and the line as a file would have it. HOST is empty (two blanks) in the first lines
 * at start, and absent with `nohostname`; TAG is `nginx` unless configured, of [A-Za-z0-9_], at most 32.
 */
const frame = /^<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[^\s:]* )?\w{1,32}: /;

/** The line inside; null when it is not a frame of nginx. Only the front is checked: the rest comes from clients. */
export function syslogLine(datagram: string): string | null {
  const header = frame.exec(datagram);
  return header === null ? null : datagram.slice(header[0].length);
}
