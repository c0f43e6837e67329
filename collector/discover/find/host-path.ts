/** Paths in a text as the host's own shell has them: what is typed there knows nothing of the prefix. */
export function asOnHost(text: string, hostPrefix: string): string {
  return hostPrefix === '' ? text : text.replaceAll(`${hostPrefix}/`, '/');
}

/** A path of the host as we reach it: NETDATA_HOST_PREFIX goes before every path that is not under it already. */
export function hostPath(path: string, hostPrefix: string): string {
  return hostPrefix === '' || path.startsWith(`${hostPrefix}/`) ? path : hostPrefix + path;
}
