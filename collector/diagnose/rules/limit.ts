/** What nginx itself runs out of: the errno or the alert line says what, the limits say how far. Pure. */
import type { ConnectKind } from '../../model.ts';
import type { KindFailures, NginxFacts, TcpFacts } from '../facts/facts.ts';
import { type Finding, found } from '../finding.ts';

const notPeer = 'the peer: it was not even asked';

function ports(tcp: TcpFacts | null): Finding {
  const local = tcp?.localPorts ?? null;
  const used =
    local === null ? null : `${local.used} connections to this peer hold a local port; the range has ${local.of}`;
  const scarce = local !== null && local.used * 10 >= local.of * 8;
  return found(
    'no_ports',
    scarce ? 'certain' : 'likely',
    [
      'errno 99: the kernel had no local address and port for the connection',
      used,
      scarce ? null : 'the same errno is given when proxy_bind names an address that this host does not have',
    ],
    [notPeer],
  );
}

function files({ openFiles }: NginxFacts, { errno }: KindFailures): Finding {
  const isHosts = errno === 23;
  const limit =
    openFiles === null || isHosts
      ? null
      : `a worker may have ${openFiles.limit} descriptors open${openFiles.used === null ? '' : ` and has ${openFiles.used} now`}`;
  const whose = isHosts ? 'errno 23: the whole host had no descriptor left' : 'errno 24: the worker had none left';
  return found('no_files', 'certain', [whose, limit], [notPeer]);
}

function connections({ workerConnections }: NginxFacts): Finding {
  const limit = workerConnections === null ? null : `worker_connections is ${workerConnections} for each worker`;
  return found(
    'worker_connections',
    'certain',
    ["nginx's own alert: worker_connections are not enough", limit],
    [notPeer],
  );
}

/** Empty for kinds that are no limit. */
export function limitRules(
  kind: ConnectKind,
  failures: KindFailures,
  nginx: NginxFacts,
  tcp: TcpFacts | null,
): readonly Finding[] {
  if (kind === 'no_ports') return [ports(tcp)];
  if (kind === 'no_files') return [files(nginx, failures)];
  return kind === 'worker_connections' ? [connections(nginx)] : [];
}
