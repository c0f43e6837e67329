/** Probes of all peers of one check: at once, but for those of which it matters by what they are refused. */

import type { Namespaces } from '../places/namespaces.ts';
import { unreachablesOf } from '../places/namespaces.ts';
import type { ProbeFact } from './facts.ts';
import type { DiagnosePorts } from './ports.ts';
import type { Prober, ProbeTarget } from './probe.ts';

export interface ProbeWanted {
  readonly target: ProbeTarget;
  /** Refused by another host: a reset, or an ICMP message? The kernel counts those for all connections together. */
  readonly isAlone: boolean;
}

export interface Probed {
  readonly probe: ProbeFact;
  /** "Destination unreachable" messages that came while it connected; null where others connected, too. */
  readonly icmp: number | null;
}

/** One that is not answered takes a second: no more than these one after the other. */
const mostAlone = 3;

/** In the order of `wanted`. */
export async function probeEach(
  wanted: readonly (ProbeWanted | null)[],
  prober: Prober,
  { nginx }: Namespaces,
  ports: DiagnosePorts,
): Promise<readonly (Probed | null)[]> {
  const results = new Map<number, Probed>();
  const places = [...wanted.keys()].filter((at) => wanted[at] !== null);
  const alone = places.filter((at) => wanted[at]?.isAlone === true).slice(0, mostAlone);
  for (const at of alone) {
    const before = unreachablesOf(nginx, ports);
    const probe = await probeAt(at);
    const after = unreachablesOf(nginx, ports);
    results.set(at, { probe, icmp: before === null || after === null ? null : after - before });
  }
  await Promise.all(
    places
      .filter((at) => !alone.includes(at))
      .map(async (at) => results.set(at, { probe: await probeAt(at), icmp: null })),
  );
  return wanted.map((_, at) => results.get(at) ?? null);

  function probeAt(at: number): Promise<ProbeFact> {
    const { target } = wanted[at] as ProbeWanted;
    return prober.probe(target);
  }
}
