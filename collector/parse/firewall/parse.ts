/** What the programs of a firewall print, as chains. Pure. */
import { parseIptables } from './iptables.ts';
import { parseNft } from './nft.ts';
import type { Chain } from './ruleset.ts';

export interface PrintedRules {
  readonly by: 'nft' | 'iptables' | 'ip6tables';
  readonly text: string;
}

export function parseFirewall(printed: readonly PrintedRules[]): readonly Chain[] {
  return printed.flatMap(({ by, text }) =>
    by === 'nft' ? parseNft(text) : parseIptables(text, by === 'iptables' ? 4 : 6),
  );
}
