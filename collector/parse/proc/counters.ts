/** Small tables of the kernel that show what became of a host or a process. Total: nothing throws. */

/** OOM kills since the system started: `oom_kill` of /proc/vmstat (Linux 4.13 and newer); null when it is not there. */
export function oomKills(vmstat: string): number | null {
  const found = /^oom_kill (\d{1,15})$/m.exec(vmstat)?.[1];
  return found === undefined ? null : Number(found);
}

/**
 * Whether IPv4 neighbours answered ARP: /proc/net/arp (net/ipv4/arp.c:arp_format_neigh_entry). Flags have 0x2
 * (ATF_COM) where the hardware address is known; an entry without it is being asked for, or failed.
 */
export function arpNeighbours(text: string): ReadonlyMap<string, boolean> {
  const answered = new Map<string, boolean>();
  for (const line of text.split('\n')) {
    const found = /^(\d{1,3}(?:\.\d{1,3}){3}) +0x[0-9a-f]+ +0x([0-9a-f]+) /.exec(line);
    if (found === null) continue;
    const [, address = '', flags = '0'] = found;
    answered.set(address, (Number.parseInt(flags, 16) & 2) !== 0 || answered.get(address) === true);
  }
  return answered;
}
