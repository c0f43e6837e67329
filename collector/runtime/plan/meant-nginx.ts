import type { JobSettings } from '../../config/settings.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import { matchingFiles } from '../../source/glob.ts';
import { type LogSpec, specText } from '../../source/log-spec.ts';
import { attempt } from '../../system/fs.ts';
import { type FilePorts, logsByFile } from '../logs/log-files.ts';
import { logOf } from './log-plan.ts';
import { toldSpec } from './told-log.ts';

/** What a log that the settings name says of an nginx: that it writes it, that it does not, or nothing. */
type Sign = 'writes' | 'does not' | 'nothing';

/** docker, containerd, CRI-O and podman name a container's log by its 64 digits; discovery knows the first twelve. */
function signOfContainer(path: string, { found: { master } }: NginxRead, { fs }: FilePorts): Sign {
  const target = attempt(() => fs.readlink(path));
  const [id] = /[0-9a-f]{64}/.exec(target.ok ? `${path} ${target.value}` : path) ?? [];
  const container = master?.container ?? '';
  if (id === undefined || !/^[0-9a-f]{12,64}$/.test(container)) return 'nothing';
  return id.startsWith(container) ? 'writes' : 'does not';
}

function signOf(told: LogSpec, read: NginxRead, ports: FilePorts): Sign {
  const { errorLogs, accessLogs } = read.configuration;
  if (told.is === 'syslog') {
    const server = specText(told).replace('syslog:udp://', '');
    const sends = [...errorLogs, ...accessLogs].some(
      ({ target }) => target.kind === 'syslog' && target.server === server,
    );
    return sends ? 'writes' : 'nothing';
  }
  if (told.is !== 'file' && told.is !== 'glob') return 'nothing';
  if (told.wrapping !== 'none') {
    const [path = ''] = told.is === 'file' ? [told.path] : matchingFiles(ports.fs, told);
    return signOfContainer(path, read, ports);
  }
  const { view } = read.found;
  const own = [
    ...errorLogs.map(({ target }) => ({ log: logOf(target, false, view, ports.fs) })),
    ...accessLogs.map(({ target }) => ({ log: logOf(target, true, view, ports.fs) })),
  ];
  return logsByFile(own, ports)(told).length > 0 ? 'writes' : 'does not';
}

/** A log that the settings name says which nginx is meant, if any here writes it. */
export function isMeant({ errorLogs, accessLogs }: JobSettings, ports: FilePorts): (read: NginxRead) => boolean {
  const told = [...(errorLogs ?? []), ...(accessLogs ?? []).map(({ path }) => path)].map((text) =>
    toldSpec(text, ports.hostPrefix),
  );
  return (read) => {
    const signs = told.map((log) => signOf(log, read, ports));
    return signs.includes('writes') || !signs.includes('does not');
  };
}
