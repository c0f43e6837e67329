/**
 * What this machine lacks for some of the tests, found out once at the start (global-setup.ts) and said loudly there.
 *
 *   describeOn('namespaces')('two hosts', () => { … });   // there is no such suite where none can be made
 *   testOn('root')('as another user', async () => { … });
 *   if (has('ipv6')) …                                    // one row of a table more
 *
 * A test is never skipped silently: the report has only tests that can run here, and the start names the others.
 */
import { createServer } from 'node:net';
import { describe, inject, test } from 'vitest';
import { run } from './run.ts';
import { tool } from './servers/packages.ts';

export type Ability = 'root' | 'namespaces' | 'ipv6' | 'users';

/** null: it is there. Else why not, in words that say what to do. */
export type Machine = Readonly<Record<Ability, string | null>>;

declare module 'vitest' {
  interface ProvidedContext {
    machine: Machine;
  }
}

/** Asks the machine; `namespaces` needs a program that may have to be got, and is asked only for tests that use it. */
export async function askMachine(withNamespaces: boolean): Promise<Machine> {
  const root =
    process.getuid?.() === 0 ? null : 'another user, and network namespaces, need root: run the tests as root';
  return {
    root,
    namespaces: root ?? (withNamespaces ? await namespaceObstacle() : 'not asked'),
    users: root ?? userObstacle(),
    ipv6: (await listens('::1')) ? null : 'there is no IPv6 on this machine: sysctl net.ipv6.conf.all.disable_ipv6=0',
  };
}

export const has = (ability: Ability): boolean => inject('machine')[ability] === null;

const nothing = (): void => undefined;

export const testOn = (ability: Ability): typeof test => (has(ability) ? test : (nothing as unknown as typeof test));

export const describeOn = (ability: Ability): typeof describe =>
  has(ability) ? describe : (nothing as unknown as typeof describe);

async function namespaceObstacle(): Promise<string | null> {
  const { path, env } = await tool('ip');
  const name = `nu-try-${process.pid}`;
  const { code, stderr } = await run(path, ['netns', 'add', name], { env });
  if (code === 0) await run(path, ['netns', 'del', name], { env });
  return code === 0 ? null : `network namespaces cannot be made here: ${stderr.trim()}`;
}

/** Debian 13's own Node never changes its user (CVE-2024-22017): rights are judged by modes there. */
function userObstacle(): string | null {
  try {
    process.setgroups?.(process.getgroups?.() ?? []);
    return null;
  } catch (error) {
    return `access lists count only with a Node that can change its user: ${error}`;
  }
}

function listens(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, host, () => server.close(() => resolve(true)));
  });
}
