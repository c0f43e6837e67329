import type { NginxFound } from '../../discover/find/find-nginx.ts';

/** Where Netdata keeps its plugins' state, as packages and the static build have it. */
const usualFolders = ['/var/lib/netdata', '/opt/netdata/var/lib/netdata'];

function stateFiles(what: string, libDirectory: string | null, { master, confPath }: NginxFound): readonly string[] {
  const slug = `${master?.container ?? ''}${confPath}`.replace(/[^A-Za-z0-9]+/g, '_').slice(-100);
  const folders = libDirectory === null ? usualFolders : [libDirectory];
  return folders.map((folder) => `${folder}/nginx-upstream.${what}.${slug}.json`);
}

/**
 * Where the running plugin writes down what it saw listening for an nginx's peers, and where `diagnose` looks for it:
 * best first. One file for each nginx: 127.0.0.1 may be another host for each.
 *
 * @param libDirectory NETDATA_LIB_DIR; null outside Netdata
 */
export function listenersFiles(libDirectory: string | null, found: NginxFound): readonly string[] {
  return stateFiles('listeners', libDirectory, found);
}

/** The same for its verdicts: what ended is known by what was found while it failed. */
export function verdictsFiles(libDirectory: string | null, found: NginxFound): readonly string[] {
  return stateFiles('verdicts', libDirectory, found);
}
