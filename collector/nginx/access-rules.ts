/** `allow` and `deny` (src/http/modules/ngx_http_access_module.c): the first rule that matches decides. */
import { canonicalIpv6, parseIpv6 } from './address.ts';
import type { Scope } from './scopes.ts';

function bitsOf(address: string): string | null {
  if (/^\d+(\.\d+){3}$/.test(address)) {
    return address
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
  }
  const groups = canonicalIpv6(address) === null ? null : parseIpv6(address);
  return groups === null ? null : groups.map((group) => group.toString(2).padStart(16, '0')).join('');
}

function matches(rule: string, source: string): boolean {
  if (rule === 'all' || rule === source) {
    return true;
  }
  const [network = '', size] = rule.split('/');
  const wanted = bitsOf(network);
  const given = bitsOf(source);
  if (wanted === null || given === null || wanted.length !== given.length) {
    return false;
  }
  const length = size === undefined ? wanted.length : Number(size);
  return wanted.slice(0, length) === given.slice(0, length);
}

/** Whether a client at `source` (an address, or `unix:`) may enter; rules of an inner context replace the outer's. */
export function isAllowed(scope: Scope, source: string): boolean {
  for (let each: Scope | null = scope; each !== null; each = each.parent) {
    const rules = (each.directive?.block ?? []).filter(({ name }) => name === 'allow' || name === 'deny');
    if (rules.length > 0) {
      return rules.find((rule) => matches(rule.args[0] ?? '', source))?.name !== 'deny';
    }
  }
  return true;
}
