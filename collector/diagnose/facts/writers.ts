/**
 * Which lines of an error log this nginx can have written. A client can make nginx print a complete line of its choice
 * (a decoded line feed in a URI), but not with the pid of a worker, which it does not know. Pure.
 */

/** The processes of an nginx, as its error log names them. */
export interface Writers {
  /** Its masters and workers now, also those that are shutting down; the plugin also has those that have just ended. */
  readonly pids: { has(pid: number): boolean };
  /** When the youngest of its workers started, in milliseconds of the clock that times the lines: before, there were others. */
  readonly sinceMs: number;
}

/** Workers of before a reload finish their requests, and a connect may take proxy_connect_timeout, 60 s, twice. */
const partingMs = 120_000;

/** @returns whether the line is forged, or another nginx's that writes to the same log */
export function isByStranger(pid: number | null, ms: number, { pids, sinceMs }: Writers): boolean {
  return pid !== null && !pids.has(pid) && ms > sinceMs + partingMs;
}
