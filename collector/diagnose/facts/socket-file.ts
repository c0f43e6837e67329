/** A unix socket's file as nginx's workers meet it. */
import { stepsTo } from '../../base/paths.ts';
import { listeningPaths, parseNetUnix } from '../../parse/proc/net.ts';
import { parseProcGroups, parseProcStatus } from '../../parse/proc/pid.ts';
import { attempt } from '../../system/fs.ts';
import { allows, isMissing, type Rights } from '../../system/reach.ts';
import { fpmSockets } from '../places/fpm-pools.ts';
import { type Namespaces, readablePid } from '../places/namespaces.ts';
import type { UnixFacts } from './facts.ts';
import type { Look } from './look.ts';
import type { DiagnosedNginx, DiagnosePorts } from './ports.ts';

function rightsOf(pid: number | null, { proc }: DiagnosePorts): Rights | null {
  const status = pid === null ? null : proc.text(`${pid}/status`);
  const uid = status === null ? null : parseProcStatus(status).uid;
  return status === null || uid === null ? null : { uid, gids: parseProcGroups(status) };
}

type Names = Pick<DiagnosePorts, 'userName' | 'groupName'>;

/** Users of a container have other names: there the numbers count. */
export function userNames({ sharesFile }: Pick<DiagnosedNginx, 'sharesFile'>, ports: Names): Names {
  if (sharesFile('/etc/passwd')) return ports;
  return { userName: (uid) => `uid ${uid}`, groupName: (gid) => `gid ${gid}` };
}

function barrierTo(
  path: string,
  who: Rights,
  place: (path: string) => string,
  { userName, groupName }: Names,
  ports: DiagnosePorts,
): UnixFacts['barrier'] {
  for (const step of stepsTo(path)) {
    const stat = attempt(() => ports.fs.stat(place(step)));
    if (!stat.ok || allows(stat.value, who, step === path ? 2 : 1)) continue;
    const { mode, uid, gid } = stat.value;
    return { path: step, mode, user: userName(uid), group: groupName(gid) };
  }
  return null;
}

type Use = Pick<UnixFacts, 'listening' | 'queued' | 'isStopped' | 'home' | 'owner'>;

/**
 * Sockets are listed per network namespace, also those with a path. In another namespace than nginx's the path may be
 * another, on its own mount: there the name of the file decides.
 */
function useOf(path: string, namespaces: Namespaces, look: Look, ports: DiagnosePorts): Use {
  const name = path.slice(path.lastIndexOf('/'));
  for (const namespace of [namespaces.nginx, ...namespaces.others]) {
    const pid = readablePid(namespace, ports);
    const text = pid === null ? '' : (ports.proc.text(`${pid}/net/unix`) ?? '');
    const paths =
      namespace === namespaces.nginx
        ? [path]
        : (text.match(/ [/@]\S+$/gm) ?? []).map((each) => each.trim()).filter((each) => each.endsWith(name));
    for (const use of parseNetUnix(text, new Set(paths)).values()) {
      if (!use.listening) continue;
      const owner = use.inode === null ? null : look.ownersOf(namespace).holderOf(use.inode, { path });
      const isStopped = owner?.pid != null && look.isStopped(owner.pid);
      return { listening: true, queued: use.queued, isStopped, home: namespace.name, owner };
    }
  }
  return { listening: false, queued: 0, isStopped: false, home: null, owner: null };
}

/** Paths by which programs that speak FastCGI listen, by their names, or by php-fpm's configuration. */
export function fastcgiSockets({ nginx }: Namespaces, ports: DiagnosePorts): readonly string[] {
  const pid = readablePid(nginx, ports);
  const text = pid === null ? '' : (ports.proc.text(`${pid}/net/unix`) ?? '');
  const paths = [...new Set(listeningPaths(text).map(({ path }) => path))];
  if (paths.length === 0) return [];
  const pools = fpmSockets(nginx.pids, ports);
  return paths.filter((path) => pools.has(path) || /php|fcgi|fastcgi/i.test(path)).slice(0, 4);
}

function similarTo(path: string, namespaces: Namespaces, ports: DiagnosePorts): readonly string[] {
  if (!/php|fcgi|fastcgi/.test(path)) return [];
  return fastcgiSockets(namespaces, ports).filter((each) => each !== path);
}

/**
 * @param path as nginx names it
 * @param worker one of nginx's workers
 */
export function readSocketFile(
  path: string,
  { place, sharesFile }: Pick<DiagnosedNginx, 'place' | 'sharesFile'>,
  worker: number | null,
  namespaces: Namespaces,
  look: Look,
  ports: DiagnosePorts,
): UnixFacts {
  const stat = attempt(() => ports.fs.stat(place(path)));
  const names = userNames({ sharesFile }, ports);
  const who = rightsOf(worker, ports);
  return {
    path,
    isShared: sharesFile(path),
    file: stat.ok ? (stat.value.kind === 'socket' ? 'socket' : 'other') : isMissing(stat.code) ? 'missing' : 'unseen',
    mode: stat.ok ? stat.value.mode : 0,
    user: stat.ok ? names.userName(stat.value.uid) : '',
    group: stat.ok ? names.groupName(stat.value.gid) : '',
    ...useOf(path, namespaces, look, ports),
    similar: similarTo(path, namespaces, ports),
    barrier: who === null ? null : barrierTo(path, who, place, names, ports),
  };
}
