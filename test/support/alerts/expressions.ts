/**
 * Netdata's alert expressions, read and evaluated as 1.37.1 does (libnetdata/eval/eval.c), as far as ours use them:
 * AND and OR have one precedence there and arithmetic beside a comparison beside AND or OR is read wrongly, so what mixes
 * them without parentheses is refused here. test/e2e/netdata/alert-expressions.test.ts compares this with the real one.
 *
 *   evaluate('($a > 0 AND $b > 0) ? ($a) : (0)', { a: 3, b: 1 });    // 3
 */
export type Variables = Readonly<Record<string, number>>;

type Expression = (variables: Variables) => number;

const precedence: Readonly<Record<string, number>> = {
  AND: 2,
  '&&': 2,
  OR: 2,
  '||': 2,
  '>=': 3,
  '<=': 3,
  '!=': 3,
  '==': 3,
  '<': 3,
  '>': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
};

const isTrue = (value: number): boolean => !Number.isNaN(value) && value !== 0;
const truth = (value: boolean): number => (value ? 1 : 0);

const operations: Readonly<Record<string, (a: number, b: number) => number>> = {
  AND: (a, b) => truth(isTrue(a) && isTrue(b)),
  OR: (a, b) => truth(isTrue(a) || isTrue(b)),
  '>=': (a, b) => truth(a >= b),
  '<=': (a, b) => truth(a <= b),
  '!=': (a, b) => truth(a !== b),
  '==': (a, b) => truth(a === b),
  '<': (a, b) => truth(a < b),
  '>': (a, b) => truth(a > b),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

const token = /\s*(\$\{[^}]+\}|\$[A-Za-z_][\w.]*|\d+(?:\.\d+)?|AND\b|OR\b|NOT\b|&&|\|\||[<>=!]=|[-+*/<>!?:()])/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  token.lastIndex = 0;
  while (text.slice(token.lastIndex).trim() !== '') {
    const at = token.lastIndex;
    const next = token.exec(text)?.[1];
    if (next === undefined) throw new Error(`not understood from: ${text.slice(at)}`);
    found.push(next);
  }
  return found;
}

/** Throws for what cannot be read, and for what 1.37.1 reads otherwise than it looks. */
export function parseExpression(text: string): Expression {
  const words = tokens(text);
  let at = 0;

  function operand(): Expression {
    const word = words[at++];
    if (word === undefined) throw new Error(`ends too early: ${text}`);
    if (word === '(') {
      const inner = full();
      if (words[at++] !== ')') throw new Error(`a parenthesis is not closed: ${text}`);
      return inner;
    }
    if (word === 'NOT' || word === '!') {
      const of = operand();
      return (variables) => truth(!isTrue(of(variables)));
    }
    if (word.startsWith('$')) {
      const name = word.replace(/^\$\{?|\}$/g, '');
      return (variables) => {
        const value = variables[name];
        if (value === undefined) throw new Error(`$${name} is nothing`);
        return value;
      };
    }
    if (/^\d/.test(word)) return () => Number(word);
    throw new Error(`${word} is no value: ${text}`);
  }

  /** Left to right among equals. */
  function binary(lowest: number, used: Set<string>): Expression {
    let left = operand();
    for (let word = words[at]; word !== undefined; word = words[at]) {
      const rank = precedence[word] ?? 0;
      if (rank < lowest || rank === 0) break;
      at++;
      const name = word === '&&' ? 'AND' : word === '||' ? 'OR' : word;
      used.add(rank === 2 ? name : rank === 3 ? 'comparison' : 'arithmetic');
      const [a, b] = [left, binary(rank + 1, used)];
      left = (variables) => operations[name]?.(a(variables), b(variables)) ?? Number.NaN;
    }
    return left;
  }

  function full(): Expression {
    const used = new Set<string>();
    const condition = binary(2, used);
    if (used.has('AND') && used.has('OR')) throw new Error(`AND beside OR: ${text}`);
    if (used.has('arithmetic') && used.has('comparison') && (used.has('AND') || used.has('OR')))
      throw new Error(`arithmetic beside a comparison beside AND or OR: ${text}`);
    if (words[at] !== '?') return condition;
    if (used.size > 0) throw new Error(`a condition without parentheses: ${text}`);
    at++;
    const yes = operand();
    if (words[at++] !== ':') throw new Error(`? without : in ${text}`);
    const no = operand();
    return (variables) => (isTrue(condition(variables)) ? yes : no)(variables);
  }

  const whole = full();
  if (at < words.length) throw new Error(`too much from ${words[at]}: ${text}`);
  return whole;
}

export const evaluate = (text: string, variables: Variables): number => parseExpression(text)(variables);
