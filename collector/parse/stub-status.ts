import type { StubStatus } from '../model.ts';

/**
 * The page of nginx's stub_status module (src/http/modules/ngx_http_stub_status_module.c:ngx_http_stub_status_handler).
 * Tengine adds a fourth column, request_time; a proxy or an editor may have trimmed blanks or turned LF into CRLF.
 */
const page =
  /^\s*Active connections:\s*(\d+)\s+server accepts handled requests(?: request_time)?\s+(\d+)\s+(\d+)\s+(\d+)(?:\s+\d+)?\s+Reading:\s*(\d+)\s*Writing:\s*(\d+)\s*Waiting:\s*(\d+)\s*$/;

/** The genuine page is under 300 bytes: anything much longer is something else, and is not worth matching. */
const longestPage = 2048;

/** Reads a stub_status page; null when the text is anything else. Total: never throws. */
export function parseStubStatus(text: string): StubStatus | null {
  if (text.length > longestPage) return null;
  const found = page.exec(text);
  if (found === null) return null;
  const [, active = '', accepts = '', handled = '', requests = '', reading = '', writing = '', waiting = ''] = found;
  return {
    active: gauge(active),
    accepts: counter(accepts),
    handled: counter(handled),
    requests: counter(requests),
    reading: gauge(reading),
    writing: gauge(writing),
    waiting: gauge(waiting),
  };
}

/**
 * Workers add to and take from the gauges without a lock, so one may be briefly below zero; nginx prints it unsigned
 * (`%uA`), near 2^64, or near 2^32 on a 32-bit build. No nginx holds 2^31 connections.
 */
function gauge(digits: string): number {
  const value = Number(digits);
  return value < 2 ** 31 ? value : 0;
}

/** Counters only grow. Past 2^53 a Number skips integers, so it wraps there: a reader sees one restart, not a lie. */
function counter(digits: string): number {
  const value = Number(digits);
  return Number.isSafeInteger(value) ? value : Number(BigInt.asUintN(53, BigInt(digits)));
}
