import { total } from '../../base/collections.ts';
import { type Counts, type TcpState, tcpStates } from '../../model.ts';
import { socketStates as st } from './socket-rows.ts';

/**
 * What is charted of the kernel's states; `fin_wait`: this end has sent its FIN. Left out is what holds no local port of
 * a connection that this end has made: a listener, and who connects to us from the peer's address.
 */
const kernelStates: Readonly<Record<TcpState, readonly number[]>> = {
  established: [st.established],
  syn_sent: [st.synSent],
  time_wait: [st.timeWait],
  close_wait: [st.closeWait],
  fin_wait: [st.finWait1, st.finWait2, st.lastAck, st.closing],
};

/** The TCP states of one peer. `count` gives the sockets to it in a state, by the kernel's number. */
export function tcpStatesOf(count: (state: number) => number): Counts<TcpState> {
  const counts = tcpStates.map((state) => [state, total(kernelStates[state].map(count))] as const);
  return Object.fromEntries(counts) as Counts<TcpState>;
}

/**
 * Local ports in use towards one destination, of those there are: a port is taken until the kernel has forgotten the
 * connection, TIME-WAIT included, and is free for other destinations.
 */
export function portsUsed(states: Counts<TcpState>): number {
  return total(Object.values(states));
}
