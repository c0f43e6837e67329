/** Reads the output of `nginx -T`: every file once, under `# configuration file PATH:` (src/core/nginx.c: main). */

import type { ConfigurationFiles } from '../types.ts';
import { folderOf } from './paths.ts';

export interface ConfigurationDump {
  /** The first file is the main one; null when the text is no dump. */
  readonly main: string | null;
  readonly files: ConfigurationFiles;
}

const header = /^# configuration file (\/.*):$/;

export function readDump(text: string): ConfigurationDump {
  const contents = new Map<string, string[]>();
  const folders = new Map<string, string[]>();
  let main: string | null = null;
  let lines: string[] | null = null;
  for (const line of text.split('\n')) {
    const path = header.exec(line)?.[1];
    if (path === undefined) {
      lines?.push(line);
      continue;
    }
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
      readFolder: (path) => folders.get(path) ?? null,
    },
  };
}

/** A path's folders must be listable too: an include may have a pattern in the middle. */
function addToFolders(folders: Map<string, string[]>, path: string): void {
  for (let child = path; child !== '/'; child = folderOf(child)) {
    const folder = folderOf(child);
    const names = folders.get(folder) ?? [];
    const name = child.slice(child.lastIndexOf('/') + 1);
    if (!names.includes(name)) {
      names.push(name);
    }
    folders.set(folder, names);
  }
}
