/** Files of the host, behind its prefix: what cannot be read is as if it were empty. */
import { attempt } from '../../system/fs.ts';
import { readText } from '../../system/small-file.ts';
import type { DiagnosePorts } from '../facts/ports.ts';

export type HostFiles = Pick<DiagnosePorts, 'fs' | 'procRoot'>;

const mostBytes = 65_536;

export function behindPrefix(path: string, { procRoot }: Pick<HostFiles, 'procRoot'>): string {
  return procRoot.replace(/\/proc$/, '') + path;
}

export function namesIn(folder: string, files: HostFiles): readonly string[] {
  const names = attempt(() => files.fs.readdir(behindPrefix(folder, files)));
  return names.ok ? names.value : [];
}

export function textAt(path: string, files: HostFiles): string {
  const text = readText(files.fs, behindPrefix(path, files), mostBytes);
  return text.ok ? text.value : '';
}
