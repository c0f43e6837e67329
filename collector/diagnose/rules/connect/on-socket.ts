/** Nothing listens on the port, and the program listens on a unix socket. Pure. */
import { type Finding, found } from '../../finding.ts';
import type { TcpCase } from '../case.ts';
import { signs } from '../signs.ts';

export const noFirewall = 'firewall as the only cause (nothing listens)';
export const notDown = 'process down: it listens';

/** The program that listened on the port listens on a unix socket since. */
export function onSocketNow({ tcp, peer, time }: TcpCase): Finding {
  return found(
    'wrong_port',
    'likely',
    [
      signs.lastListening(peer, time),
      `the same program listens on a unix socket now: ${tcp.movedTo?.join(', ')}`,
      signs.nothingListens(tcp),
      signs.probe(tcp.probe),
    ],
    [noFirewall, notDown],
  );
}

/** php-fpm listens on its socket, and nginx asks a port. */
export function onSocketInstead({ tcp, peer, time }: TcpCase): Finding {
  return found(
    'wrong_port',
    'likely',
    [
      signs.nothingListens(tcp),
      `a FastCGI program listens on a unix socket instead: ${tcp.unixInstead.join(', ')}`,
      signs.neverListened(peer, time),
      signs.probe(tcp.probe),
    ],
    [noFirewall, notDown],
  );
}
