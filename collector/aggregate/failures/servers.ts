/** Which servers of nginx a peer's failures belong to. */
import { keepNewest } from '../../base/collections.ts';
import { ownCopy } from '../../base/own-copy.ts';

export interface FailedServers {
  /** @param server the `server:` field of the error line: the server's first name, or where it listens */
  record(server: string | null, nowUs: number): void;
  /** Those of the last hour, the latest first; nothing where there are none. */
  shown(nowUs: number): { readonly servers?: readonly string[] };
  /** There are none, as far as was shown last. */
  isEmpty(): boolean;
}

const mostServers = 3;
const keptUs = 3600_000_000;
const none = {};

/**
 * A `server_name` is written in the configuration and has no blank; a line that a client made up in spite of all checks
 * must not bring a sentence into a table.
 */
const written = /^[^\s"'<>&\p{C}]{1,100}$/u;

export function createFailedServers(): FailedServers {
  /** By name, when a failure named it last; the latest at the end. */
  const seen = new Map<string, number>();

  return {
    record(server, nowUs) {
      if (server === null || server === '') return;
      if (!seen.delete(server) && !written.test(server)) return;
      seen.set(ownCopy(server), nowUs);
      keepNewest(seen, mostServers);
    },
    shown(nowUs) {
      if (seen.size === 0) return none;
      for (const [server, at] of seen) if (nowUs - at > keptUs) seen.delete(server);
      return seen.size === 0 ? none : { servers: [...seen.keys()].reverse() };
    },
    isEmpty: () => seen.size === 0,
  };
}
