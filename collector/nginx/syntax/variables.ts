/**
 * What a text with variables can become, as far as the configuration alone decides: `set` in the same server, `map`,
 * `geo` and `split_clients` in the same protocol.
 */
import { addTo, madeAt } from '../../base/collections.ts';
import { enclosing, ownOf, type Scope } from '../scopes.ts';
import type { Directive } from '../types.ts';

/** Stands for text that only a request decides. */
export const unknownText = '\0';

/** More alternatives than this are not followed: the rest counts as unknown. */
const mostAlternatives = 1000;
const deepest = 5;

/** These begin with a slash, or are empty: they end a host's name. */
const requestPaths: Readonly<Record<string, string>> = {
  request_uri: '/',
  uri: '/',
  document_uri: '/',
  is_args: '',
  args: '',
  query_string: '',
};

const settings: ReadonlySet<string> = new Set([
  'hostnames',
  'volatile',
  'ranges',
  'delete',
  'proxy',
  'proxy_recursive',
]);

export interface Variables {
  /** Every text that `text` may become inside `scope`, with `unknownText` where a request decides. */
  expand(text: string, scope: Scope): readonly string[];
}

/** The values of a `map`, `geo` or `split_clients` block. */
function tableValues(directive: Directive): readonly string[] {
  const lines = (directive.block ?? []).filter((line) => !settings.has(line.name));
  const values = lines.map((line) => line.args[0] ?? '');
  const complete = directive.name === 'split_clients' || lines.some((line) => line.name === 'default');
  return [...new Set(complete ? values : [...values, ''])];
}

function variableOf(text: string | undefined): string | null {
  return text?.startsWith('$') === true ? text.slice(1) : null;
}

/** `set` directives by server context and variable; those outside any server never run. */
function readAssignments(scopes: readonly Scope[]): ReadonlyMap<Scope, ReadonlyMap<string, readonly string[]>> {
  const byServer = new Map<Scope, Map<string, string[]>>();
  for (const scope of scopes) {
    const server = enclosing(scope, 'server');
    for (const { args } of server === null ? [] : ownOf(scope, 'set')) {
      const name = variableOf(args[0]);
      if (server !== null && name !== null) {
        addTo(
          madeAt(byServer, server, () => new Map()),
          name,
          args[1] ?? '',
        );
      }
    }
  }
  return byServer;
}

function readTables(scopes: readonly Scope[]): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, readonly string[]>();
  for (const scope of scopes) {
    for (const kind of ['map', 'geo', 'split_clients']) {
      for (const directive of ownOf(scope, kind)) {
        const name = variableOf(directive.args.at(-1));
        if (name !== null) {
          tables.set(`${scope.protocol} ${name}`, tableValues(directive));
        }
      }
    }
  }
  return tables;
}

/** Every head with every value behind it; where that is too much, the rest counts as unknown. */
function combined(heads: readonly string[], literal: string, values: readonly string[]): readonly string[] {
  const all: string[] = [];
  for (const head of heads) {
    for (const value of values) {
      if (all.length === mostAlternatives) return [...all, unknownText];
      all.push(head + literal + value);
    }
  }
  return all;
}

export function readVariables(scopes: readonly Scope[]): Variables {
  const assignments = readAssignments(scopes);
  const tables = readTables(scopes);
  /** By what decides it, a server or else a protocol: many places pass to the same text. */
  const expanded = new Map<Scope | string | null, Map<string, readonly string[]>>();

  function valuesOf(name: string, scope: Scope, depth: number): readonly string[] {
    const server = enclosing(scope, 'server');
    const raw = (server && assignments.get(server)?.get(name)) ?? tables.get(`${scope.protocol} ${name}`);
    if (raw === undefined || depth >= deepest) {
      return [requestPaths[name] ?? unknownText];
    }
    const values = new Set<string>();
    for (const value of raw) {
      for (const text of expandTo(value, scope, depth + 1)) values.add(text);
      if (values.size > mostAlternatives) return [...[...values].slice(0, mostAlternatives), unknownText];
    }
    return [...values];
  }

  function expandTo(text: string, scope: Scope, depth: number): readonly string[] {
    let alternatives: readonly string[] = [''];
    let end = 0;
    for (const match of text.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
      const literal = text.slice(end, match.index);
      const values = valuesOf(match[1] ?? match[2] ?? '', scope, depth);
      alternatives = combined(alternatives, literal, values);
      end = match.index + match[0].length;
    }
    return alternatives.map((head) => head + text.slice(end));
  }

  return {
    expand(text, scope) {
      const server = enclosing(scope, 'server');
      const decider = server !== null && assignments.has(server) ? server : scope.protocol;
      const known = madeAt(expanded, decider, () => new Map());
      return madeAt(known, text, () => expandTo(text, scope, 0));
    },
  };
}
