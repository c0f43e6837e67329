import { mountOf } from './mounts.ts';
import type { Master } from './processes.ts';

/** Stays the same over restarts, upgrades and reloads of one nginx, and is no other's. */
export function identityOf(found: {
  readonly master: Pick<Master, 'container' | 'mounts'> | null;
  readonly confPath: string;
  readonly commandLine: string | null;
}): string {
  const { master, confPath, commandLine } = found;
  const container = master?.container ?? null;
  // Containers without their own name differ in their roots.
  const root = container === null ? null : mountOf(master?.mounts ?? [], '/');
  return [container, root?.device, root?.root, confPath, commandLine].filter((part) => part != null).join(' ');
}
