/** What both vitest configurations report: VITEST_JSON=FILE adds a JSON report to the usual text (.ci/run adds them up). */

interface Reporting {
  readonly reporters: string[];
  readonly outputFile?: { readonly json: string };
}

export function reporting(): Reporting {
  const file = process.env['VITEST_JSON'];
  return file ? { reporters: ['default', 'json'], outputFile: { json: file } } : { reporters: ['default'] };
}
