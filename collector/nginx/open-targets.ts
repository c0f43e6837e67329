/** Targets of `*_pass` in which the request decides: what came through them, and how it is called. */
import { joint } from '../base/joint.ts';
import type { OpenTarget, Protocol } from './types.ts';

/** Several upstreams that may be meant are one instance. */
export function joined(upstreams: readonly { readonly name: string }[]): string | null {
  const names = [...new Set(upstreams.map((upstream) => upstream.name))].sort();
  return names.length === 0 ? null : names.join(joint);
}

/** Host and port as they are written, variables in them. */
function authorityOf(target: string): string {
  return target.replace(/^[a-z]+:\/\//i, '').replace(/[/?].*$/s, '');
}

/** What the authority may become: literal text unchanged, anything for each variable. */
function patternOf(authority: string): RegExp {
  const literals = authority.split(/\$(?:\{\w+\}|\w+)/).map((text) => text.replace(/[^\w]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 'is');
}

export interface OpenTargets {
  /** One instance for all targets that may be meant; null when none can be. */
  of(peer: string, protocol: Protocol | null, proxyHost: string | null): string | null;
  has(name: string): boolean;
}

export function openTargetsOf(targets: readonly OpenTarget[]): OpenTargets {
  const known = targets.map(({ name, protocol }) => {
    const authority = authorityOf(name);
    const pattern = patternOf(authority);
    return { name, protocol, pattern, isAddress: /^(\d+(\.\d+){3}|\[)/.test(authority) };
  });
  const names = new Set(targets.map(({ name }) => name));
  return {
    of(peer, protocol, proxyHost) {
      const fitting = known.filter((target) => {
        if (protocol !== null && target.protocol !== protocol) return false;
        if (proxyHost !== null) return target.pattern.test(proxyHost);
        // A name says nothing about the addresses behind it.
        return !target.isAddress || target.pattern.test(peer);
      });
      const name = joined(fitting);
      if (name !== null) names.add(name);
      return name;
    },
    has: (name) => names.has(name),
  };
}
