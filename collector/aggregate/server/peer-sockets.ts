import { total } from '../../base/collections.ts';
import { type Counts, type TcpState, tcpStates } from '../../model.ts';
import { tally } from '../failures/tally.ts';

/** The kernel's number of each state (include/net/tcp_states.h) → what it is charted as. `fin_wait`: this end has sent its FIN. */
const chartedAs: readonly (TcpState | null)[] = [
  null,
  'established',
  'syn_sent',
  null, // SYN_RECV: somebody connects to us from the peer's address
  'fin_wait',
  'fin_wait',
  'time_wait',
  null, // CLOSE
  'close_wait',
  'fin_wait', // LAST_ACK
  null, // LISTEN
  'fin_wait', // CLOSING
  null, // NEW_SYN_RECV
];

/** The TCP states of one peer. `count` gives the sockets to it in a state, by the kernel's number. */
export function tcpStatesOf(count: (state: number) => number): Counts<TcpState> {
  const counts = tally(tcpStates);
  for (const [number, state] of chartedAs.entries()) if (state !== null) counts[state] += count(number);
  return counts;
}

/**
 * Local ports in use towards one destination, of those there are: a port is taken until the kernel has forgotten the
 * connection, TIME-WAIT included, and is free for other destinations.
 */
export function portsUsed(states: Counts<TcpState>): number {
  return total(Object.values(states));
}
