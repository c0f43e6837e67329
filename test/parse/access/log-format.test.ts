/** A log_format as nginx understands it, from whatever a person pastes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { compileAccess } from '../../../collector/parse/access/format/program.ts';

/** The format's text again, variables in angle brackets. */
const brief = (text: string) => {
  const result = readLogFormat(text);
  if ('problem' in result) return result.problem;
  const { name, escape: mode, parts } = result.format;
  return [name, mode, parts.map(({ literal, variable }) => literal ?? `<${variable}>`).join('')];
};

test.each([
  ['text', '$status|$request_time', [null, null, '<status>|<request_time>']],
  ['text with quotes in it', '"$status" \'$a\'', [null, null, '"<status>" \'<a>\'']],
  ['one argument', "log_format main '$status x';", ['main', 'default', '<status> x']],
  [
    'arguments are joined with nothing between',
    `log_format main '$status' "$request_time";`,
    ['main', 'default', '<status><request_time>'],
  ],
  ['without quotes', 'log_format main $status$request_time;', ['main', 'default', '<status><request_time>']],
  ['comments between arguments', `log_format main '$a,' # it's "one"; really\n  '$b';`, ['main', 'default', '<a>,<b>']],
  ['escape=json', `log_format main escape=json '{"a":"$a"}';`, ['main', 'json', '{"a":"<a>"}']],
  [
    'escapes of the configuration',
    String.raw`log_format main 'a\tb\"c\\d\'e\x1f$f';`,
    ['main', 'default', 'a\tb"c\\d\'e\\x1f<f>'],
  ],
  ['no semicolon, a line break at the end', "log_format main '$a'\n", ['main', 'default', '<a>']],
  [
    'what stands behind the semicolon is not read',
    "log_format main '$a'; log_format other '$b';",
    ['main', 'default', '<a>'],
  ],
  [
    'a line break in the format',
    "log_format main '$a\n$b';",
    'a log format with a line break in it cannot be read line by line',
  ],
  ['a name that looks like combined', 'combined2 $a', [null, null, 'combined2 <a>']],
  ['a name before the argument', `main '$status "$request"'`, ['main', 'default', '<status> "<request>"']],
  ['a name before several', `main '$status '\n  # x\n "$a";`, ['main', 'default', '<status> <a>']],
  ['a name and its escaping', `json escape=json '{"a":"$a"}';`, ['json', 'json', '{"a":"<a>"}']],
  ['a name before double quotes', 'main "$status \\"$request\\"";', ['main', 'default', '<status> "<request>"']],
  ['double quotes and a semicolon', '"$status $request_time";', [null, 'default', '<status> <request_time>']],
  ['text that begins with a word and a quote', `site '$host' $status`, [null, null, `site '<host>' <status>`]],
  ['text in quotes with more behind', `site "$host" - "$status" $a`, [null, null, `site "<host>" - "<status>" <a>`]],
  ['escapes whose quotes a shell took off', String.raw`$a\t$status\t\"$b\"`, [null, null, '<a>\t<status>\t"<b>"']],
  ['no escape of nginx’s', String.raw`$a\x1f$status\d`, [null, null, String.raw`<a>\x1f<status>\d`]],
  ['comments before it', `\n  # main format\n#\n  log_format main '$a';`, ['main', 'default', '<a>']],
])('%s', (_, text, expected) => {
  expect(brief(text)).toEqual(expected);
});

test('braces', () => {
  expect(brief('${a}b$c-${d')).toBe('invalid variable name in "${a}b$c-${d"');
  expect(brief('${a}b$c')).toEqual([null, null, '<a>b<c>']);
});

test('any text is a format or a problem, and any format compiles', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom('log_format ', 'x ', "'", '"', '$status', '$upstream_addr', '\\', ';', '#', '\n', '{', ' '),
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (given) => {
      const result = readLogFormat(given);
      if ('format' in result) expect(compileAccess(result.format).steps.length).toBeGreaterThan(0);
      else expect(result.problem).not.toBe('');
    }),
  );
});
