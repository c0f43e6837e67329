import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '../../charts/encode.ts';

/** Netdata 1.37.1's quoted_strings_splitter, as far as our lines go: words end at blanks, or at the same quote. */
function lex(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  while (at < line.length) {
    const c = line.charAt(at);
    if (' \t='.includes(c)) {
      at++;
      continue;
    }
    const quote = c === "'" || c === '"' ? c : null;
    let end = quote ? at + 1 : at;
    while (end < line.length && (quote ? line.charAt(end) !== quote : !' \t='.includes(line.charAt(end)))) {
      end += line.charAt(end) === '\\' ? 2 : 1;
    }
    words.push(line.slice(quote ? at + 1 : at, end));
    at = end + 1;
  }
  return words;
}

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.string({ unit: 'grapheme', maxLength: 50 }));

test('whatever the texts, Netdata reads the words that were meant and no other line', () => {
  fc.assert(
    fc.property(anyText, anyText, anyText, anyText, (title, family, label, job) => {
      const text = encode([
        {
          do: 'create',
          chart: {
            type: 'nginx_upstream_x',
            id: 'c',
            title,
            units: 'failures/s',
            family,
            context: 'nginx_upstream.c',
            chartType: 'line',
            priority: 1,
            updateEvery: 1,
            module: 'plugin',
            labels: [
              ['peer', label],
              ['_collect_job', job],
            ],
            dimensions: [{ id: 'd', algorithm: 'absolute', multiplier: 1, divisor: 1 }],
          },
        },
      ]);
      const lines = text.split('\n').map(lex);
      expect(lines.map(([keyword]) => keyword)).toEqual([
        'CHART',
        'CLABEL',
        'CLABEL',
        'CLABEL_COMMIT',
        'DIMENSION',
        undefined,
      ]);
      expect(lines[0]).toHaveLength(13);
      expect(lines[0]?.slice(6, 10)).toEqual(['nginx_upstream.c', 'line', '1', '1']);
      // The third word of CLABEL: without it Netdata 1.37.1 crashes.
      for (const clabel of lines.slice(1, 3)) expect([clabel.length, clabel[3]]).toEqual([4, '1']);
      expect(Math.max(...text.split('\n').map((line) => Buffer.byteLength(line)))).toBeLessThan(15_000);
    }),
  );
});
