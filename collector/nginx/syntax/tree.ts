/**
 * nginx.conf with everything it includes, as one tree. Nothing here refuses: what cannot be understood becomes a problem
 * with its file and line, and reading continues behind it.
 */

import { completePath, folderOf, normalisePath } from '../../base/paths.ts';
import { expandGlob, type GlobBudget, globBounds, isPattern } from '../../base/syntax/glob.ts';
import { createLexer, type Lexer, type Statement } from '../../base/syntax/lexer.ts';
import { bounds, createProblems, type Problems } from '../bounds.ts';
import type { ConfigurationFiles, ConfigurationTree, Directive, ProblemCode } from '../types.ts';
import { dataBlocks } from './directive-names.ts';
import { splitForgotten } from './forgotten.ts';

/** Deeper nesting than any configuration has; keeps the rest of the program free to recurse. */
const deepest = 100;

interface OpenBlock {
  readonly into: Directive[];
  readonly name: string;
  readonly line: number;
}

interface Reading {
  readonly disk: ConfigurationFiles;
  /** What relative includes are completed with: the main file's folder, wherever the include stands. */
  readonly folder: string;
  readonly files: Set<string>;
  readonly unread: Set<string>;
  readonly folders: Set<string>;
  readonly problems: Problems;
  /** How much was read, each file as often as it is included: files that include each other are read 2^n times. */
  readings: number;
  bytes: number;
  directives: number;
  /** What all patterns together may still look into. */
  readonly globs: GlobBudget;
  /** The files being read now, each included by the one before. */
  readonly chain: string[];
}

/** One file while it is cut into directives. */
interface OpenFile {
  readonly reading: Reading;
  readonly path: string;
  readonly lexer: Lexer;
  readonly open: OpenBlock[];
  report(code: ProblemCode, line: number, text: string): void;
}

function isFull({ readings, bytes, directives }: Reading): boolean {
  return readings > bounds.files || bytes > bounds.bytes || directives > bounds.directives;
}

/** Which bound was passed. */
function fullText({ readings, bytes }: Reading): string {
  if (readings > bounds.files) return `more than ${bounds.files} files are included`;
  if (bytes > bounds.bytes) return `more than ${bounds.bytes / 1024 / 1024} MB are included`;
  return `more than ${bounds.directives} directives are included`;
}

/** The ends of a long chain of includes. */
function chainText(chain: readonly string[]): string {
  const shown = chain.length <= 6 ? chain : [...chain.slice(0, 3), '…', ...chain.slice(-2)];
  return shown.join(' → ');
}

/** The directives of a file. `from` is the include that asked for it, null for the main file. */
function readFile(reading: Reading, path: string, from: Directive | null, mustExist: boolean): readonly Directive[] {
  const { file, line } = from ?? { file: path, line: 1 };
  const report = (code: ProblemCode, text: string): void => {
    reading.problems.push({ code, file, line, text });
  };
  if (reading.chain.includes(path)) {
    report('include_cycle', `${path} includes itself: ${chainText([...reading.chain, path])}`);
    return [];
  }
  const content = reading.disk.readFile(path);
  if ('failure' in content) {
    reading.unread.add(path);
    if (content.failure !== 'missing') {
      report('include_unreadable', `${path} cannot be read`);
    } else if (mustExist) {
      report('include_missing', `${path} does not exist`);
    }
    return [];
  }
  reading.readings += 1;
  reading.bytes += content.text.length;
  if (isFull(reading)) {
    report('too_large', `${fullText(reading)}: the rest is not read, beginning with ${path}`);
    return [];
  }
  reading.files.add(path);
  reading.chain.push(path);
  const directives = readText(reading, path, content.text);
  reading.chain.pop();
  return directives;
}

function readText(reading: Reading, path: string, content: string): readonly Directive[] {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const root: Directive[] = [];
  const file: OpenFile = {
    reading,
    path,
    lexer: createLexer(text),
    open: [{ into: root, name: '', line: 0 }],
    report: (code, line, message) => {
      reading.problems.push({ code, file: path, line, text: message });
    },
  };
  if (text !== content) {
    file.report('syntax', 1, 'the file begins with a byte order mark, which nginx refuses');
  }
  for (let end: Statement['end'] = ';'; end !== 'eof'; ) {
    const statement = file.lexer.next();
    if (reading.directives > bounds.directives) {
      file.report('too_large', statement.line, `${fullText(reading)}: the rest is not read`);
      return root;
    }
    for (const problem of statement.problems) {
      file.report('syntax', problem.line, problem.text);
    }
    place(file, statement);
    end = statement.end;
  }
  for (const block of file.open.slice(1)) {
    file.report('syntax', block.line, `the block of "${block.name}" that opens here has no "}"`);
  }
  return root;
}

function place(file: OpenFile, statement: Statement): void {
  const within = file.open.at(-1) ?? { into: [], name: '', line: 0 };
  const parts = dataBlocks.has(within.name) ? [statement.words] : splitForgotten(statement.words);
  parts.forEach((words, index) => {
    const [first, ...rest] = words;
    if (first === undefined) {
      return;
    }
    const last = index === parts.length - 1;
    if (!last) {
      file.report('missing_semicolon', words.at(-1)?.line ?? first.line, `"${first.text}" is not ended by ";"`);
    }
    const block: Directive[] | null = last && statement.end === '{' ? [] : null;
    const args = rest.map((word) => word.text);
    file.reading.directives += 1;
    const directive = { name: first.text, args, line: first.line, file: file.path, block };
    if (directive.name === 'include' && block === null) {
      for (const included of include(file, directive)) {
        within.into.push(included);
      }
    } else {
      within.into.push(directive);
    }
    if (block !== null) {
      openBlock(file, directive, block);
    }
  });
  if (statement.end === '{' && statement.words.length === 0) {
    file.open.push({ into: [], name: '', line: statement.line });
  }
  if (statement.end === '}') {
    closeBlock(file, statement.line);
  }
}

function openBlock(file: OpenFile, directive: Directive, block: Directive[]): void {
  const { name, line } = directive;
  if (name.endsWith('_by_lua_block')) {
    if (!file.lexer.skipLua()) {
      file.report('syntax', line, `the Lua block of "${name}" has no "}"`);
    }
    return;
  }
  if (file.open.length === deepest) {
    file.report('syntax', line, `blocks are nested more than ${deepest} deep`);
  }
  file.open.push({ into: file.open.length < deepest ? block : [], name, line });
}

function closeBlock(file: OpenFile, line: number): void {
  if (file.open.length === 1) {
    file.report('syntax', line, 'unexpected "}"');
    return;
  }
  file.open.pop();
}

function include(file: OpenFile, directive: Directive): readonly Directive[] {
  const { reading } = file;
  const [mask] = directive.args;
  if (mask === undefined || directive.args.length > 1) {
    file.report('syntax', directive.line, '"include" takes one argument');
    return [];
  }
  if (reading.chain.length >= deepest) {
    file.report('include_cycle', directive.line, `includes are nested more than ${deepest} deep`);
    return [];
  }
  if (isFull(reading)) {
    return [];
  }
  const path = completePath(reading.folder, mask);
  if (!isPattern(path)) {
    return readFile(reading, normalisePath(path), directive, true);
  }
  const { paths, folders, isCut } = expandGlob(path, reading.disk.readFolder, reading.globs);
  if (isCut) {
    const { folders: looked, names, paths: most } = globBounds;
    const text = `patterns of includes are looked up in ${looked} folders with ${names} names, for ${most} files`;
    file.report('too_large', directive.line, `${text}: the rest of ${mask} is not read`);
  }
  for (const folder of folders) {
    reading.folders.add(folder);
  }
  return paths.flatMap((each) => readFile(reading, normalisePath(each), directive, false));
}

/**
 * Reads `main` (an absolute path) and its includes. `commandLine` is what `-g` gave: nginx reads it first.
 */
export function readTree(main: string, disk: ConfigurationFiles, commandLine: string | null = null): ConfigurationTree {
  const reading: Reading = {
    disk,
    folder: folderOf(main),
    files: new Set(),
    unread: new Set(),
    folders: new Set(),
    problems: createProblems(),
    readings: 0,
    bytes: 0,
    directives: 0,
    globs: { ...globBounds },
    chain: [],
  };
  const given = commandLine === null ? [] : readText(reading, 'command line', commandLine);
  const directives = [...given, ...readFile(reading, main, null, true)];
  return {
    directives,
    files: [...reading.files],
    unread: [...reading.unread],
    folders: [...reading.folders],
    problems: reading.problems.all(),
  };
}
