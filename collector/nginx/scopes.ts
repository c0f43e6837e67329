/** The contexts of a configuration with nginx's inheritance: what an inner context states replaces the outer's. */
import { addTo } from '../base/collections.ts';
import type { Directive } from './types.ts';

export type ScopeKind = 'main' | 'http' | 'stream' | 'mail' | 'server' | 'location' | 'if' | 'limit_except';

export interface Scope {
  readonly kind: ScopeKind;
  readonly protocol: 'http' | 'stream' | 'mail' | null;
  /** The directive that opens it; null for the main context. */
  readonly directive: Directive | null;
  readonly parent: Scope | null;
  readonly own: ReadonlyMap<string, readonly Directive[]>;
}

const protocols = ['http', 'stream', 'mail'] as const;

function kindOf(name: string, parent: Scope): ScopeKind | null {
  switch (name) {
    case 'http':
    case 'stream':
    case 'mail':
      return parent.kind === 'main' ? name : null;
    case 'server':
      return parent.kind === 'http' || parent.kind === 'stream' || parent.kind === 'mail' ? name : null;
    case 'location':
    case 'if':
    case 'limit_except':
      return parent.kind === 'main' ? null : name;
    default:
      return null;
  }
}

function byName(directives: readonly Directive[]): ReadonlyMap<string, readonly Directive[]> {
  const own = new Map<string, Directive[]>();
  for (const directive of directives) addTo(own, directive.name, directive);
  return own;
}

function addScopes(directives: readonly Directive[], parent: Scope, scopes: Scope[]): void {
  for (const directive of directives) {
    const kind = directive.block === null ? null : kindOf(directive.name, parent);
    if (directive.block === null || kind === null) {
      continue;
    }
    const protocol = protocols.find((each) => each === kind) ?? parent.protocol;
    const scope: Scope = { kind, protocol, directive, parent, own: byName(directive.block) };
    scopes.push(scope);
    addScopes(directive.block, scope, scopes);
  }
}

/** Every context, outer before inner; the first is the main one. */
export function scopesOf(directives: readonly Directive[]): readonly Scope[] {
  const main: Scope = { kind: 'main', protocol: null, directive: null, parent: null, own: byName(directives) };
  const scopes = [main];
  addScopes(directives, main, scopes);
  return scopes;
}

export function ownOf(scope: Scope, name: string): readonly Directive[] {
  return scope.own.get(name) ?? [];
}

/** What is in force: the directives of the nearest context that states any. */
export function inherited(scope: Scope, name: string): readonly Directive[] {
  for (let each: Scope | null = scope; each !== null; each = each.parent) {
    const own = each.own.get(name);
    if (own !== undefined) {
      return own;
    }
  }
  return [];
}

/** The nearest enclosing context of that kind, the scope itself included. */
export function enclosing(scope: Scope, kind: ScopeKind): Scope | null {
  for (let each: Scope | null = scope; each !== null; each = each.parent) {
    if (each.kind === kind) {
      return each;
    }
  }
  return null;
}
