/** A rule of this host's own firewall that refuses nginx's connections, as root may read it. Pure. */
import type { Refusal } from '../../../parse/firewall/ruleset.ts';
import type { TcpFacts } from '../../facts/facts.ts';
import { type Finding, found } from '../../finding.ts';
import { connectedSince, sinceLast, type TcpCase } from '../case.ts';
import { signs } from '../signs.ts';

/** A connect that waits has its line when it gives up; until then it is seen in the socket table. */
const goesOnMs = 15_000;

/** One that surely refuses them, by all that is known of them; null where there is none. */
export function refusalBy(tcp: TcpFacts | null, does: Refusal['does']): Refusal | null {
  const connects = (tcp?.refusals ?? []).filter(({ concerns }) => concerns === 'connect');
  return connects.find((each) => each.isSure && each.does === does) ?? null;
}

/** What fails now is refused by this very host: no test connection, no guess is needed. */
export function byOwnRule(one: TcpCase, does: Refusal['does']): Finding | null {
  const { tcp } = one;
  if (refusalBy(tcp, does) === null || sinceLast(one) > goesOnMs || connectedSince(one)) return null;
  return found(
    does === 'reject' ? 'firewall_reject' : 'no_answer',
    'certain',
    [signs.rules(tcp), tcp.serving.length > 0 ? signs.listens(tcp.serving) : null, signs.probe(tcp.probe)],
    ['the peer: what nginx sends does not reach it, or its answer does not come back'],
  );
}
