/**
 * The demo's own folder, in which everything is that it writes, and what a killed demo has left behind: a folder whose
 * owner is dead. The file `owner` in it names the demo's process; that process's children carry the folder's name.
 */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allPids, endAll, type Identity, identity, isSame } from './processes.ts';

const PREFIX = 'nginx-upstream-demo-';
/** In the environment of everything the demo starts. */
export const MARK = 'NGINX_UPSTREAM_DEMO';

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  chmodSync(folder, 0o755); // nginx's workers are another user, when root starts it
  writeFileSync(join(folder, 'owner'), JSON.stringify(identity(process.pid)));
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Ends and removes what dead demos of this user have left. Resolves with their folders. */
export async function clearLeftovers(): Promise<readonly string[]> {
  const dead = readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => isOurs(folder) && !isSame(ownerOf(folder)));
  for (const folder of dead) {
    await endAll(processesOf(folder).map(identity));
    removeFolder(folder);
  }
  return dead;
}

/** A folder that another user made under such a name is none of ours, whatever is in it. */
function isOurs(folder: string): boolean {
  const stats = lstatSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && stats.uid === process.getuid?.();
}

function ownerOf(folder: string): Identity {
  try {
    const { pid, started } = JSON.parse(readFileSync(join(folder, 'owner'), 'utf8'));
    return { pid: Number(pid), started: String(started) };
  } catch {
    return { pid: -1, started: null };
  }
}

/**
 * Those that the demo of this folder started: by its mark in their environment. nginx writes its title over its own, so
 * it is known by the title with the folder (master), or in which it works (workers). Merely to name the folder, as a
 * pager or a shell does, makes a process none of them.
 */
export function processesOf(folder: string): number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    const has = (file: string, text: string): boolean => readText(`/proc/${pid}/${file}`).includes(text);
    if (has('environ', `${MARK}=${folder}\0`)) return true;
    return has('cmdline', 'nginx: ') && (has('cmdline', `${folder}/`) || workingFolder(pid) === folder);
  });
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
