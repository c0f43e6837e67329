/**
 * Two network namespaces joined by a cable: `front` for nginx, `back` for its backends. For `describeOn('namespaces')`.
 *
 *   const { front, back } = await cable();         // front 10.203.0.1 and fd00:203::1, back 10.203.0.2 and fd00:203::2
 *   await back.run('/usr/bin/ss', ['-tan']);
 *   const child = front.start(process.execPath, ['-e', script]);
 *   await back.nft('add rule ip filter input tcp dport 9001 drop');   // table and chain are there
 */

import { type Child, type StartOptions, start } from '../process.ts';
import { type Result, run } from '../run.ts';
import { tool } from '../servers/packages.ts';
import { atEnd } from '../temp.ts';

export interface Namespace {
  readonly address: string;
  readonly address6: string;
  run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Result>;
  start(command: string, args: readonly string[], options?: StartOptions): Child;
  /** One line for nft; a table `ip filter` and its chain `input` are there. */
  nft(line: string): Promise<void>;
}

let made = 0;

export async function cable(): Promise<{ readonly front: Namespace; readonly back: Namespace }> {
  const ip = await tool('ip');
  const must = async (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> => {
    const { code, stderr } = await run(command, args, { env });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  };
  const ipDo = (line: string) => must(ip.path, line.split(' '), ip.env);
  made++;
  const name = (end: string) => `nu${process.pid}-${made}${end}`;

  const open = async (end: 'a' | 'b', last: 1 | 2): Promise<Namespace> => {
    const netns = name(end);
    await ipDo(`netns add ${netns}`);
    atEnd(() => ipDo(`netns del ${netns}`));
    const enter = (command: string, args: readonly string[]) => [`--net=/run/netns/${netns}`, '--', command, ...args];
    return {
      address: `10.203.0.${last}`,
      address6: `fd00:203::${last}`,
      run: (command, args, env = process.env) => run('/usr/bin/nsenter', enter(command, args), { env }),
      start: (command, args, options) => start('/usr/bin/nsenter', enter(command, args), options),
      async nft(line) {
        const nft = await tool('nft');
        const set = 'add table ip filter; add chain ip filter input { type filter hook input priority 0; }';
        await must('/usr/bin/nsenter', enter(nft.path, [`${set}; ${line}`]), nft.env);
      },
    };
  };
  const [front, back] = [await open('a', 1), await open('b', 2)];
  // Interface names are 15 characters at most; the pair is made inside the first namespace, never in the host's.
  await ipDo(`-n ${name('a')} link add cable type veth peer name cable netns ${name('b')}`);
  for (const [end, { address, address6 }] of [
    ['a', front],
    ['b', back],
  ] as const) {
    await ipDo(`-n ${name(end)} address add ${address}/24 dev cable`);
    await ipDo(`-n ${name(end)} address add ${address6}/64 dev cable nodad`);
    await ipDo(`-n ${name(end)} link set cable up`);
    await ipDo(`-n ${name(end)} link set lo up`);
  }
  return { front, back };
}
