/**
 * What the running Netdata understands. An unknown keyword kills a plugin, so nothing newer than 1.37.1 is written
 * unless NETDATA_VERSION allows it (`v1.37.1`, `v2.10.4`, `v1.44.0-123-nightly`).
 */
export interface Dialect {
  /** Before 1.45 alerts find sibling charts by their family, so it must be unique per instance; later by labels. */
  readonly familyPerInstance: boolean;
  /** The chart type `heatmap` exists. */
  readonly heatmap: boolean;
}

/** @param version the text of NETDATA_VERSION; without one the oldest dialect is spoken, which all versions accept. */
export function dialectOf(version: string | undefined): Dialect {
  const at = (major: number, minor: number) => isAtLeast(version, major, minor);
  return { familyPerInstance: !at(1, 45), heatmap: at(2, 0) };
}

/** Functions can be called: on 1.x they are out of reach (no login), and nothing is registered. */
export function hasFunctions(version: string | undefined): boolean {
  return isAtLeast(version, 2, 0);
}

function isAtLeast(version: string | undefined, wantedMajor: number, wantedMinor: number): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version ?? '') ?? ['', '0', '0'];
  return Number(major) > wantedMajor || (Number(major) === wantedMajor && Number(minor) >= wantedMinor);
}
