/** What is known of containers without asking their engine: bridges, published ports, names in the engine's own files. */
import type { SocketAddress } from '../../parse/peer-address.ts';
import { containerFolder, dockerName } from '../../system/docker.ts';
import { attempt } from '../../system/fs.ts';
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

/** The same of one that was seen before: docker keeps what has stopped, until it is removed. */
export function keptContainer(
  id: string,
  ports: HostFiles,
): { readonly name: string | null; readonly isRemoved: boolean } {
  const all = attempt(() => ports.fs.readdir(foldersOf(ports)));
  // An empty folder may be that of an engine whose data is elsewhere.
  const isRemoved = all.ok && all.value.length > 0 && !all.value.some((name) => name.startsWith(id));
  return { name: containerName(id, ports), isRemoved };
}
