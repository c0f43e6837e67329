import { tcpStates } from '../../collector/model.ts';
import { gauges, type PeerChart } from '../chart.ts';

/** All sockets of nginx's network namespace to this address, whoever made them: they share its local ports. */
export const peerTcpStates: PeerChart = {
  name: 'peer_tcp_states',
  level: 'peer',
  title: 'Sockets to the peer by TCP state',
  units: 'sockets',
  type: 'stacked',
  family: 'sockets',
  priority: 60800,
  module: 'proc',
  dimensions: gauges(tcpStates),
  read: ({ sockets }) => (sockets === null ? null : sockets?.states),
  variables: {
    listen_queue: ({ sockets }) => sockets?.queued ?? undefined,
    local_ports_used: ({ sockets }) => sockets?.localPorts?.used,
    local_ports: ({ sockets }) => sockets?.localPorts?.of,
  },
};
