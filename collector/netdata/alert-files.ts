/** The alert files that Netdata was given: whether they are for this Netdata and this plugin (docs/alerts.md). */
export const alertFiles = ['nginx_upstream.conf', 'nginx_upstream_peers.conf', 'nginx_upstream_server.conf'] as const;

/**
 * @param version the text of NETDATA_VERSION
 * @returns in words for the operator; null when nothing is wrong, or it cannot be told
 */
export function alertFileProblem(path: string, text: string, version: string | undefined): string | null {
  if (/^\s*lookup:/m.test(text)) {
    return (
      `${path} is of an earlier version of nginx-upstream: its alerts read what is no longer there and stay quiet; ` +
      `take ${path}.new, or remove the file and run install.sh again`
    );
  }
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (major === undefined) return null;
  const isNew = Number(major) > 1 || Number(minor) >= 38;
  const isMeant = isNew ? !/\$label:/.test(text) : !/\$\{label:/.test(text);
  if (isMeant) return null;
  return `${path} is written for another version of Netdata: its texts show the names of labels, not their values; run install.sh again`;
}
