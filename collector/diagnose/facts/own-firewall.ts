/** What this host's own firewall does to nginx's connections to one peer. */
import { refusalsOf } from '../../parse/firewall/refusals.ts';
import type { Chain } from '../../parse/firewall/ruleset.ts';
import type { TcpFacts } from './facts.ts';
import type { DiagnosePorts } from './ports.ts';

export interface OwnFirewall {
  /** Of this process's network namespace, where nginx shares it; null where it may not be read. */
  readonly firewall: readonly Chain[] | null;
  readonly workerUid: number | null;
  readonly ports: Pick<DiagnosePorts, 'userName'>;
}

/** @param isLocal the peer's address is one of nginx's own namespace */
export function refusalsTo(
  { host, port, isUdp = false }: Pick<TcpFacts, 'host' | 'port'> & { readonly isUdp?: boolean },
  isLocal: boolean,
  { firewall, workerUid, ports }: OwnFirewall,
): TcpFacts['refusals'] {
  if (firewall === null) return null;
  const user = workerUid === null ? null : ports.userName(workerUid);
  return refusalsOf(firewall, { host, port, isUdp, uid: workerUid, user, isLocal });
}
