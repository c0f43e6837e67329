/** /proc/PID/mountinfo (proc_pid_mountinfo(5)): where a container's files are on the host. Total. */

export interface Mount {
  /** `8:1`: the file system. */
  readonly device: string;
  /** What of that file system is mounted. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly options: string;
}

/** Blank, tab, newline and backslash are written as octal numbers. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , device, root, point] = before.split(' ');
    const [type = '', , options = ''] = after.split(' ');
    if (device === undefined || root === undefined || point === undefined) return [];
    return [{ device, root: plain(root), point: plain(point), type, options: plain(options) }];
  });
}

function isUnder(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

function below(path: string, folder: string): string {
  return folder === '/' ? path : path.slice(folder.length);
}

/** The mount a path is on: the longest mount point; of two at one point the later covers the earlier. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    if (isUnder(path, mount.point) && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}

/** Both see the same file system as their root: no container, whatever else is private (systemd's PrivateTmp). */
export function sameRoot(a: readonly Mount[], b: readonly Mount[]): boolean {
  const [one, other] = [mountOf(a, '/'), mountOf(b, '/')];
  return one === null || other === null || (one.device === other.device && one.root === other.root);
}

/** What a path means: its file system, and the place in it. */
function meaning(mounts: readonly Mount[], path: string): string | null {
  const mount = mountOf(mounts, path);
  return mount === null ? null : `${mount.device} ${mount.root === '/' ? '' : mount.root}${below(path, mount.point)}`;
}

/** Both mean the same file by this path: no container, and no private /tmp (systemd's PrivateTmp). */
export function sameFile(a: readonly Mount[], b: readonly Mount[], path: string): boolean {
  const [one, other] = [meaning(a, path), meaning(b, path)];
  return one === null || other === null || one === other;
}

function option(mount: Mount, name: string): string | null {
  const found = mount.options.split(',').find((each) => each.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

/**
 * Where a container's `path` may lie on the host, best first: the source of a bind mount or volume, else the layers of
 * its overlay (readable for root only, as docker sets them up). The host's own root may be an overlay, too: what is
 * bound from it is a part of that overlay.
 */
export function hostPlaces(inside: readonly Mount[], host: readonly Mount[], path: string): readonly string[] {
  const mount = mountOf(inside, path);
  if (mount === null) return [];
  const rest = below(path, mount.point);
  if (mount.type === 'overlay' && mount.root === '/') {
    const layers = [option(mount, 'upperdir'), ...(option(mount, 'lowerdir')?.split(':') ?? [])];
    return layers.filter((layer) => layer?.startsWith('/') === true).map((layer) => `${layer}${rest}`);
  }
  const source = `${mount.root === '/' ? '' : mount.root}${rest}` || '/';
  return host
    .filter((each) => each.device === mount.device && isUnder(source, each.root))
    .map((each) => `${each.point === '/' ? '' : each.point}${below(source, each.root)}`);
}
