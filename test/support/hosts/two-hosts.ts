/**
 * Two hosts on one wire, as separate network namespaces: for faults that no loopback can have. For `describeOn('namespaces')`.
 *
 *   const { front, back } = await startTwoHosts();   // NETWORK.1 and fd77::1 | NETWORK.2, 10.77.0.3 and fd77::2
 *   await front.run('ip', ['route']);                // to its end
 *   const app = front.start(process.execPath, […]);  // ends with the test
 *   await front.firewall('tcp dport 80 drop');       // nftables, incoming, one rule more; null takes all away
 *   front.setHosts('10.77.5.2 app.test');            // /etc/hosts, for what is started in it
 *
 * Pathname unix sockets do not care for network namespaces: the test talks to an nginx inside by `listen unix:`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, type StartOptions, start } from '../process.ts';
import { type Result, run } from '../run.ts';
import { tool } from '../servers/packages.ts';
import { atEnd } from '../temp.ts';

export interface Host {
  readonly name: string;
  /** Put before a command, it runs there. */
  readonly within: readonly string[];
  run(command: string, args: readonly string[]): Promise<Result>;
  start(command: string, args: readonly string[], options?: StartOptions): Child;
  /** Adds a rule for what comes in; null takes all away. */
  firewall(rule: string | null): Promise<void>;
  setHosts(text: string): void;
}

/**
 * The network of this process's hosts: what runs at the same time has another one, as `diagnose` looks through all
 * namespaces of a machine for the address of a peer.
 */
export const network = `10.77.${1 + (process.pid % 250)}`;

let made = 0;

async function must(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await run(command, args, { env });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}

async function startHost(name: string): Promise<Host> {
  const { path: ip, env } = await tool('ip');
  const nft = await tool('nft');
  await must(ip, ['netns', 'add', name], env);
  const etc = join('/etc/netns', name);
  mkdirSync(etc, { recursive: true });
  atEnd(async () => {
    rmSync(etc, { recursive: true, force: true });
    await run(ip, ['netns', 'del', name], { env });
  });
  // What runs in there may have another environment, in which a private ip would not find its libraries.
  const libraries = env['LD_LIBRARY_PATH'];
  const within = [...(libraries ? ['env', `LD_LIBRARY_PATH=${libraries}`] : []), ip, 'netns', 'exec', name];
  const [first = '', ...rest] = within;
  let rules: readonly string[] = [];
  const host: Host = {
    name,
    within,
    run: (command, args) => run(first, [...rest, command, ...args], { env: nft.env }),
    start: (command, args, options) => start(first, [...rest, command, ...args], options),
    async firewall(rule) {
      rules = rule === null ? [] : [...rules, rule];
      const chain = `table inet t { chain c { type filter hook input priority 0;\n${rules.join('\n')}\n}\n}\n`;
      const input = `flush ruleset\n${rules.length > 0 ? chain : ''}`;
      const { code, stderr } = await run(first, [...rest, nft.path, '-f', '-'], { env: nft.env, input });
      if (code !== 0) throw new Error(`nft: ${stderr.trim()}`);
    },
    setHosts: (text) => writeFileSync(join(etc, 'hosts'), `${text}\n`),
  };
  host.setHosts('127.0.0.1 localhost\n::1 localhost');
  return host;
}

/** A third host, behind `back`, which passes packets on: 10.NETWORK.2. `front` has the route to it. */
export async function startHostBehind({ front, back }: { readonly front: Host; readonly back: Host }): Promise<Host> {
  const { path: ip, env } = await tool('ip');
  const far = await startHost(`${back.name}r`);
  const net = network.replace('10.77.', '10.78.');
  const lines: readonly (readonly [Host, string])[] = [
    [back, `link add far type veth peer name wire netns ${far.name}`],
    [back, `addr add ${net}.1/24 dev far`],
    [back, 'link set far up'],
    [far, `addr add ${net}.2/24 dev wire`],
    [far, 'link set wire up'],
    [far, `route add default via ${net}.1`],
    [front, `route add ${net}.0/24 via ${network}.2`],
  ];
  for (const [host, line] of lines) await must(ip, ['-n', host.name, ...line.split(' ')], env);
  await back.run('sh', ['-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
  return far;
}

export async function startTwoHosts(): Promise<{ readonly front: Host; readonly back: Host }> {
  const { path: ip, env } = await tool('ip');
  const id = `nu${process.pid}x${++made}`;
  const front = await startHost(`${id}f`);
  const back = await startHost(`${id}b`);
  const addresses: readonly (readonly [Host, string])[] = [
    [front, `${network}.1/24`],
    [front, 'fd77::1/64'],
    [back, `${network}.2/24`],
    [back, `${network}.3/24`],
    [back, 'fd77::2/64'],
  ];
  await must(
    ip,
    ['link', 'add', 'wire', 'netns', front.name, 'type', 'veth', 'peer', 'name', 'wire', 'netns', back.name],
    env,
  );
  for (const host of [front, back]) {
    const lines = addresses
      .filter(([owner]) => owner === host)
      .map(([, address]) => `addr add ${address} dev wire ${address.includes(':') ? 'nodad' : ''}`);
    const batch = [...lines, 'link set lo up', 'link set wire up', ''].join('\n');
    const { code, stderr } = await run(ip, ['-n', host.name, '-batch', '-'], { env, input: batch });
    if (code !== 0) throw new Error(`ip: ${stderr.trim()}`);
  }
  return { front, back };
}
