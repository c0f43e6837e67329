/** Files as nginx names them, read from where this process can reach them. */
import type { ConfigurationFiles, ReadFailure } from '../../nginx/types.ts';
import { type Attempted, attempt, type FileSystem } from '../../system/fs.ts';
import { lookAt, rootedPath } from '../../system/reach.ts';
import { readWritten } from '../../system/small-file.ts';
import type { ContainerOutput } from './container-output.ts';
import { hostPlaces, type Mount } from './mounts.ts';

export interface View {
  /** Where the container's engine writes nginx's standard output and error; null or left out: nowhere that is known. */
  readonly output?: ContainerOutput | null;
  /** Paths that this process can open where `path` of nginx's may lie, best first; never empty. */
  places(path: string): readonly string[];
  /** A place with its links followed as nginx would: inside nginx's root, not ours. */
  follow(place: string): string;
}

/** nginx's root is ours, or lies under `root` (NETDATA_HOST_PREFIX, /proc/PID/root). */
export function rootView(fs: FileSystem, root: string): View {
  if (root === '') return { places: (path) => [path], follow: (place) => place };
  return {
    places: (path) => {
      const slash = path.lastIndexOf('/');
      // The last part stays as it is: whoever follows a log wants to see its link change.
      return [`${rootedPath(fs, root, path.slice(0, slash))}${path.slice(slash)}`.replace(/\/\//g, '/')];
    },
    follow: (place) => (place.startsWith(`${root}/`) ? rootedPath(fs, root, place.slice(root.length)) : place),
  };
}

/**
 * nginx is in a container whose `root` (/proc/PID/root) we may not enter: bind mounts, volumes and layers, as the host has
 * them. A path that is in none of these is its own, never the host's of the same name.
 */
export function mountView(inside: readonly Mount[], host: readonly Mount[], hostPrefix: string, root: string): View {
  return {
    places: (path) => {
      const found = hostPlaces(inside, host, path).map((place) => hostPrefix + place);
      return found.length > 0 ? found : [`${root}${path}`];
    },
    follow: (place) => place,
  };
}

function failureOf(code: string): ReadFailure {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'other';
}

/** The place where `path` exists, links followed inside the root; the first candidate when it exists nowhere. */
export function placeOf(fs: FileSystem, view: View, path: string): string {
  const places = view.places(path);
  if (places.length === 1) return places[0] ?? path;
  return places.find((place) => attempt(() => fs.lstat(place)).ok) ?? places[0] ?? path;
}

/**
 * What stands in a file of nginx's. Regular files only: a device or a FIFO is not opened, a stream (`/dev/stdin`) would be
 * this process's own, and what /proc and /sys show is the kernel's. EINVAL for these.
 */
export function readPlace(fs: FileSystem, view: View, place: string, limit?: number): Attempted<string> {
  const path = view.follow(place);
  const found = lookAt(fs, path);
  // Written where nothing is to be included.
  if (found.is === 'other' && path.endsWith('/dev/null')) return { ok: true, value: '' };
  if (found.is === 'stream' || found.is === 'other') return { ok: false, code: 'EINVAL' };
  return readWritten(fs, path, limit);
}

/** What the configuration room reads through. */
export function configurationFiles(fs: FileSystem, view: View): ConfigurationFiles {
  return {
    readFile(path) {
      let failure: ReadFailure = 'missing';
      for (const place of view.places(path)) {
        const text = readPlace(fs, view, place);
        if (text.ok) return { text: text.value };
        const reason = failureOf(text.code);
        failure = reason === 'missing' ? failure : reason;
      }
      return { failure };
    },
    readFolder(path) {
      const names = new Set<string>();
      let found = false;
      for (const place of view.places(path)) {
        const listed = attempt(() => fs.readdir(view.follow(place)));
        found ||= listed.ok;
        for (const name of listed.ok ? listed.value : []) names.add(name);
      }
      return found ? [...names] : null;
    },
  };
}
