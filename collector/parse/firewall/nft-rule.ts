/** One rule of nftables. Total: words that are not known make it undecided. Pure. */
import { type Field, hasValue } from './fields.ts';
import { allOf, anyOf, not, type PacketTest, type Rule, type RuleVerdict, undecided } from './ruleset.ts';

/** Elements of a named set or map; null where there is none. */
export type SetReader = (name: string) => readonly string[] | null;

const fields: readonly (readonly [readonly string[], Field, readonly PacketTest[]])[] = [
  [['tcp', 'dport'], 'dport', [({ proto }) => proto === 'tcp']],
  [['tcp', 'sport'], 'sport', [({ proto }) => proto === 'tcp']],
  [['udp', 'dport'], 'dport', [({ proto }) => proto === 'udp']],
  [['udp', 'sport'], 'sport', [({ proto }) => proto === 'udp']],
  [['th', 'dport'], 'dport', []],
  [['th', 'sport'], 'sport', []],
  [['ip', 'daddr'], 'daddr', [({ family }) => family === 4]],
  [['ip', 'saddr'], 'saddr', [({ family }) => family === 4]],
  [['ip6', 'daddr'], 'daddr', [({ family }) => family === 6]],
  [['ip6', 'saddr'], 'saddr', [({ family }) => family === 6]],
  [['ip', 'protocol'], 'proto', [({ family }) => family === 4]],
  [['ip6', 'nexthdr'], 'proto', [({ family }) => family === 6]],
  [['meta', 'l4proto'], 'proto', []],
  [['meta', 'nfproto'], 'family', []],
  [['meta', 'skuid'], 'uid', []],
  [['skuid'], 'uid', []],
  [['ct', 'state'], 'state', []],
  [['meta', 'iifname'], 'iif', []],
  [['meta', 'oifname'], 'oif', []],
  [['iifname'], 'iif', []],
  [['oifname'], 'oif', []],
  [['iif'], 'iif', []],
  [['oif'], 'oif', []],
  [['fib', 'daddr', 'type'], 'type', []],
];

const never: PacketTest = () => false;
/** Statements that change nothing about what becomes of the packet, with what they take. */
const statements =
  /^(?:counter(?: name "[^"]*"| packets \d+ bytes \d+)?|comment "[^"]*"|log(?: (?:prefix "[^"]*"|level \w+|group \d+|flags [\w ,]+?|snaplen \d+|queue-threshold \d+))*|(?:meta|ct) \w+ set \S+|notrack)(?= |$)/;
const verdictWords =
  /^(accept|drop|reject|return|continue|jump|goto|dnat|snat|masquerade|redirect|queue)\b(?: ([^\s,}]+))?/;

function verdictOf(word: string, target: string): RuleVerdict | null {
  switch (word) {
    case 'accept':
    case 'drop':
    case 'reject':
    case 'return':
      return { is: word };
    case 'jump':
    case 'goto':
      return { is: word, chain: target };
    case 'continue':
      return null;
    default:
      return { is: 'accept' };
  }
}

interface Reading {
  readonly field: Field;
  readonly implied: readonly PacketTest[];
}

/** `ip daddr . tcp dport`, at the beginning of the text. */
function readFields(text: string): { readonly fields: readonly Reading[]; readonly rest: string } | null {
  const found: Reading[] = [];
  let rest = text;
  for (;;) {
    const next = fields.find(([words]) => rest.startsWith(`${words.join(' ')} `));
    if (next === undefined) return null;
    const [words, field, implied] = next;
    found.push({ field, implied });
    rest = rest.slice(words.join(' ').length + 1);
    if (!rest.startsWith('. ')) return { fields: found, rest };
    rest = rest.slice(2);
  }
}

interface Values {
  readonly isNegated: boolean;
  readonly isMap: boolean;
  /** null: not known. */
  readonly items: readonly string[] | null;
  readonly rest: string;
}

/** The values behind a field. */
function readValues(text: string, setOf: SetReader): Values {
  const [, operator = '', vmap, body = ''] = /^(!= |== |[<>]=? )?(vmap )?(.*)$/.exec(text) ?? [];
  const isNegated = operator === '!= ';
  const isMap = vmap !== undefined;
  const isOrder = /[<>]/.test(operator);
  const [, inner, afterSet] = /^\{([^}]*)\}(.*)$/.exec(body) ?? [];
  if (inner !== undefined) return { isNegated, isMap, items: isOrder ? null : split(inner), rest: afterSet ?? '' };
  const [, name, afterName] = /^@(\S+)(.*)$/.exec(body) ?? [];
  if (name !== undefined) return { isNegated, isMap, items: setOf(name), rest: afterName ?? '' };
  const [whole = ''] = /^(?:"[^"]*"|[^\s,]+)(?:,\s?(?:"[^"]*"|[^\s,]+))*/.exec(body) ?? [];
  return { isNegated, isMap, items: isOrder ? null : split(whole), rest: body.slice(whole.length) };
}

const split = (text: string): readonly string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** Each field has the part of the element that is at its place. */
function isElement(readings: readonly Reading[], element: string): PacketTest {
  const parts = element.split(' . ');
  return (packet) =>
    allOf(
      readings.map(
        ({ field }, at): PacketTest =>
          () =>
            parts[at] === '*' ? true : hasValue(field, (parts[at] ?? '').trim(), packet),
      ),
      packet,
    );
}

/** The rule that each entry of a verdict map is. */
function mapRules(
  readings: readonly Reading[],
  items: readonly string[] | null,
  before: readonly PacketTest[],
  text: string,
): readonly Rule[] {
  return (items ?? []).flatMap((item): readonly Rule[] => {
    const [, key = '', word = '', target = ''] = /^(.*?) : (\w+)(?: (\S+))?$/.exec(item) ?? [];
    if (key === '') return [];
    return [{ conditions: [...before, isElement(readings, key)], verdict: verdictOf(word, target), text }];
  });
}

/** What a comparison says, and what is left of the line. */
function readComparison(
  { fields: readings, rest }: NonNullable<ReturnType<typeof readFields>>,
  setOf: SetReader,
): Omit<Values, 'isNegated'> & { readonly met: PacketTest } {
  const { isNegated, ...values } = readValues(rest, setOf);
  const { items } = values;
  const met: PacketTest = (packet) =>
    items === null ? null : anyOf(items.map((item) => isElement(readings, item)(packet)));
  return { ...values, met: isNegated ? (packet) => not(met(packet)) : met };
}

const otherProtocols = /^(?:icmp|icmpv6|icmp6|arp|igmp|esp|ah|sctp|dccp|udplite) /;
const oneWord = /^(?:"[^"]*"|\{[^}]*\}|\S+)\s*/;

/** One line of a chain; a verdict map makes as many as it has entries. */
export function readNftRule(line: string, setOf: SetReader): readonly Rule[] {
  const conditions: PacketTest[] = [];
  let rest = line;
  while (rest !== '') {
    const statement = statements.exec(rest)?.[0];
    const [, word, target = ''] = verdictWords.exec(rest) ?? [];
    const read = readFields(rest);
    if (statement !== undefined) rest = rest.slice(statement.length).trimStart();
    else if (word !== undefined) return [{ conditions, verdict: verdictOf(word, target), text: line }];
    else if (read === null) {
      conditions.push(otherProtocols.test(rest) ? never : undecided);
      rest = rest.replace(oneWord, '');
    } else {
      const { isMap, items, met, rest: behind } = readComparison(read, setOf);
      rest = behind.trimStart();
      conditions.push(...read.fields.flatMap(({ implied }) => implied));
      if (isMap) return mapRules(read.fields, items, conditions, line);
      conditions.push(met);
    }
  }
  return [{ conditions, verdict: null, text: line }];
}
