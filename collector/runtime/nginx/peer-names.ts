import { type Addresses, changedNames, keepKnown, movedNames, resolveNames } from '../../discover/names.ts';
import { namesToResolve } from '../../nginx/peers.ts';
import type { NginxConfiguration } from '../../nginx/types.ts';
import type { Resolve } from '../../system/dns.ts';

/** The addresses of the names in one nginx's configuration, as nginx had them when it loaded it. */
export interface PeerNames {
  addresses(): Addresses;
  /** They are those of an older configuration. */
  isBehind(): boolean;
  /** nginx has loaded a configuration: it has asked for its names just now, and so do we. */
  loaded(nowUs: number): void;
  /** Asks again when that is due. */
  renew(nowUs: number): void;
}

export interface PeerNamePorts {
  readonly resolve: Resolve;
  /** Of now; null when the nginx is no longer watched. */
  readonly configuration: () => NginxConfiguration | null;
  /** Other addresses than before. */
  readonly onChange: () => void;
  /** A name leads elsewhere than nginx believes; null: none does. */
  readonly onMoved: (text: string | null) => void;
  readonly onError: (error: unknown) => void;
}

/** nginx resolves names when it loads; a minute is soon enough to notice that one leads elsewhere since. */
const namesEveryUs = 60_000_000;
/** While a name has no address at all, its peers are missing. */
const unresolvedEveryUs = 10_000_000;

export function createPeerNames({ resolve, configuration, onChange, onMoved, onError }: PeerNamePorts): PeerNames {
  let addresses: Addresses = new Map();
  let askedUs = 0;
  let isBehind = true;

  async function ask(nowUs: number): Promise<void> {
    askedUs = nowUs;
    const of = configuration();
    if (of === null) return;
    const fresh = await resolveNames(namesToResolve(of), resolve);
    if (configuration() !== of) return;
    const used = isBehind ? fresh : keepKnown(addresses, fresh);
    onMoved(movedNames(used, fresh));
    if (changedNames(addresses, used).length > 0 || addresses.size !== used.size) onChange();
    addresses = used;
    isBehind = false;
  }

  return {
    addresses: () => addresses,
    isBehind: () => isBehind,
    loaded(nowUs) {
      isBehind = true;
      ask(nowUs).catch(onError);
    },
    renew(nowUs) {
      const isMissing = [...addresses.values()].some((each) => each.length === 0);
      if (nowUs - askedUs >= (isMissing ? unresolvedEveryUs : namesEveryUs)) ask(nowUs).catch(onError);
    },
  };
}
