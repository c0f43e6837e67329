/** `iptables-save` and `ip6tables-save`, read into chains. Total: what is not understood is not decided. Pure. */
import { type Field, oneOf } from './fields.ts';
import { type Chain, not, type PacketTest, type Rule, type RuleVerdict, undecided } from './ruleset.ts';

/** Options with one value that say what a packet must be. */
const fields: Readonly<Record<string, Field>> = {
  '-s': 'saddr',
  '-d': 'daddr',
  '-p': 'proto',
  '-i': 'iif',
  '-o': 'oif',
  '--dport': 'dport',
  '--sport': 'sport',
  '--dports': 'dport',
  '--sports': 'sport',
  '--destination-port': 'dport',
  '--destination-ports': 'dport',
  '--uid-owner': 'uid',
  '--ctstate': 'state',
  '--state': 'state',
  '--dst-range': 'daddr',
  '--src-range': 'saddr',
  '--dst-type': 'type',
};
/** Say nothing about the packet. */
const silent: ReadonlySet<string> = new Set(['-m', '--comment', '--reject-with', '-c', '--log-prefix', '--log-level']);
const endings: Readonly<Record<string, 'accept' | 'drop' | 'reject' | 'return'>> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'reject',
  RETURN: 'return',
};
/** Targets after which the next rule is read. */
const passing: ReadonlySet<string> = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'MARK',
  'CONNMARK',
  'CT',
  'TRACE',
  'AUDIT',
  'SET',
]);

function verdictOf(option: string, target: string): RuleVerdict | null {
  const ending = endings[target];
  if (ending !== undefined) return { is: ending };
  if (passing.has(target)) return null;
  // Translations of addresses end the chain as an acceptance does.
  if (/^(?:DNAT|SNAT|MASQUERADE|REDIRECT|NETMAP)$/.test(target)) return { is: 'accept' };
  return { is: option === '-g' ? 'goto' : 'jump', chain: target };
}

function wordsOf(text: string): readonly string[] {
  return (text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => word.replace(/^"(.*)"$/, '$1'));
}

function valuesOf(option: string, value: string): readonly string[] {
  return option === '--dst-type' ? [value.toLowerCase()] : value.split(',');
}

/** The text of a rule behind `-A CHAIN`. */
function readRule(text: string): Rule {
  const words = wordsOf(text);
  const conditions: PacketTest[] = [];
  let verdict: RuleVerdict | null = null;
  let isNegated = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    const value = words[at + 1] ?? '';
    if (word === '!') {
      isNegated = true;
      continue;
    }
    const field = fields[word];
    if (word === '-j' || word === '-g') verdict = verdictOf(word, value);
    else if (field !== undefined) {
      const met = oneOf(field, valuesOf(word, value));
      conditions.push(isNegated ? (packet) => not(met(packet)) : met);
    } else if (word.startsWith('-') && !silent.has(word)) conditions.push(undecided);
    isNegated = false;
    if (word.startsWith('-')) at += 1;
  }
  return { conditions, verdict, text };
}

interface Building {
  readonly table: string;
  readonly name: string;
  readonly isBase: boolean;
  readonly isDropByDefault: boolean;
  readonly rules: Rule[];
}

function chainOf({ table, name, isBase, isDropByDefault, rules }: Building, family: 4 | 6): Chain {
  const hook = isBase ? name.toLowerCase() : null;
  return {
    table: `${family === 4 ? 'iptables' : 'ip6tables'} ${table}`,
    name,
    families: [family],
    hook,
    priority: 0,
    isDropByDefault,
    rules,
  };
}

/** @param family whose program printed it */
export function parseIptables(text: string, family: 4 | 6): readonly Chain[] {
  const chains = new Map<string, Building>();
  let table = '';
  for (const line of text.split('\n')) {
    const begin = /^\*(\S+)/.exec(line)?.[1];
    if (begin !== undefined) table = begin;
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined) {
      const isBase = policy !== '-';
      chains.set(`${table} ${name}`, { table, name, isBase, isDropByDefault: policy === 'DROP', rules: [] });
    }
    const [, chain = '', rule] = /^(?:\[\d+:\d+\] )?-A (\S+) (.*)$/.exec(line) ?? [];
    if (rule !== undefined) chains.get(`${table} ${chain}`)?.rules.push(readRule(rule));
  }
  return Array.from(chains.values(), (each) => chainOf(each, family));
}
