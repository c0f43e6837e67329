/** What nginx itself runs out of: the errno or the alert line says what, the limits say how far. Pure. */

import type { FailureKind } from '../../model.ts';
import type { TcpFacts } from '../facts/facts.ts';
import type { NginxFacts } from '../facts/nginx-facts.ts';
import { ended, type Finding, found } from '../finding.ts';
import type { KindFailures } from '../impact/traffic.ts';

const notPeer = 'a fault of the peer: nginx never contacted it';

/** proxy_bind with its own port: the second connection at a time finds it taken. */
function addressTaken({ message }: KindFailures, used: string | null): Finding {
  const quote = `nginx says: ${message}`;
  if (!/^bind\(\S+:\d+\) failed/.test(message)) return found('no_ports', 'likely', [quote, used], [notPeer]);
  const why = 'the address and port that proxy_bind names are in use: one connection at a time can have them';
  return found('no_local_address', 'certain', [quote, why], [notPeer, 'exhausted local ports']);
}

/** errno 99: the ports are used up, or the local address is none of this host's. */
function localAddress(failures: KindFailures, nginx: NginxFacts, tcp: TcpFacts | null): Finding {
  const local = tcp?.localPorts ?? null;
  const isBind = failures.message.startsWith('bind(');
  const isIpv6 = tcp?.host.includes(':') === true;
  const used =
    local === null ? null : `${local.used} connections to this peer hold a local port; the range has ${local.of}`;
  const isScarce = local !== null && local.used * 10 >= local.of * 8;
  const errno = `errno ${failures.errno ?? 99}: the kernel had no local address and port for the connection`;
  const quote = isBind ? `nginx says: ${failures.message}` : null;
  if (isScarce && !isBind) return found('no_ports', 'certain', [errno, used], [notPeer]);
  if (isIpv6 && nginx.hasIpv6 === false) {
    const without = 'nginx has no IPv6 address, not even ::1, and the peer is an IPv6 address';
    return found('no_local_address', 'certain', [errno, without], [notPeer, 'exhausted local ports']);
  }
  if (isBind && failures.errno === 98) return addressTaken(failures, used);
  if (isBind || local !== null) {
    const evidence = [errno, quote, used, isBind ? 'proxy_bind names an address that this host does not have' : null];
    return found('no_local_address', isBind ? 'certain' : 'likely', evidence, [notPeer, 'exhausted local ports']);
  }
  const other = 'proxy_bind with an address that this host does not have gives the same errno';
  return found('no_ports', 'likely', [errno, other], [notPeer]);
}

function files({ openFiles }: NginxFacts, { errno }: KindFailures): Finding {
  const isHosts = errno === 23;
  const limit =
    openFiles === null || isHosts
      ? null
      : `a worker may have ${openFiles.limit} descriptors open${openFiles.used === null ? '' : ` and has ${openFiles.used} now`}`;
  const whose = isHosts ? 'errno 23: the host had no descriptor left' : 'errno 24: the worker had none left';
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

/** A limit that is reached is reached again within seconds, as long as there is as much traffic. */
const overMs = 20_000;

/** Empty for kinds that are no limit. */
export function limitRules(
  kind: FailureKind,
  failures: KindFailures,
  nginx: NginxFacts,
  tcp: TcpFacts | null,
  nowMs: number,
): readonly Finding[] {
  const settle = (finding: Finding): readonly Finding[] => [
    nowMs - failures.lastMs > overMs ? ended(finding) : finding,
  ];
  if (kind === 'no_ports') return settle(localAddress(failures, nginx, tcp));
  if (kind === 'no_files') return settle(files(nginx, failures));
  return kind === 'worker_connections' ? settle(connections(nginx)) : [];
}
