import type { Facts } from '../../diagnose/facts/facts.ts';
import type { Judged } from '../../diagnose/rules/judge.ts';
import { subjectOf } from '../../diagnose/rules/subject.ts';
import { word } from '../../diagnose/words/wording.ts';
import type { Verdict } from '../../functions/facts.ts';

/** The first finding of each: it is the likeliest. Its words are made when somebody asks for them. */
export function verdictsOf(judged: readonly Judged[], facts: Facts): readonly Verdict[] {
  return judged.flatMap((each) => {
    const [first] = each.findings;
    if (first === undefined) return [];
    const { is } = each.subject;
    const { code: cause, sureness, evidence, rulesOut } = first;
    const place = subjectOf(each, facts).at;
    return [{ is, name: each.name, cause, sureness, evidence, rulesOut, place, words: () => word(first, each, facts) }];
  });
}
