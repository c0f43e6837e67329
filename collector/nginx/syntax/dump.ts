/** Reads the output of `nginx -T`: every file once, under `# configuration file PATH:` (src/core/nginx.c: main). */

import { madeAt } from '../../base/collections.ts';
import { folderOf, lastPart } from '../../base/paths.ts';
import type { ConfigurationFiles } from '../types.ts';

export interface ConfigurationDump {
  /** The first file is the main one; null when the text is no dump. */
  readonly main: string | null;
  readonly files: ConfigurationFiles;
}

/** `docker exec -t` ends lines with CR LF. */
const header = /^# configuration file (\/.*):(\r?)$/;

export function readDump(text: string): ConfigurationDump {
  const contents = new Map<string, string[]>();
  const folders = new Map<string, Set<string>>();
  let main: string | null = null;
  let lines: string[] | null = null;
  let isFromTerminal = false;
  for (const line of text.split('\n')) {
    const [, path, end] = header.exec(line) ?? [];
    if (path === undefined) {
      lines?.push(isFromTerminal ? line.replace(/\r$/, '') : line);
      continue;
    }
    isFromTerminal = end !== '';
    main ??= path;
    lines = [];
    contents.set(path, lines);
    addToFolders(folders, path);
  }
  return {
    main,
    files: {
      readFile(path) {
        const found = contents.get(path);
        return found === undefined ? { failure: 'missing' } : { text: found.join('\n') };
      },
      readFolder(path) {
        const names = folders.get(path);
        return names === undefined ? null : [...names];
      },
    },
  };
}

/** A path's folders must be listable too: an include may have a pattern in the middle. */
function addToFolders(folders: Map<string, Set<string>>, path: string): void {
  for (let child = path; child !== '/'; child = folderOf(child)) {
    madeAt(folders, folderOf(child), () => new Set()).add(lastPart(child));
  }
}
