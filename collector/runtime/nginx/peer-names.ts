import { type Addresses, changedNames, movedNames } from '../../discover/names.ts';
import { namesToResolve } from '../../nginx/peers.ts';
import type { NginxConfiguration } from '../../nginx/types.ts';
import {
  askNames,
  createNameBudget,
  type NameAnswers,
  type NameBudget,
  nameBounds,
} from '../../system/network/ask-names.ts';
import type { Resolve } from '../../system/network/dns.ts';

/** The addresses of the names in one nginx's configuration, as nginx had them when it loaded it. */
export interface PeerNames {
  addresses(): Addresses;
  /** They are those of an older configuration. */
  isBehind(): boolean;
  /** nginx has loaded a configuration: it has asked for its names just now, and so do we. */
  loaded(nowUs: number): void;
  /** Asks again when that is due. Never waits for an answer. */
  renew(nowUs: number): void;
}

export interface PeerNamePorts {
  readonly resolve: Resolve;
  /** Of now; null when the nginx is no longer watched. */
  readonly configuration: () => NginxConfiguration | null;
  /** Other addresses than before. */
  readonly onChange: () => void;
  /** A name leads elsewhere than nginx believes, or is not known; null: neither. */
  readonly onTrouble: (text: string | null) => void;
  readonly onError: (error: unknown) => void;
  readonly createBudget?: () => NameBudget;
}

/** nginx resolves names when it loads; a minute is soon enough to notice that one leads elsewhere since. */
const namesEveryUs = 60_000_000;
/** While a name has no address at all, its peers are missing. */
const unresolvedEveryUs = 10_000_000;

/** Without the counts, which change with each round: it is logged when it begins and when it ends. */
function openText({ open }: NameAnswers, wanted: number): string | null {
  const { inAll, seconds } = nameBounds;
  if (wanted > inAll) return `of ${wanted} names of servers only the first ${inAll} are asked for`;
  return open.late === 0 ? null : `some names of servers had no answer within ${seconds} s: the resolver is slow`;
}

export function createPeerNames(ports: PeerNamePorts): PeerNames {
  const { resolve, configuration, onChange, onTrouble, onError, createBudget = createNameBudget } = ports;
  let addresses: Addresses = new Map();
  /** Names that were answered since nginx loaded its configuration. */
  let answered = new Set<string>();
  let round: NameBudget | null = null;
  let askedUs = 0;
  let isOpen = false;
  let isBehind = true;

  /** What nginx uses keeps counting; a name that had no address takes what it has now. */
  function usedOf(name: string, fresh: Addresses): readonly string[] | undefined {
    const old = addresses.get(name);
    const now = fresh.get(name);
    if (now === undefined) return old;
    return old !== undefined && old.length > 0 && answered.has(name) ? old : now;
  }

  function take(fresh: Addresses, names: readonly string[]): void {
    const used = new Map(
      names.flatMap((name) => {
        const found = usedOf(name, fresh);
        return found === undefined ? [] : [[name, found] as const];
      }),
    );
    if (changedNames(addresses, used).length > 0 || addresses.size !== used.size) onChange();
    addresses = used;
    for (const name of fresh.keys()) answered.add(name);
    isBehind = false;
  }

  async function ask(nowUs: number): Promise<void> {
    askedUs = nowUs;
    const of = configuration();
    if (of === null) return;
    const all = namesToResolve(of);
    const names = all.slice(0, nameBounds.inAll);
    if (names.length === 0) {
      // Nothing to wait for: the first tick after a start already counts.
      take(new Map(), names);
      isOpen = false;
      onTrouble(null);
      return;
    }
    const mine = createBudget();
    round = mine;
    // A slow resolver answers a part in each round: those without an answer are first.
    const queue = [...names].sort((a, b) => Number(answered.has(a)) - Number(answered.has(b)));
    const answers = await askNames(queue, resolve, mine).finally(() => {
      mine.end();
      if (round === mine) round = null;
    });
    if (configuration() !== of) return;
    take(answers.addresses, names);
    isOpen = names.some((name) => !answered.has(name));
    const known = new Map([...addresses].filter(([name]) => answers.addresses.has(name)));
    const troubles = [movedNames(known, answers.addresses), openText(answers, all.length)];
    onTrouble(troubles.filter((each) => each !== null).join('; ') || null);
  }

  return {
    addresses: () => addresses,
    isBehind: () => isBehind,
    loaded(nowUs) {
      isBehind = true;
      answered = new Set();
      round?.end();
      ask(nowUs).catch(onError);
    },
    renew(nowUs) {
      if (round !== null) return;
      const isMissing = isOpen || [...addresses.values()].some((each) => each.length === 0);
      if (nowUs - askedUs >= (isMissing ? unresolvedEveryUs : namesEveryUs)) ask(nowUs).catch(onError);
    },
  };
}
