/**
 * Text from logs, file names and processes, made harmless: nginx escapes nothing in its error log, and neither a
 * terminal nor a page may obey what a client sent. Control characters (also C1, which begin sequences in some
 * terminals), and those that reorder or hide text, become U+FFFD. Line feeds stay where `lines` says so.
 */
export function printable(text: string, lines: 'one line' | 'lines' = 'one line'): string {
  const harmless = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    '\uFFFD',
  );
  return lines === 'lines' ? harmless : harmless.replaceAll('\n', '\uFFFD');
}
