/** What the words about a cause are made of: the peer, its place in the configuration, who served it. */

import type { Facts, NamespaceName, Owner, PeerFacts, ServerFact } from '../facts/facts.ts';
import type { Finding } from '../finding.ts';
import type { KindFailures } from '../impact/traffic.ts';
import { isPublished } from '../places/published.ts';
import { inside, withFiles } from '../words/commands.ts';
import { isSlip, meantPorts } from './connect/process.ts';
import type { Judged } from './judge.ts';
import { endpoint } from './signs.ts';

/** What is said of a cause. */
export interface Words {
  /** One sentence: what is wrong. */
  readonly what: string;
  /** One or two sentences: how to fix it. */
  readonly fix: string;
  /** To be typed, most useful first. */
  readonly next: readonly string[];
}

export type Wording = (one: Subject) => Words;

/** What the words are made of. */
export interface Subject {
  readonly judged: Judged;
  readonly finding: Finding;
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

/** A signal where its own program must not be run. */
function reloadOf({ command, masterPid }: Facts['nginx']): string {
  if (command.startsWith('#')) return `kill -HUP ${masterPid}`;
  return `${command} -t && ${command} -s reload`;
}

export function peerOf({ judged }: Subject): PeerFacts | null {
  return judged.subject.is === 'peer' ? judged.subject.peer : null;
}

export function failuresOf({ judged }: Subject, kind: Parameters<Judged['failures']['get']>[0]): KindFailures | null {
  return judged.failures.get(kind) ?? null;
}

/** What listens on the port, over the transport that nginx uses. */
export function listenersCommand(one: Subject): string {
  return `ss -Hl${peerOf(one)?.isUdp === true ? 'u' : 't'}np 'sport = :${one.port}'`;
}

export function ss(one: Subject): string {
  return inside(one.home, listenersCommand(one));
}

/** Who served it, or serves it. */
export function ownerOf(one: Subject): Owner | null {
  const peer = peerOf(one);
  const before = peer?.remembered?.owner ?? null;
  // Of a container that runs the process of now is meant, and it can be seen.
  const live = peer?.tcp?.serving.find(
    ({ owner }) => owner.container !== null && owner.container === before?.container,
  );
  const known = live?.owner ?? before ?? peer?.tcp?.serving[0]?.owner ?? peer?.unix?.owner ?? null;
  const unit = peer?.unit?.unit ?? null;
  if (unit === null || known?.unit != null || known?.container != null) return known;
  return { ...(known ?? nobody), unit };
}

const nobody: Owner = {
  uid: 0,
  user: '',
  pid: null,
  isGuess: true,
  command: null,
  unit: null,
  unitUser: null,
  container: null,
  containerName: null,
  runtime: null,
};

/** The same where it is, or was, a container. */
export function containerOwner(one: Subject): Owner | null {
  const owner = ownerOf(one);
  return owner?.container == null ? null : owner;
}

export function line({ at, server }: Subject): string {
  return server === null ? 'in the configuration' : `at ${at} (${server.written})`;
}

/** Shows the `server` line. */
export function open({ at: place, facts: { nginx } }: Subject): string {
  const [, file = '', number = ''] = /^(.*):(\d+)$/.exec(place) ?? [];
  if (place === '') return `${nginx.command} -T | grep -n upstream`;
  return withFiles(nginx, nginx.sharesFiles, (at) => `sed -n ${number}p ${at(file)}`);
}

/** Another host's, which is known: not only that its home is not known. */
export const isElsewhere = (one: Subject): boolean => peerOf(one)?.tcp?.home === 'elsewhere';
/** A TCP peer of which it is not known on which host it is. */
export function isUntold(one: Subject): boolean {
  const tcp = peerOf(one)?.tcp;
  return tcp !== null && tcp !== undefined && tcp.home === null;
}

/** The process of a container's runtime that holds its published port; null when none does. */
export function publisherOf(one: Subject): Owner | null {
  return peerOf(one)?.tcp?.serving.find(isPublished)?.owner ?? null;
}

/** Nothing listens, and the last to do so was a container's runtime, which is no application. */
export function wasPublished(one: Subject): boolean {
  const peer = peerOf(one);
  const owner = peer?.remembered?.owner ?? null;
  return peer?.tcp?.serving.length === 0 && owner !== null && isPublished({ owner });
}

/** It served when it was checked: what failed is over. */
export function servesAgain(one: Subject): boolean {
  const tcp = peerOf(one)?.tcp ?? null;
  if (tcp === null || tcp.probe.is === 'refused') return false;
  // A published port is held by the container's runtime, which takes connections also while nothing serves behind it.
  if (tcp.serving.length > 0 && tcp.serving.every(isPublished)) {
    return tcp.probe.is === 'connected' && tcp.behind !== null && tcp.behind.listens !== false;
  }
  return tcp.probe.is === 'connected' || tcp.serving.length > 0;
}

/** @returns what `judged` is about, in the words' terms */
export function subjectOf(finding: Finding, judged: Judged, facts: Facts): Subject {
  const peer = judged.subject.is === 'peer' ? judged.subject.peer : null;
  const group = judged.subject.is === 'group' ? judged.subject.group : null;
  const name = judged.subject.is === 'name' ? judged.subject.name : null;
  const server = peer?.servers[0] ?? peer?.formerly[0] ?? group?.servers[0] ?? name?.servers[0] ?? null;
  const { tcp = null, unix = null } = peer ?? {};
  const others = tcp === null ? [] : meantPorts(tcp);
  const [other = null] = [
    ...(tcp?.samePort ?? []),
    ...(tcp?.perhapsServing ?? []),
    ...others.filter(({ port }) => isSlip(port, tcp?.port ?? 0)),
    ...others,
  ];
  return {
    judged,
    finding,
    facts,
    name: judged.name,
    upstream: judged.upstream,
    host: tcp?.host ?? unix?.path ?? judged.name,
    port: tcp?.port ?? 0,
    at: server === null ? '' : `${server.file}:${server.line}`,
    server,
    home: tcp === null || tcp.home === 'elsewhere' ? (unix?.home ?? null) : tcp.home,
    listener: other === null ? 'another address' : endpoint(other.host, other.port),
    otherHost: tcp?.host.includes(':') === true ? '127.0.0.1' : '::1',
    reload: reloadOf(facts.nginx),
  };
}
