/** Unix sockets: the errno says which of four it is, the file says why. Pure. */
import { permissions, plural } from '../../../base/text.ts';
import type { FailureKind } from '../../../model.ts';
import type { UnixFacts } from '../../facts/facts.ts';
import { dated, ended, type Finding, found, ofEnd } from '../../finding.ts';
import { type Case, lasted, restartMs, sinceLast, succeededSince } from '../case.ts';
import { ownerText, placeText, signs } from '../signs.ts';
import { endsInARow } from './crash-loop.ts';

type UnixRule = (one: Case, unix: UnixFacts) => Finding;

const noNetwork = 'a firewall or the network: a socket file needs neither';

function fileText({ path, isShared, file, mode: bits, user, group }: UnixFacts): string {
  if (file === 'missing') return `${path} does not exist${isShared ? '' : ', as nginx sees files'}`;
  if (file === 'unseen') return `whether ${path} exists cannot be seen: its folder may not be entered by this user`;
  const kind = file === 'socket' ? 'a socket' : 'no socket';
  return `${path} is ${kind}, mode ${permissions(bits)}, of ${user}:${group}`;
}

function listenText({ path, listening, home, owner }: UnixFacts): string {
  if (!listening) return `no process listens on ${path}`;
  const where = home === null || home.is === 'host' ? '' : ` in ${placeText(home)}`;
  return `a process listens on ${path}${where}${owner === null ? '' : `: ${ownerText(owner)}`}`;
}

/** It is there and serves again: what was refused a moment ago was a restart. What nginx does not see is not there. */
function isBack({ failures, facts }: Case, { listening, barrier, file, isShared }: UnixFacts): boolean {
  const isThere = file === 'socket' || (file === 'unseen' && isShared);
  return listening && isThere && barrier === null && facts.nowMs - failures.lastMs > 2000;
}

/** Short: a restart. Longer: the outage that it was, and is no more. */
function over(one: Case, unix: UnixFacts, code: 'socket_missing' | 'socket_stale'): Finding {
  const when = `the last failure was at ${one.time(one.failures.lastMs)}`;
  const cause = lasted(one) <= restartMs ? 'restarting' : code;
  return ended(found(cause, 'likely', [listenText(unix), when], ['an ongoing outage']));
}

/** It came and went more than once while the plugin watched. */
function crashLoop({ peer, facts, failures, time }: Case, unix: UnixFacts): Finding | null {
  const loop = endsInARow(peer, facts.nowMs);
  if (loop === null) return null;
  const [first = 0] = loop.ends;
  const evidence = [dated(`what listens there ended ${loop.ends.length} times since ${time(first)}`), listenText(unix)];
  const finding = found('crash_loop', loop.sureness, evidence, ['a single restart']);
  const isCalm = facts.nowMs - failures.lastMs > 60_000 && unix.listening;
  return isCalm ? ended(finding) : finding;
}

function similarText({ similar }: UnixFacts): string | null {
  return similar.length === 0 ? null : `a program of the same kind listens on ${similar.join(', ')}`;
}

const missing: UnixRule = (one, unix) => {
  const loop = crashLoop(one, unix);
  if (loop !== null) return loop;
  if (isBack(one, unix)) return over(one, unix, 'socket_missing');
  const evidence = [
    fileText(unix),
    listenText(unix),
    similarText(unix),
    signs.lastListening(one.peer, one.time),
    signs.oom(one.peer),
  ];
  return found('socket_missing', unix.file === 'missing' ? 'certain' : 'likely', evidence, [noNetwork]);
};

const stale: UnixRule = (one, unix) => {
  const loop = crashLoop(one, unix);
  if (loop !== null) return loop;
  if (isBack(one, unix)) return over(one, unix, 'socket_stale');
  if (unix.file === 'missing') return missing(one, unix);
  // Its file must not be called left over, nor be removed, while a process listens on it.
  if (unix.listening) {
    const seen = [
      fileText(unix),
      listenText(unix),
      dated('nginx was refused a moment ago: run diagnose again in 10 s'),
    ];
    return found('unknown', 'unknown', seen, [noNetwork]);
  }
  const evidence = [fileText(unix), listenText(unix), signs.lastListening(one.peer, one.time), signs.oom(one.peer)];
  return found('socket_stale', 'certain', evidence, [noNetwork, 'permissions']);
};

const denied: UnixRule = (one, unix) => {
  const { facts } = one;
  const { barrier } = unix;
  // Whoever gets the right to it gets no socket.
  if (unix.file === 'other' && barrier?.path === unix.path)
    return found('socket_stale', 'certain', [fileText(unix), listenText(unix)], [noNetwork]);
  const who = facts.nginx.user ?? 'the user of its workers';
  const stands =
    barrier === null
      ? null
      : `${barrier.path} has mode ${permissions(barrier.mode)} and belongs to ${barrier.user}:${barrier.group}; nginx's workers run as ${who}`;
  const evidence = [stands, fileText(unix), facts.nginx.selinux && barrier === null ? 'SELinux is enforcing' : null];
  const finding = found('socket_denied', 'certain', evidence, [noNetwork, 'process down: that is another error']);
  return barrier === null && succeededSince(one) ? ended(finding, ofEnd('it has taken connections since')) : finding;
};

/** It takes connections for so long, and nothing waits: the queue has been emptied. */
const emptiedMs = 10_000;
const unseenMs = 45_000;

const full: UnixRule = (one, unix) => {
  const finding = found(
    'socket_backlog_full',
    'certain',
    [
      dated('errno 11: the queue of the socket was full'),
      `${plural(unix.queued, 'connection')} waiting in it now`,
      listenText(unix),
      unix.isStopped ? signs.stopped(null) : null,
    ],
    ['process down: it listens', noNetwork],
  );
  const isBack =
    one.peer.answers === null ? sinceLast(one) > unseenMs : succeededSince(one) && sinceLast(one) > emptiedMs;
  return isBack && unix.queued === 0 && !unix.isStopped ? ended(finding) : finding;
};

const rules: Partial<Record<FailureKind, UnixRule>> = {
  socket_missing: missing,
  refused: stale,
  denied,
  backlog_full: full,
};

export function unixRules(kind: FailureKind, one: Case, unix: UnixFacts): readonly Finding[] {
  const rule = rules[kind];
  return rule === undefined ? [] : [rule(one, unix)];
}
