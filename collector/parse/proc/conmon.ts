/**
 * What watches over a container of podman's or CRI-O's, by its command line, which everybody may read: conmon(8) knows the
 * container's name and where its output goes. Total: nothing throws.
 */
import { parseProcStatus } from './pid.ts';

export interface Monitor {
  /** As `podman ps` shows it; null where it has none. */
  readonly name: string | null;
  /** The file that it writes in the CRI format; null where it keeps none. */
  readonly log: string | null;
  /** It writes to the journal. */
  readonly isJournal: boolean;
}

/** @param cmdline /proc/PID/cmdline; null for another program's, or another container's */
export function parseMonitor(cmdline: string, container: string): Monitor | null {
  const words = cmdline.split('\0');
  if (!/(?:^|\/)conmon$/.test(words[0] ?? '')) return null;
  const valuesOf = (...names: readonly string[]): readonly string[] =>
    words.flatMap((word, at) => (names.includes(word) ? (words[at + 1] ?? []) : []));
  const [id = ''] = valuesOf('-c', '--cid');
  if (container === '' || !id.startsWith(container)) return null;
  const [name = ''] = valuesOf('-n', '--name');
  const drivers = valuesOf('-l', '--log-path');
  const file = drivers.find((driver) => /^(?:k8s-file:)?\//.test(driver));
  return {
    name: /^\w[\w.-]{0,127}$/.test(name) ? name : null,
    log: file === undefined ? null : file.replace(/^k8s-file:/, ''),
    isJournal: drivers.some((driver) => /^journald(?::|$)/.test(driver)),
  };
}

/** An entrypoint and its shells stand between. */
const mostParents = 8;

/**
 * The conmon above a process of this container. One inside a container can call itself what it likes, and is none.
 *
 * @param text a file below /proc; null when it cannot be read
 */
export function monitorOf(pid: number, container: string, text: (path: string) => string | null): Monitor | null {
  let here = pid;
  for (let steps = 0; steps < mostParents; steps += 1) {
    const parent = parseProcStatus(text(`${here}/status`) ?? '').parent ?? 0;
    if (parent <= 1) return null;
    const monitor = parseMonitor(text(`${parent}/cmdline`) ?? '', container);
    const isInside = /\blibpod-[0-9a-f]{64}/.test(text(`${parent}/cgroup`) ?? '');
    if (monitor !== null && !isInside) return monitor;
    here = parent;
  }
  return null;
}
