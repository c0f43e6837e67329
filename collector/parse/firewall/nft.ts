/** `nft list ruleset`, read into chains. Total: what is not understood is not decided. Pure. */
import { readNftRule, type SetReader } from './nft-rule.ts';
import type { Chain, Rule } from './ruleset.ts';

interface Table {
  readonly family: string;
  readonly name: string;
  /** Elements of named sets and maps, as they are written. */
  readonly sets: Map<string, readonly string[]>;
  readonly chains: Raw[];
}

interface Raw {
  readonly name: string;
  head: string;
  readonly lines: string[];
}

const families: Readonly<Record<string, readonly (4 | 6)[]>> = { ip: [4], ip6: [6], inet: [4, 6] };

/** nft prints these names for the usual ones. */
const priorities: Readonly<Record<string, number>> = {
  raw: -300,
  mangle: -150,
  dstnat: -100,
  filter: 0,
  security: 50,
  srcnat: 100,
};

function priorityOf(head: string): number {
  const [, name = '', sign = '+', digits = '0'] = /priority (\w+|-?\d+)(?: ([+-]) (\d+))?/.exec(head) ?? [];
  const base = priorities[name] ?? Number(name);
  return (Number.isFinite(base) ? base : 0) + (sign === '-' ? -1 : 1) * Number(digits);
}

/** Elements may take several lines; each may be followed by a comment, a counter or a time. */
export function elementsOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.replace(/"[^"]*"/g, (quoted) => quoted.replace(/ /g, '_')).trim())
    .map((each) => each.replace(/ (?:timeout|expires|counter|comment|limit) .*?(?= : |$)/, ''))
    .filter((each) => each !== '');
}

/** Lines, each with what it opened brackets for. */
function logicalLines(text: string): readonly string[] {
  const lines: string[] = [];
  let open: string | null = null;
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (open !== null) {
      open = `${open} ${line}`;
      if (line.includes('}')) {
        lines.push(open);
        open = null;
      }
    } else if (/elements = \{/.test(line) && !line.includes('}')) open = line;
    else if (line !== '') lines.push(line);
  }
  return lines;
}

/** What the line stands in. */
interface Place {
  readonly table: Table | undefined;
  chain: Raw | null;
  set: string | null;
}

/** A line of a chain, of a set, or the beginning of one. */
function readLine(line: string, place: Place): void {
  const { table, chain, set } = place;
  const [, kind, name = ''] = /^(chain|set|map) (\S+) \{$/.exec(line) ?? [];
  if (kind === 'chain') {
    place.chain = { name, head: '', lines: [] };
    table?.chains.push(place.chain);
  } else if (kind !== undefined) {
    place.set = name;
    table?.sets.set(name, []);
  } else if (line === '}') {
    place.chain = null;
    place.set = null;
  } else if (chain !== null && /^type \S+ hook /.test(line)) chain.head = line;
  else if (chain !== null) chain.lines.push(line);
  else if (set !== null) {
    const elements = /^elements = \{(.*)\}$/.exec(line)?.[1];
    if (elements !== undefined) table?.sets.set(set, elementsOf(elements));
  }
}

function readTables(text: string): readonly Table[] {
  const tables: Table[] = [];
  let place: Place = { table: undefined, chain: null, set: null };
  for (const line of logicalLines(text)) {
    const [, family, name] = /^table (\S+) (\S+) \{$/.exec(line) ?? [];
    if (family === undefined || name === undefined) readLine(line, place);
    else {
      const table = { family, name, sets: new Map(), chains: [] };
      tables.push(table);
      place = { table, chain: null, set: null };
    }
  }
  return tables;
}

function chainOf({ name, head, lines }: Raw, { family, name: table, sets }: Table): Chain {
  const setOf: SetReader = (wanted) => sets.get(wanted) ?? null;
  const rules: readonly Rule[] = lines.flatMap((line) => readNftRule(line.replace(/ # handle \d+$/, ''), setOf));
  return {
    table: `${family} ${table}`,
    name,
    families: families[family] ?? [],
    hook: /\bhook (\S+)/.exec(head)?.[1] ?? null,
    priority: priorityOf(head),
    isDropByDefault: /policy drop/.test(head),
    rules,
  };
}

export function parseNft(text: string): readonly Chain[] {
  return readTables(text).flatMap((table) => table.chains.map((chain) => chainOf(chain, table)));
}
