/** Who runs a process, from /proc/PID/cgroup (cgroups(7)): its systemd unit, or its container. Total: nothing throws. */

export interface ProcessUnit {
  /** `app.service`, as systemctl takes it. */
  readonly unit: string;
  /** The unit belongs to this user's own systemd; null for the system's. */
  readonly user: number | null;
}

/** The path in the unified hierarchy, or that of systemd's own one in the hybrid and legacy layouts. */
function systemdPath(cgroup: string): string {
  const path = (controllers: string): string | undefined =>
    new RegExp(`^\\d+:${controllers}:(/.*)$`, 'm').exec(cgroup)?.[1];
  const named = path('name=systemd') ?? '/';
  const unified = path('') ?? '/';
  // In a machine of systemd-nspawn the unified one may end above its units.
  const hasUnit = (text: string): boolean => /\.(?:service|scope)(?:\/|$)/.test(text);
  return unified === '/' || (hasUnit(named) && !hasUnit(unified)) ? named : unified;
}

/** null for a process that no service runs: a login, a container, a system without systemd. */
export function unitOf(cgroup: string): ProcessUnit | null {
  const parts = systemdPath(cgroup).split('/');
  const services = parts.filter((part) => part.endsWith('.service'));
  const manager = /^user@(\d{1,10})\.service$/.exec(services[0] ?? '');
  const unit = manager === null ? services[0] : services[1];
  if (unit === undefined || !/^[\w.@:\\-]{1,255}$/.test(unit)) return null;
  return { unit, user: manager === null ? null : Number(manager[1]) };
}

/** The identifier of the container: docker, containerd, CRI-O and podman write 64 hexadecimal digits. */
export function containerIdOf(cgroup: string): string | null {
  return /[0-9a-f]{64}/.exec(cgroup)?.[0] ?? null;
}

/** The same, as short as engines print it. */
export function containerOf(cgroup: string): string | null {
  return containerIdOf(cgroup)?.slice(0, 12) ?? null;
}

/**
 * Whether the container is one of the system's own engine, which root runs. Users of a host have their own
 * cgroups to make groups in, below `user.slice`, and may call these what they like.
 */
export function isOfSystemEngine(cgroup: string): boolean {
  return containerOf(cgroup) !== null && !/\/user[.@-]/.test(cgroup);
}

/** The group in which a container's own was made, a folder of /sys/fs/cgroup; null for no container. */
export function groupAbove(cgroup: string): string | null {
  const parts = systemdPath(cgroup).split('/');
  const own = parts.findIndex((part) => /[0-9a-f]{64}/.test(part));
  return own === -1 ? null : parts.slice(0, own).join('/') || '/';
}

/** What a person speaks to a container with: `docker`, `podman`, or `crictl` for containerd and CRI-O in Kubernetes. */
export type Runtime = 'docker' | 'podman' | 'crictl';

/** The last name that the path has for it: docker in a pod writes `kubepods` above its own. */
const runtimeNames: readonly (readonly [RegExp, Runtime])[] = [
  [/\b(?:cri-containerd|crio)[-:][0-9a-f]{64}/, 'crictl'],
  [/\blibpod-[0-9a-f]{64}/, 'podman'],
  [/(?:\bdocker-|\/docker\/)[0-9a-f]{64}/, 'docker'],
  [/\bkubepods\b.*[0-9a-f]{64}/, 'crictl'],
];

/** null where the path names none: LXC, systemd-nspawn, nerdctl, or no container at all. */
export function runtimeOf(cgroup: string): Runtime | null {
  return runtimeNames.find(([name]) => name.test(cgroup))?.[1] ?? null;
}

/** null for what is not the name of one: it may come out of a file. */
export function toRuntime(value: unknown): Runtime | null {
  return runtimeNames.find(([, runtime]) => runtime === value)?.[1] ?? null;
}
