/** The rules of a firewall, and which of them refuse a given packet. Pure. */

/** What is known of a packet; null: not known. */
export interface Packet {
  readonly family: 4 | 6;
  readonly proto: 'tcp' | 'udp';
  readonly saddr: string | null;
  readonly daddr: string | null;
  /** null: one that the kernel chose. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Whose socket sends it; null where it is not sent by one here. */
  readonly uid: number | null;
  readonly user: string | null;
  /** Names of interfaces; `''` where there is none at that hook. */
  readonly iif: string | null;
  readonly oif: string | null;
  readonly state: 'new' | 'established';
  readonly isLocal: boolean;
}

/** true, false, or null where what is known of the packet does not decide it. */
export type PacketTest = (packet: Packet) => boolean | null;

/** Of what is not understood. */
export const undecided: PacketTest = () => null;

export type RuleVerdict =
  | { readonly is: 'accept' | 'return' }
  | { readonly is: 'drop' | 'reject' }
  | { readonly is: 'jump' | 'goto'; readonly chain: string };

export interface Rule {
  readonly conditions: readonly PacketTest[];
  /** null: it counts, logs or marks. */
  readonly verdict: RuleVerdict | null;
  readonly text: string;
}

export interface Chain {
  /** `inet filter`: chains of one table jump to each other. */
  readonly table: string;
  readonly name: string;
  readonly families: readonly (4 | 6)[];
  /** null: only jumped to. */
  readonly hook: string | null;
  readonly priority: number;
  readonly isDropByDefault: boolean;
  readonly rules: readonly Rule[];
}

/** A rule that refuses the packet, or may. */
export interface Refusal {
  readonly does: 'drop' | 'reject';
  /** It does, by all that is known; else it may. */
  readonly isSure: boolean;
  /** The packets that make a connection, or only those of one that is made. */
  readonly concerns: 'connect' | 'data';
  /** `inet filter output`: where it stands. */
  readonly chain: string;
  readonly text: string;
}

export function allOf(conditions: readonly PacketTest[], packet: Packet): boolean | null {
  let result: boolean | null = true;
  for (const condition of conditions) {
    const met = condition(packet);
    if (met === false) return false;
    if (met === null) result = null;
  }
  return result;
}

export function anyOf(results: readonly (boolean | null)[]): boolean | null {
  if (results.includes(true)) return true;
  return results.includes(null) ? null : false;
}

export function not(result: boolean | null): boolean | null {
  return result === null ? null : !result;
}

const deepest = 16;

interface Walk {
  readonly end: 'accept' | 'refuse' | null;
  /** Nothing on the way was undecided. */
  readonly isSure: boolean;
}

const nothing: Walk = { end: null, isSure: false };

/** One way through the chains that one table has. */
function createWalk(chains: readonly Chain[], packet: Packet, found: Omit<Refusal, 'concerns'>[]) {
  function into({ table }: Chain, name: string, isSure: boolean, depth: number): Walk {
    const target = chains.find((each) => each.table === table && each.name === name && each.hook === null);
    return target === undefined || depth > deepest ? nothing : walk(target, isSure, depth + 1);
  }

  /** What a rule that the packet meets, or may meet, does to it; `isOver`: the chain ends here. */
  function apply(chain: Chain, rule: Rule, isSure: boolean, depth: number): Walk & { readonly isOver: boolean } {
    const { verdict, text } = rule;
    if (verdict === null) return { ...nothing, isSure, isOver: false };
    switch (verdict.is) {
      case 'accept':
        return { end: 'accept', isSure, isOver: true };
      case 'return':
        return { end: null, isSure, isOver: true };
      case 'drop':
      case 'reject':
        found.push({ does: verdict.is, isSure, chain: `${chain.table} ${chain.name}`, text });
        return { end: 'refuse', isSure, isOver: true };
      default: {
        const after = into(chain, verdict.chain, isSure, depth);
        return { ...after, isOver: after.end !== null || verdict.is === 'goto' };
      }
    }
  }

  function walk(chain: Chain, isSureBefore: boolean, depth: number): Walk {
    let isSure = isSureBefore;
    for (const rule of chain.rules) {
      const met = rule.verdict === null ? false : allOf(rule.conditions, packet);
      if (met === false) continue;
      const { end, isOver, ...after } = apply(chain, rule, isSure && met === true, depth);
      if (met === true && isOver) return { end, isSure };
      isSure = isSure && met === true && after.isSure;
    }
    return { end: null, isSure };
  }
  return (base: Chain): Walk => walk(base, true, 0);
}

/** Where a packet comes past at one hook, base chains in the order of their priorities. */
export function refusalsAt(
  chains: readonly Chain[],
  hook: string,
  packet: Packet,
): readonly Omit<Refusal, 'concerns'>[] {
  const found: Omit<Refusal, 'concerns'>[] = [];
  const walk = createWalk(chains, packet, found);
  const bases = chains.filter((each) => each.hook === hook && each.families.includes(packet.family));
  for (const base of [...bases].sort((a, b) => a.priority - b.priority)) {
    const { end, isSure } = walk(base);
    if (end !== null || !base.isDropByDefault) continue;
    const chain = `${base.table} ${base.name}`;
    found.push({ does: 'drop', isSure, chain, text: 'policy drop (no rule of it accepts the connection)' });
  }
  return found;
}
