/** What the firewall of a host does to nginx's connections to a peer, there and back. Pure. */
import { type Chain, type Packet, type Refusal, refusalsAt } from './ruleset.ts';

export interface Connection {
  readonly host: string;
  readonly port: number;
  readonly isUdp: boolean;
  /** The user of nginx's workers. */
  readonly uid: number | null;
  readonly user: string | null;
  /** The peer's address is one of the same host: all goes over loopback. */
  readonly isLocal: boolean;
}

/** Hooks on the way of a packet that this host sends, and of one that comes to it. */
const sent = ['output', 'postrouting'] as const;
const comes = ['prerouting', 'input'] as const;

/** Rules that refuse the connection, those that surely do first. */
export function refusalsOf(chains: readonly Chain[], one: Connection): readonly Refusal[] {
  const { host, port, isUdp, uid, user, isLocal } = one;
  const loop = isLocal ? 'lo' : null;
  const isLoopback = host.startsWith('127.') || host === '::1';
  const request: Packet = {
    family: host.includes(':') ? 6 : 4,
    proto: isUdp ? 'udp' : 'tcp',
    saddr: isLoopback ? host : null,
    daddr: host,
    sport: null,
    dport: port,
    uid,
    user,
    iif: '',
    oif: loop,
    state: 'new',
    isLocal,
  };
  const received: Packet = { ...request, uid: null, iif: loop, oif: '', isLocal: true };
  const answer: Packet = {
    ...received,
    saddr: host,
    daddr: isLoopback ? host : null,
    sport: port,
    dport: null,
    state: 'established',
  };
  const at = (hooks: readonly string[], packet: Packet) => hooks.flatMap((hook) => refusalsAt(chains, hook, packet));
  /** Where the peer is here, its end sees the packet as well. */
  const there = (state: Packet['state']) => [
    ...at(sent, { ...request, state }),
    ...(isLocal ? at(comes, { ...received, state }) : []),
  ];
  const connect = [...there('new'), ...at(comes, answer)];
  const data = there('established');
  const found = [
    ...connect.map((each): Refusal => ({ ...each, concerns: 'connect' })),
    ...data.map((each): Refusal => ({ ...each, concerns: 'data' })),
  ];
  const first = found.filter(
    ({ chain, text }, place) => found.findIndex((each) => each.chain === chain && each.text === text) === place,
  );
  return [...first].sort((a, b) => Number(b.isSure) - Number(a.isSure));
}
