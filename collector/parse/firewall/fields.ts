/** What rules compare: addresses, ports, interfaces, users, states, against values, ranges and sets. Pure. */
import { bytesOf, isWithin } from '../../base/address.ts';
import { anyOf, type Packet, type PacketTest } from './ruleset.ts';

export type Field =
  | 'saddr'
  | 'daddr'
  | 'sport'
  | 'dport'
  | 'proto'
  | 'family'
  | 'uid'
  | 'state'
  | 'iif'
  | 'oif'
  | 'type'
  | 'unknown';

function compareBytes(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < a.length; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isAddressIn(address: string, value: string): boolean | null {
  const [from = '', to] = value.split('-');
  if (to === undefined) return bytesOf(value.split('/')[0] ?? '') === null ? null : isWithin(address, value);
  const [low, high, own] = [bytesOf(from), bytesOf(to), bytesOf(address)];
  if (low === null || high === null || own === null) return null;
  return low.length === own.length && compareBytes(low, own) <= 0 && compareBytes(own, high) <= 0;
}

/** net.ipv4.ip_local_port_range, unless somebody changed it. */
const chosen = { first: 32_768, last: 60_999 };

/** @param port null: one that the kernel chose */
function isPortIn(port: number | null, value: string): boolean | null {
  const [, from, to = from] = /^(\d{1,5})(?:[-:](\d{1,5}))?$/.exec(value) ?? [];
  if (from === undefined) return null;
  const [low, high] = [Number(from), Number(to)];
  if (port !== null) return port >= low && port <= high;
  if (high < chosen.first || low > chosen.last) return false;
  return low <= chosen.first && high >= chosen.last ? true : null;
}

const unquoted = (value: string): string => value.replace(/^"|"$/g, '');

function isInterface(name: string, value: string): boolean {
  const wanted = unquoted(value);
  const stem = wanted.replace(/[*+]$/, '');
  return stem === wanted ? name === wanted : name.startsWith(stem);
}

const states: Readonly<Record<Packet['state'], readonly string[]>> = {
  new: ['new', '0x8'],
  established: ['established', '0x2'],
};
const protocols: Readonly<Record<Packet['proto'], readonly string[]>> = { tcp: ['tcp', '6'], udp: ['udp', '17'] };

/** A number of a user, or a range of them. */
function isUser({ uid, user }: Packet, value: string): boolean | null {
  if (uid === null) return false;
  const plain = unquoted(value);
  return /^\d/.test(plain) ? isNumberIn(uid, plain) : plain === user;
}

function isNumberIn(number: number, value: string): boolean | null {
  const [, from, to = from] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(value) ?? [];
  return from === undefined ? null : number >= Number(from) && number <= Number(to);
}

/** Whether a field has this one value. */
export function hasValue(field: Field, value: string, packet: Packet): boolean | null {
  switch (field) {
    case 'saddr':
    case 'daddr': {
      const address = packet[field];
      return address === null ? null : isAddressIn(address, value);
    }
    case 'sport':
    case 'dport':
      return isPortIn(packet[field], value);
    case 'iif':
    case 'oif': {
      const name = packet[field];
      // It is another than loopback: no more is known.
      if (name === null) return isInterface('lo', value) && !/[*+]"?$/.test(value) ? false : null;
      return isInterface(name, value);
    }
    case 'proto':
      return protocols[packet.proto].includes(value);
    case 'family':
      return value === `ipv${packet.family}`;
    case 'state':
      return states[packet.state].includes(value.toLowerCase());
    case 'uid':
      return isUser(packet, value);
    case 'type':
      return value === 'local' ? packet.isLocal : null;
    default:
      return null;
  }
}

/** One of several values, or ranges. */
export function oneOf(field: Field, values: readonly string[]): PacketTest {
  return (packet) => anyOf(values.map((value) => hasValue(field, value, packet)));
}
