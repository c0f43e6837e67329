/** `allow` and `deny` (src/http/modules/ngx_http_access_module.c): the first rule that matches decides. */
import { isWithin } from '../base/address.ts';
import type { Scope } from './scopes.ts';

function matches(rule: string, source: string): boolean {
  return rule === 'all' || rule === source || isWithin(source, rule);
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
