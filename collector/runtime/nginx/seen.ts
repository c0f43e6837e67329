import type { Remembered } from '../../diagnose/facts/facts.ts';
import type { DiagnosedNginx } from '../../diagnose/facts/ports.ts';
import type { AnswerFacts } from '../../diagnose/impact/traffic.ts';
import { workersSince } from '../../discover/check/facts.ts';
import { commandFor, entryTo } from '../../discover/check/rules/nginx.ts';
import { hostMounts, procFolder, procOf } from '../../discover/find/find-nginx.ts';
import { sameFile } from '../../discover/find/mounts.ts';
import { workersOf } from '../../discover/find/processes.ts';
import { placeOf } from '../../discover/find/view.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import type { FileSystem } from '../../system/fs.ts';

interface Ports {
  readonly fs: FileSystem;
  readonly hostPrefix: string;
}

/** What discovery knows of an nginx, as diagnosing needs it. `read` has the addresses of its names. */
export function diagnosedNginx(
  { found, configuration }: Pick<NginxRead, 'found' | 'configuration'>,
  remembered: (peer: string) => Remembered | null,
  answers: (peer: string) => AnswerFacts | null,
  ports: Ports,
): DiagnosedNginx {
  const { fs, hostPrefix } = ports;
  const { master } = found;
  const mounts = hostMounts(ports);
  const shares = (path: string): boolean => master === null || sameFile(mounts, master.mounts, path);
  const workers = master === null ? [] : workersOf(procOf(ports), master.pid);
  return {
    masterPid: master?.pid ?? null,
    sharesFile: shares,
    workers: workers.map(({ pid }) => pid),
    configuration,
    conf: found.confPath,
    command: commandFor(found),
    entry: master === null ? '' : entryTo(master),
    loadedMs: workersSince(found, ports),
    // The view knows containers; a /tmp of nginx's own is only reached through nginx.
    place: (path) =>
      master === null || master.container !== null || shares(path)
        ? placeOf(fs, found.view, path)
        : `${procFolder(hostPrefix)}/${master.pid}/root${path}`,
    remembered,
    answers,
  };
}
