/** What this process costs. */
export interface Load {
  /** User and system time since it started, microseconds. */
  cpuUs(): number;
  /** Resident memory, bytes. */
  residentBytes(): number;
}

export const processLoad: Load = {
  cpuUs() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  residentBytes: () => process.memoryUsage.rss(),
};
