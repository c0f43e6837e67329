/** What is known of containers without asking their engine: bridges, published ports, names in the engine's own files. */
import type { SocketAddress } from '../../parse/peer-address.ts';
import { containerFolder, dockerName } from '../../system/docker.ts';
import { attempt } from '../../system/fs.ts';
import type { Owner } from '../facts/facts.ts';
import { behindPrefix, type HostFiles } from './host-files.ts';

/** Bridges that engines make for their containers. */
const bridges = /^(?:docker\d*|br-[0-9a-f]+|podman\d*|cni[-\w]*|nerdctl\w*|cbr\d+)$/;

/**
 * The bridge of this host in whose network an IPv4 address is; null where it is in none.
 *
 * @param routes /proc/net/route: interface, destination, gateway, flags, three counts, mask; words as in net/tcp
 */
export function bridgeOf({ words }: Pick<SocketAddress, 'words'>, routes: string): string | null {
  const [address] = words;
  if (words.length !== 1 || address === undefined) return null;
  for (const line of routes.split('\n')) {
    const [name = '', destination = '', gateway, , , , , mask = ''] = line.split(/\s+/);
    const bits = Number.parseInt(mask, 16);
    if (!bridges.test(name) || gateway !== '00000000' || !(bits > 0)) continue;
    if ((address & bits) >>> 0 === Number.parseInt(destination, 16)) return name;
  }
  return null;
}

/** The networks that these routes reach without a gateway: a container's own, and on a host those of its bridges. */
export function directNetworks(routes: string): readonly ((address: number) => boolean)[] {
  return routes.split('\n').flatMap((line) => {
    const [, destination = '', gateway, , , , , mask = ''] = line.split(/\s+/);
    const bits = Number.parseInt(mask, 16);
    if (gateway !== '00000000' || !(bits > 0)) return [];
    const network = Number.parseInt(destination, 16);
    return [(address: number) => (address & bits) >>> 0 === network];
  });
}

/** Where a published port leads, by the arguments of the process that holds it. */
export interface Published {
  readonly host: string;
  readonly port: number;
}

/** @param cmdline /proc/PID/cmdline of docker-proxy; null for another program's */
export function publishedTo(cmdline: string): Published | null {
  const words = cmdline.split('\0');
  if (!/(?:^|\/)docker-proxy$/.test(words[0] ?? '')) return null;
  const after = (name: string): string | undefined => words[words.indexOf(name) + 1];
  const host = words.includes('-container-ip') ? after('-container-ip') : undefined;
  const port = Number(words.includes('-container-port') ? after('-container-port') : Number.NaN);
  return host === undefined || !Number.isInteger(port) ? null : { host, port };
}

/** Whether a command line of docker-proxy publishes this port of the host: its other one is the container's. null for others. */
export function isProxyOf(line: string, port: number): boolean | null {
  if (!/^\S*docker-proxy /.test(line)) return null;
  return new RegExp(` -host-port ${port} `).test(`${line} `);
}

const isIpv6 = (to: Published): boolean => to.host.includes(':');

/** Two docker-proxies lead to one container: the same address, or one of each family and the same port. */
export function isSameTarget(line: string, other: string): boolean {
  const [one, two] = [line, other].map((each) => publishedTo(each.replaceAll(' ', '\0')));
  if (one == null || two == null || one.port !== two.port) return false;
  return one.host === two.host || isIpv6(one) !== isIpv6(two);
}

const dockerFolder = '/var/lib/docker/containers';

const foldersOf = (files: HostFiles): string => behindPrefix(dockerFolder, files);

/**
 * The name of a docker container, which outlives its id; null without the right to read the engine's files.
 *
 * @param id its first digits
 */
export function containerName(id: string, ports: HostFiles): string | null {
  const folder = containerFolder(ports.fs, foldersOf(ports), id);
  return folder === null ? null : dockerName(ports.fs, folder);
}

/** Where podman keeps those of root, each in a folder called by its id. */
const podmanFolder = '/var/lib/containers/storage/overlay-containers';

/**
 * Whether an engine still has a container that was seen before, stopped or not; null where that may not be read.
 *
 * @param owner whose processes ran as this user: podman keeps those of other users elsewhere
 */
export function isRemoved(
  { container, runtime, uid }: Pick<Owner, 'container' | 'runtime' | 'uid'>,
  ports: HostFiles,
): boolean | null {
  if (container === null || (runtime !== 'docker' && runtime !== 'podman')) return null;
  const folder = runtime === 'docker' ? foldersOf(ports) : behindPrefix(podmanFolder, ports);
  const all = attempt(() => ports.fs.readdir(folder));
  // An empty folder may be that of an engine whose data is elsewhere.
  if (!all.ok || all.value.length === 0) return null;
  if (all.value.some((name) => name.startsWith(container))) return false;
  return runtime === 'docker' || uid === 0 ? true : null;
}
