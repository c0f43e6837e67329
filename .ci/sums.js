/**
 * The last lines of .ci/run: every failed and every skipped test by its step, file, name and the first lines of its
 * message, right before the sums, so that the tail of a log names them; then each step's sum, and the sum of all.
 *
 *   node .ci/sums.js (NAME STATUS REPORT)...
 *
 * STATUS is an exit code, or `skipped`; REPORT is the JSON that vitest wrote, or the output, FILE.log, where the command
 * itself is the test: its last lines are shown when it fails; - where nothing was kept.
 * A skipped test counts as not run: exit 1.
 */
import { readFileSync } from 'node:fs';

/** Longer lists and messages would push the sums' own context out of a log's tail. */
const MOST_TESTS = 40;
const MOST_LINES = 6;
/** Of the output of a command that failed: what it ended with. */
const LAST_LINES = 12;
const MOST_CHARACTERS = 300;

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' colours are what must go
const COLOURS = /\u001b\[[0-9;]*m/g;

const NONE = { passed: 0, failed: 0, skipped: 0 };

const linesOf = (text) =>
  (text ?? '')
    .replace(COLOURS, '')
    // A progress line that a terminal would overwrite.
    .replace(/^.*\r(?!\n|$)/gm, '')
    .split('\n')
    .filter((line) => line.trim() !== '');

const indented = (lines) => lines.map((line) => `    ${line.trimEnd().slice(0, MOST_CHARACTERS)}`);

const told = (verdict, step, file, name, message) => [
  [verdict, step, file, name].filter(Boolean).join(': '),
  ...indented(linesOf(message).slice(0, MOST_LINES)),
];

const shortPath = (path) => path.replace(/^.*?(?=\btest\/)/, '');

/** One file of a report: its counts, and a block of lines for each test that did not pass. */
function readFile(step, { name, status, message, assertionResults }) {
  const file = shortPath(name);
  const counts = { ...NONE };
  const blocks = [];
  for (const { status, fullName, failureMessages } of assertionResults) {
    const verdict = status === 'passed' || status === 'failed' ? status : 'skipped';
    counts[verdict]++;
    if (verdict !== 'passed') blocks.push(told(verdict, step, file, fullName, failureMessages.join('\n')));
  }
  // A file that does not load has no tests to fail; a hook's failure is the file's own, its tests are skipped.
  if (status === 'failed' && counts.failed === 0) {
    counts.failed = 1;
    blocks.unshift(told('failed', step, file, '', message || 'one of its hooks failed: the message is above'));
  }
  return { counts, blocks };
}

/** What a command that failed had said at last. */
function lastOutput(path) {
  if (path === '-') return [];
  try {
    const lines = linesOf(readFileSync(path, 'utf8')).slice(-LAST_LINES);
    return indented(lines.length === 0 ? ['it has printed nothing'] : lines);
  } catch (error) {
    return indented([`its output was not kept: ${error.message}`]);
  }
}

/** What a step has come to; a run that did not get as far as a report is one failure. */
function readStep(step, status, path) {
  const failed = (message) => ({ counts: { ...NONE, failed: 1 }, blocks: [told('failed', step, '', '', message)] });
  if (status === 'skipped') return { counts: { ...NONE, skipped: 1 }, blocks: [told('skipped', step, '', '', '')] };
  if (path === '-' || path.endsWith('.log')) {
    if (status === '0') return { counts: { ...NONE, passed: 1 }, blocks: [] };
    const { counts, blocks } = failed(path === '-' ? `exit ${status}: its output is above` : `exit ${status} after:`);
    return { counts, blocks: blocks.map((block) => [...block, ...lastOutput(path)]) };
  }
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return failed(`exit ${status}, and no report of its tests: ${error.message}`);
  }
  const files = report.testResults.map((file) => readFile(step, file));
  const counts = sum(files.map((file) => file.counts));
  const blocks = files.flatMap((file) => file.blocks);
  // The check before the tests, an error between them.
  if (status !== '0' && counts.failed === 0) {
    counts.failed = 1;
    blocks.push(told('failed', step, '', '', `exit ${status}, outside the tests: its output is above`));
  }
  return { counts, blocks };
}

const sum = (all) =>
  all.reduce(
    (total, counts) => ({
      passed: total.passed + counts.passed,
      failed: total.failed + counts.failed,
      skipped: total.skipped + counts.skipped,
    }),
    NONE,
  );

const words = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

const args = process.argv.slice(2);
const steps = [];
for (let at = 0; at + 2 < args.length; at += 3) {
  const [name, status, path] = args.slice(at, at + 3);
  steps.push({ name, ...readStep(name, status, path) });
}
const blocks = steps.flatMap((step) => step.blocks);
if (blocks.length > MOST_TESTS) console.log(`... and ${blocks.length - MOST_TESTS} more that failed or were skipped`);
for (const lines of blocks.slice(0, MOST_TESTS)) console.log(lines.join('\n'));
for (const { name, counts } of steps) console.log(`${name}: ${words(counts)}`);
const total = sum(steps.map((step) => step.counts));
console.log(words(total));
process.exitCode = total.failed > 0 || total.skipped > 0 ? 1 : 0;
