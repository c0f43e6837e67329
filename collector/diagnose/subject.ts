/** What the words about a cause are made of: the peer, its place in the configuration, and commands to type. */

import { shellWord } from '../parse/shell-word.ts';
import type { Facts, NamespaceName, Owner, ServerFact } from './facts.ts';
import type { Judged } from './judge.ts';
import { isSlip } from './process-rules.ts';
import { isPublished } from './published.ts';
import { endpoint } from './signs.ts';

/** What the words are made of. */
export interface Subject {
  readonly judged: Judged;
  readonly facts: Facts;
  readonly name: string;
  readonly upstream: string;
  readonly host: string;
  readonly port: number;
  /** Of the `server` line; empty when it is in no configuration. */
  readonly at: string;
  readonly server: ServerFact | null;
  readonly home: NamespaceName | null;
  readonly listener: string;
  readonly otherHost: string;
  readonly reload: string;
}

function reloadOf({ command }: Facts['nginx']): string {
  return `${command} -t && ${command} -s reload`;
}

function systemctl(verb: string, { unit, unitUser }: Owner): string {
  const name = shellWord(unit ?? '');
  return unitUser === null ? `systemctl ${verb} ${name}` : `systemctl --user -M ${unitUser}@ ${verb} ${name}`;
}

export function inside(home: NamespaceName | null, command: string): string {
  return home === null || home.is === 'host' ? command : `nsenter -t ${home.pid} -n ${command}`;
}

export function ss({ home, port }: Subject): string {
  return inside(home, `ss -Hltnp 'sport = :${port}'`);
}

export function owned(owner: Owner | null, otherwise: string): readonly string[] {
  if (owner?.container != null)
    return [
      `docker ps -a --filter id=${shellWord(owner.container)}`,
      `docker logs --tail 50 ${shellWord(owner.container)}`,
    ];
  if (owner === null || owner.unit === null) return [otherwise];
  const unit = shellWord(owner.unit);
  const journal = owner.unitUser === null ? `-u ${unit}` : `_UID=${owner.unitUser} _SYSTEMD_USER_UNIT=${unit}`;
  return [systemctl('status', owner), `journalctl ${journal} -n 50`];
}

export function ownerOf({ judged }: Subject): Owner | null {
  if (judged.subject.is !== 'peer') return null;
  const { peer } = judged.subject;
  return peer.remembered?.owner ?? peer.tcp?.serving[0]?.owner ?? null;
}

export function line({ at, server }: Subject): string {
  return server === null ? 'in the configuration' : `at ${at} (server ${server.address})`;
}

export function open(one: Subject): string {
  const { at } = one;
  const [, file = '', number = ''] = /^(.*):(\d+)$/.exec(at) ?? [];
  return at === '' ? `${one.facts.nginx.command} -T | grep -n upstream` : `sed -n ${number}p ${shellWord(file)}`;
}

export const isElsewhere = ({ home }: Subject): boolean => home === null;
export const firewall = (one: Subject): string =>
  inside(one.home, 'nft list ruleset    # or: iptables-save, and ip6tables-save for IPv6');

/** The process of a container's runtime that holds its published port; null when none does. */
export function publisherOf({ judged }: Subject): Owner | null {
  if (judged.subject.is !== 'peer') return null;
  const serving = judged.subject.peer.tcp?.serving ?? [];
  return serving.find(isPublished)?.owner ?? null;
}

/** It served when it was looked at: what failed is over. */
export function servesAgain({ judged }: Subject): boolean {
  if (judged.subject.is !== 'peer') return false;
  const { tcp } = judged.subject.peer;
  if (tcp === null || tcp.probe.is === 'refused') return false;
  // A published port is held by the container's runtime also while nothing serves behind it.
  return tcp.probe.is === 'connected' || tcp.serving.some((listener) => !isPublished(listener));
}

/** What the process does that holds the socket: hanging in the kernel, stopped, or busy. */
export function process(owner: Owner | null): readonly string[] {
  return owner === null || owner.pid === null ? [] : [`ps -o pid,stat,wchan:24,etime,pcpu,args -p ${owner.pid}`];
}

/** @returns what `judged` is about, in the words' terms */
export function subjectOf(judged: Judged, facts: Facts): Subject {
  const peer = judged.subject.is === 'peer' ? judged.subject.peer : null;
  const group = judged.subject.is === 'group' ? judged.subject.group : null;
  const server = peer?.servers[0] ?? peer?.formerly[0] ?? group?.servers[0] ?? null;
  const { tcp = null, unix = null } = peer ?? {};
  const others = tcp?.otherPorts ?? [];
  const [other = null] = [
    ...(tcp?.samePort ?? []),
    ...(tcp?.perhapsServing ?? []),
    ...others.filter(({ port }) => isSlip(port, tcp?.port ?? 0)),
    ...others,
  ];
  return {
    judged,
    facts,
    name: judged.name,
    upstream: judged.upstream,
    host: tcp?.host ?? unix?.path ?? judged.name,
    port: tcp?.port ?? 0,
    at: server === null ? '' : `${server.file}:${server.line}`,
    server,
    home: tcp === null || tcp.home === 'elsewhere' ? null : tcp.home,
    listener: other === null ? 'another address' : endpoint(other.host, other.port),
    otherHost: tcp?.host.includes(':') === true ? '127.0.0.1' : '::1',
    reload: reloadOf(facts.nginx),
  };
}
