/** A name that leads elsewhere than to the address nginx goes on using. Pure. */
import type { ServerFact } from '../facts/facts.ts';
import { type Finding, found } from '../finding.ts';
import type { Case } from './case.ts';
import { signs } from './signs.ts';

/** nginx asks for a name once, when it loads; only `resolve` makes it follow (ngx_http_upstream_module). */
export function staleAddress({ peer, facts, failures }: Case): Finding | null {
  const kept = peer.servers.filter(({ name, now, follows }) => name !== null && now.length > 0 && !follows);
  const moved = kept.filter(({ nowPeers }) => !nowPeers.includes(peer.peer));
  // Another line may name the very address.
  if (moved.length > 0) return moved.length === peer.servers.length ? stale(peer.peer, moved, 'certain') : null;
  if (peer.servers.length > 0 || peer.formerly.length === 0) return null;
  const { loadedMs, undecided } = facts.nginx;
  const isOfThisLoad = loadedMs !== null && failures.lastMs > loadedMs + 1000;
  return stale(
    peer.peer,
    peer.formerly,
    isOfThisLoad && !undecided && peer.formerly.length === 1 ? 'certain' : 'likely',
  );
}

function stale(peer: string, servers: readonly ServerFact[], sureness: 'certain' | 'likely'): Finding {
  const evidence = servers.map(({ name, now, file, line }) => `${signs.name(name ?? '', now)} (${file}:${line})`);
  return found(
    'stale_address',
    sureness,
    [`nginx goes on using ${peer}`, ...evidence],
    ['the application at its new address: nginx does not ask it'],
  );
}
