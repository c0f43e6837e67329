/** Upstreams of peers that no configuration names, as access logs have them: Lua balances, or nobody can read the file. */
import type { UpstreamOf } from '../model.ts';

/** Pods of a large cluster; of more the oldest are forgotten. */
const mostPeers = 4096;

/**
 * Error lines name no upstream. What the access log says of a peer (`$proxy_host`, `$proxy_upstream_name`) is used for them
 * where the configuration has no other answer than a group that Lua balances, or none at all. An address that another pod
 * has now belongs to the upstream that was seen last.
 *
 * @param isLua whether Lua chooses the peers of this upstream
 */
export function createLearnedUpstreams(upstreamOf: UpstreamOf, isLua: (upstream: string) => boolean): UpstreamOf {
  const learned = new Map<string, string>();
  return (peer, proxyHost, protocol) => {
    const found = upstreamOf(peer, proxyHost, protocol);
    if (protocol === 'mail' || protocol === 'stream') return found;
    const isAnswer = found !== peer && !isLua(found);
    if (proxyHost === null || proxyHost === '' || proxyHost === '-') {
      return isAnswer ? found : (learned.get(peer) ?? found);
    }
    if (!isAnswer || learned.get(peer) === found) return found;
    learned.delete(peer);
    learned.set(peer, found);
    if (learned.size > mostPeers) learned.delete(learned.keys().next().value ?? '');
    return found;
  };
}
