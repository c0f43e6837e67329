/** Names to addresses through the system's own resolver (/etc/hosts, nsswitch), as nginx asks it when it loads. */
import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';

export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  /** `ENOTFOUND` for a name that does not exist; anything else is a resolver in trouble. */
  | { readonly ok: false; readonly code: string };

export type Resolve = (name: string) => Promise<Resolution>;

/** Who asks for a name that is being asked for waits for the same answer: a resolver that hangs collects no questions. */
export function askedOnce(resolve: Resolve): Resolve {
  const asked = new Map<string, Promise<Resolution>>();
  return (name) => {
    const known = asked.get(name);
    if (known !== undefined) return known;
    const answer = resolve(name).finally(() => asked.delete(name));
    asked.set(name, answer);
    return answer;
  };
}

/**
 * A process ends only after the look-ups that are under way, which a resolver that does not answer holds for 10 s. Nobody
 * here waits that long for a name. What the administrator has set stays.
 */
export function limitLookups(env: NodeJS.ProcessEnv): void {
  env['RES_OPTIONS'] ??= 'timeout:2 attempts:1';
}

/** getaddrinfo() with the hints of ngx_inet_resolve_host (src/core/ngx_inet.c). Never rejects. */
export const resolveName: Resolve = askedOnce(async (name) => {
  try {
    const found = await lookup(name, { all: true, hints: ADDRCONFIG, verbatim: true });
    return { ok: true, addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { ok: false, code: String((error as NodeJS.ErrnoException).code ?? error) };
  }
});
