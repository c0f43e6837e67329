/** Names: one that leads elsewhere than to the address nginx keeps using, one that leads nowhere. Pure. */
import type { NameFacts, ServerFact } from '../facts/facts.ts';
import { ended, type Finding, found, ofEnd } from '../finding.ts';
import { type Case, endedByReload } from './case.ts';
import { signs } from './signs.ts';

/** nginx asks for a name once, when it loads; only `resolve` makes it follow (ngx_http_upstream_module). */
export function staleAddress(one: Case): Finding | null {
  const { peer, facts, failures } = one;
  const { loadedMs, undecided } = facts.nginx;
  const kept = peer.servers.filter(({ name, now, follows }) => name !== null && now.length > 0 && !follows);
  const moved = kept.filter(({ nowPeers }) => !nowPeers.includes(peer.peer));
  const isOld = endedByReload(one);
  const settle = (finding: Finding): Finding => (isOld ? ended(finding) : finding);
  // Another line may name the very address.
  if (moved.length > 0) {
    return moved.length === peer.servers.length ? settle(stale(peer.peer, moved, 'certain', isOld)) : null;
  }
  if (peer.servers.length > 0 || peer.formerly.length === 0) return null;
  const isOfThisLoad = loadedMs !== null && failures.lastMs > loadedMs + 1000;
  const sureness = isOfThisLoad && !undecided && peer.formerly.length === 1 ? 'certain' : 'likely';
  return settle(stale(peer.peer, peer.formerly, sureness, isOld));
}

function stale(peer: string, servers: readonly ServerFact[], sureness: 'certain' | 'likely', isOld: boolean): Finding {
  const evidence = servers.map(({ name, now, file, line }) => `${signs.name(name ?? '', now)} (${file}:${line})`);
  return found(
    'stale_address',
    sureness,
    [isOld ? ofEnd(`nginx used ${peer} until it was reloaded`) : `nginx keeps using ${peer}`, ...evidence],
    isOld ? [] : ['the application at its new address: nginx does not contact it'],
  );
}

/** As long as nginx asks again with each request, a name that resolves is over at the next. */
const overMs = 60_000;

export function unresolved(
  { name, reason, failures }: NameFacts,
  nowMs: number,
  resolvers: readonly string[],
): Finding {
  const by = resolvers.length === 0 ? null : `nginx asks ${resolvers.join(', ')}, not /etc/hosts`;
  const finding = found(
    'unresolved',
    'certain',
    [`nginx says: ${name}: ${reason}`, by],
    ['a fault of the peers: without an address nginx contacted none'],
  );
  return nowMs - failures.lastMs > overMs ? ended(finding) : finding;
}
