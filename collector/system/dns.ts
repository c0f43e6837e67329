/** Names to addresses through the system's own resolver (/etc/hosts, nsswitch), as nginx asks it when it loads. */
import { ADDRCONFIG } from 'node:dns';
import { lookup } from 'node:dns/promises';

export type Resolution =
  | { readonly ok: true; readonly addresses: readonly string[] }
  /** `ENOTFOUND` for a name that does not exist; anything else is a resolver in trouble. */
  | { readonly ok: false; readonly code: string };

export type Resolve = (name: string) => Promise<Resolution>;

/** getaddrinfo() with the hints of ngx_inet_resolve_host (src/core/ngx_inet.c). Never rejects. */
export const resolveName: Resolve = async (name) => {
  try {
    const found = await lookup(name, { all: true, hints: ADDRCONFIG, verbatim: true });
    return { ok: true, addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { ok: false, code: String((error as NodeJS.ErrnoException).code ?? error) };
  }
};
