/** Where the running plugin writes down what it saw listening, and `diagnose` looks for it. */
export interface ListenersFile {
  readonly path: string;
}

/** Where Netdata keeps its plugins' state, as packages and the static build have it. */
const usualFolders = ['/var/lib/netdata', '/opt/netdata/var/lib/netdata'];

/**
 * One file per network namespace: 127.0.0.1 is another host in each.
 *
 * @param libDirectory NETDATA_LIB_DIR; null outside Netdata
 * @param network as Procfs.networkOf
 */
export function listenersFiles(libDirectory: string | null, network: string | null): readonly ListenersFile[] {
  const name = `nginx-upstream.listeners-${(network ?? '').replace(/^\d+:/, '') || '0'}.json`;
  const folders = libDirectory === null ? usualFolders : [libDirectory];
  return folders.map((folder) => ({ path: `${folder}/${name}` }));
}
