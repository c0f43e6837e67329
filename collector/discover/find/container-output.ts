/** Where a container's engine writes what nginx sends to its standard output and error: the official image's logs. */
import { folderOf, lastPart } from '../../base/paths.ts';
import { dockerName } from '../../system/docker.ts';
import { attempt, type FileSystem } from '../../system/fs.ts';
import { isMissing } from '../../system/reach.ts';
import { hostPlaces, type Mount } from './mounts.ts';
import type { Master } from './processes.ts';

export interface ContainerOutput {
  /** As nginx-upstream.conf would name it: `docker:FILE`, `cri:FILE`. */
  readonly spec: string;
  /** The file, or the pattern of it. */
  readonly path: string;
  /** The folder that holds every container of this engine, where a right given once is inherited; null when none does. */
  readonly containers: string | null;
  /** It is known that the engine keeps no such file. */
  readonly other?: OtherDriver;
}

/** The engine mounts /etc/hosts from the container's own folder, wherever its data is kept (`data-root`). */
function dockerFolder({ mounts, containerId }: Master, host: readonly Mount[]): string {
  const hosts = hostPlaces(mounts, host, '/etc/hosts').find((place) =>
    place.endsWith(`/containers/${containerId}/hosts`),
  );
  return hosts?.slice(0, -'/hosts'.length) ?? `/var/lib/docker/containers/${containerId}`;
}

/** Where podman keeps its containers. */
const podmanFolder = '/var/lib/containers/storage/overlay-containers';

function podmanOutput({ containerId, container, monitor }: Master, hostPrefix: string): ContainerOutput {
  const path = hostPrefix + (monitor?.log ?? `${podmanFolder}/${containerId}/userdata/ctr.log`);
  const output = { spec: `cri:${path}`, path, containers: null };
  if (monitor == null || monitor.log !== null) return output;
  const name = monitor.name ?? container ?? '';
  return { ...output, other: { driver: monitor.isJournal ? 'journald' : 'other', engine: 'podman', name } };
}

/** null for a process in no container, or of an engine that is not known. */
export function containerOutput(master: Master, host: readonly Mount[], hostPrefix: string): ContainerOutput | null {
  const { containerId: id, container, runtime } = master;
  if (id === null || container === null) return null;
  switch (runtime) {
    case 'docker': {
      const folder = hostPrefix + dockerFolder(master, host);
      const path = `${folder}/${id}-json.log`;
      return { spec: `docker:${path}`, path, containers: folderOf(folder) };
    }
    case 'podman':
      return podmanOutput(master, hostPrefix);
    case 'crictl': {
      const path = `${hostPrefix}/var/log/containers/*-${id}.log`;
      return { spec: `cri:${path}`, path, containers: null };
    }
    case null:
      return null;
  }
}

/** How an engine keeps what a container writes, where it keeps no file that can be read. */
export interface OtherDriver {
  readonly engine: 'docker' | 'podman';
  /** `local` writes a binary format; `other`: the journal, or another place that is no file here. */
  readonly driver: 'local' | 'journald' | 'other';
  /** The container's name, or its id where the name may not be read: what `journal:` takes for it. */
  readonly name: string;
}

/** null where there is such a file, and for an engine that does not show it. */
export function otherDriver(output: ContainerOutput, fs: FileSystem): OtherDriver | null {
  if (output.other !== undefined) return output.other;
  if (output.containers === null || hasOutput(output, fs)) return null;
  // Beside nginx in its own container (a sidecar) the engine's folder is not there to say anything.
  const engine = attempt(() => fs.stat(output.containers ?? ''));
  if (!engine.ok && isMissing(engine.code)) return null;
  const folder = folderOf(output.path);
  const id = lastPart(folder);
  const driver = attempt(() => fs.stat(`${folder}/local-logs`)).ok ? 'local' : 'other';
  return { engine: 'docker', driver, name: dockerName(fs, folder) ?? id.slice(0, 12) };
}

/** Whether the engine keeps such a file, as far as can be seen: another log driver has none. */
export function hasOutput({ path, other }: ContainerOutput, fs: FileSystem): boolean {
  if (other !== undefined) return false;
  if (path.includes('*')) return attempt(() => fs.readdir(folderOf(path))).ok;
  const stat = attempt(() => fs.stat(path));
  return stat.ok || !isMissing(stat.code);
}
