/** Words for unix sockets: files that nginx sees by its own root, listeners by a network namespace. */

import { lastPart, stepsTo } from '../../base/paths.ts';
import { shellWord } from '../../base/syntax/shell-word.ts';
import type { NamespaceName } from '../facts/facts.ts';
import type { NginxFacts } from '../facts/nginx-facts.ts';
import { line, open, ownerOf, peerOf, type Subject, type Wording } from '../rules/subject.ts';
import { inside, lookAfter, processState, restart, startAgain, unixSockets, unmask, withFiles } from './commands.ts';
import { when } from './when.ts';

type SocketCause = 'socket_missing' | 'socket_stale' | 'socket_denied' | 'socket_backlog_full';

function folderOf(path: string): string {
  return path.replace(/\/[^/]*$/, '/');
}

/** Where its listener is looked for: where one was seen, else where nginx is. */
function socketHome({ home, facts: { nginx } }: Subject): NamespaceName | null {
  if (home !== null || nginx.sharesNetwork || nginx.masterPid === null) return home;
  return { id: '', is: 'nginx', pid: nginx.masterPid, container: null, runtime: null };
}

/** systemd's PrivateTmp, of nginx or of the application. */
function tmpHint(path: string): string {
  return /^\/(?:var\/)?tmp\//.test(path)
    ? ' A service with PrivateTmp has its own /tmp, which no other service sees: put the socket into /run.'
    : '';
}

function isShared(one: Subject): boolean {
  return peerOf(one)?.unix?.isShared !== false;
}

/** Every folder on the way, as nginx sees it. */
function rights(one: Subject): string {
  const { host: path, facts } = one;
  if (isShared(one)) return `namei -l ${shellWord(path)}`;
  const steps = ['/', ...stepsTo(path)];
  return withFiles(facts.nginx, false, (at) => `ls -ldn ${steps.map(at).join(' ')}`);
}

/** The names of a container's users are its own: numbers are clear there. */
function groups({ user, workerPid, sharesFiles }: NginxFacts): readonly string[] {
  if (sharesFiles && user !== null) return [`id ${shellWord(user)}    # nginx's groups`];
  if (workerPid === null) return [];
  return [`grep -E '^(Uid|Gid|Groups):' /proc/${workerPid}/status    # user and groups of nginx's workers, in numbers`];
}

export const socketWords: Readonly<Record<SocketCause, Wording>> = {
  socket_missing: (one) => {
    const { host, facts } = one;
    const name = lastPart(host);
    const isUnderway = peerOf(one)?.unix?.listening === true && !one.finding.isOver;
    // Another version of php-fpm, mostly: what runs needs no start.
    const [twin] = peerOf(one)?.unix?.listening === true ? [] : (peerOf(one)?.unix?.similar ?? []);
    return {
      what: isUnderway
        ? `nginx ${when(one, 'does', 'did')} not find the socket file ${host}, though a process ${when(one, 'listens', 'listened')} on a socket of that name`
        : `the socket file ${host} ${when(one, 'does', 'did')} not exist${isShared(one) ? '' : ' where nginx looks for it'}`,
      fix: isUnderway
        ? `Let both see the same file: a folder in /run, or a volume that both containers mount; or write the right path ${line(one)} and reload nginx.${tmpHint(host)}`
        : `${
            twin === undefined
              ? `Start the application that makes it; or write the right path ${line(one)} and reload nginx.`
              : `${twin} is there: if nginx should ask that one, write it ${line(one)} and reload nginx. If not, start the application that makes ${host}.`
          }${tmpHint(host)}`,
      next: [
        withFiles(facts.nginx, isShared(one), (at) => `ls -l ${at(folderOf(host))}`),
        `${unixSockets(socketHome(one), name)}    # a line: it listens, perhaps by another path`,
        ...(isUnderway || twin !== undefined
          ? [open(one)]
          : [...unmask(peerOf(one)?.unit ?? null), ...startAgain(ownerOf(one), open(one))]),
      ],
    };
  },
  socket_stale: (one) => {
    if (peerOf(one)?.unix?.file === 'other') {
      return {
        what: `${one.host} ${when(one, 'is not a socket: something else has', 'was not a socket: something else had')} its name`,
        fix: 'Move it away, then start the application: it makes its socket there.',
        next: [
          withFiles(one.facts.nginx, isShared(one), (at) => `ls -ld ${at(one.host)}`),
          ...startAgain(ownerOf(one), open(one)),
        ],
      };
    }
    const remove = withFiles(one.facts.nginx, isShared(one), (at) => `rm ${at(one.host)}`);
    return {
      what: `the socket file ${one.host} ${when(one, 'is left over: no process listens', 'was left over: no process listened')} on it`,
      fix: 'Start the application; it normally replaces the file. Only if it refuses to, and the first command prints no socket, remove the file.',
      next: [
        unixSockets(socketHome(one), one.host),
        ...unmask(peerOf(one)?.unit ?? null),
        ...startAgain(ownerOf(one), open(one)),
        `${remove}    # only if the application does not replace it`,
      ],
    };
  },
  socket_denied: (one) => {
    const { host, facts, reload } = one;
    const { nginx } = facts;
    const barrier = peerOf(one)?.unix?.barrier ?? null;
    const fix =
      barrier !== null && barrier.path !== host
        ? `Let nginx's workers enter the folder ${barrier.path}: give it a group that nginx is in, and x for that group. Where the application or systemd (RuntimeDirectoryMode=) makes the folder, set it there.`
        : 'Let the application make its socket for a group that nginx is in, with mode 0660 (php-fpm: listen.owner, listen.group, listen.mode), then restart it: it makes the socket again.';
    return {
      what: `nginx's workers ${when(one, 'may not use', 'were not allowed to use')} the socket ${host}`,
      fix: `${fix} If you put nginx's user into a group instead, reload nginx: new workers have the new groups.`,
      next: [
        rights(one),
        ...groups(nginx),
        ...(nginx.selinux ? ['ausearch -m avc -ts recent    # a line with nginx: SELinux forbids it'] : []),
        ...restart(ownerOf(one), 'the application, after its configuration was changed'),
        reload,
      ],
    };
  },
  socket_backlog_full: (one) => {
    const owner = ownerOf(one);
    const home = socketHome(one);
    return {
      what: `the queue of the socket ${one.host} ${when(one, 'is full: the application does not accept as fast as connections come', 'was full: the application did not accept as fast as connections came')}`,
      fix: 'It hangs or is overloaded: check what it does, restart it if it hangs. For bursts raise its listen backlog (php-fpm: listen.backlog, and pm.max_children) and net.core.somaxconn.',
      next: [
        `${unixSockets(home, one.host)}    # full: Recv-Q is at Send-Q or above; the last column says whose it is`,
        ...processState(owner),
        ...lookAfter(owner, inside(home, 'sysctl net.core.somaxconn')),
        ...restart(owner, 'if it hangs'),
      ],
    };
  },
};
