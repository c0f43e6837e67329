import type { FileSystem } from '../../system/fs.ts';
import { rootedPath } from '../../system/reach.ts';

/** Paths in a text as the host's own shell has them: what is typed there knows nothing of the prefix. */
export function asOnHost(text: string, hostPrefix: string): string {
  return hostPrefix === '' ? text : text.replaceAll(`${hostPrefix}/`, '/');
}

/** A path of the host as we reach it: NETDATA_HOST_PREFIX goes before every path that is not under it already. */
export function hostPath(path: string, hostPrefix: string): string {
  return hostPrefix === '' || path.startsWith(`${hostPrefix}/`) ? path : hostPrefix + path;
}

/**
 * A file of the host as we open it: a link in it that begins with `/` means the host's root (what kubelet puts into
 * /var/log/containers leads to /var/log/pods). Another process's root is left to who knows it.
 */
export function hostFile(fs: FileSystem, path: string, hostPrefix: string): string {
  if (hostPrefix === '' || !path.startsWith(`${hostPrefix}/`)) return path;
  const inside = path.slice(hostPrefix.length);
  return /^\/proc\/\d+\/root(?:\/|$)/.test(inside) ? path : rootedPath(fs, hostPrefix, inside);
}
