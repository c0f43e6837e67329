import type { JobSnapshot, PeerSnapshot, UpstreamSnapshot } from '../collector/model.ts';
import type { Dialect } from './dialect.ts';

/** One thing that charts are drawn of: the job, an upstream or a peer, with all that names it in Netdata. */
export interface Instance {
  readonly level: 'job' | 'upstream' | 'peer';
  /** What the slug is made of; empty at job level. */
  readonly text: string;
  /** The family where families must be unique per instance. */
  readonly family: string;
  readonly labels: readonly (readonly [string, string])[];
}

export function jobInstance(job: JobSnapshot): Instance {
  return { level: 'job', text: '', family: `job ${job.job}`, labels: [['_collect_job', job.job]] };
}

/** The shared instance over the cap has a key no configuration can have: an upstream may be called `other`, too. */
const otherKey = '\0other';

/** Unique among the upstreams of a job. */
export const upstreamKey = ({ upstream, origin }: Pick<UpstreamSnapshot, 'upstream' | 'origin'>): string =>
  origin === 'other' ? otherKey : upstream;

/** Unique among the peers of a job. */
export const peerKey = ({ upstream, peer, origin }: Pick<PeerSnapshot, 'upstream' | 'peer' | 'origin'>): string =>
  origin === 'other' ? otherKey : `${upstream}\0${peer}`;

export function upstreamInstance(job: JobSnapshot, { upstream, origin }: UpstreamSnapshot): Instance {
  return {
    level: 'upstream',
    text: upstream,
    family: origin === 'other' ? 'upstreams over the cap' : `upstream ${upstream}`,
    labels: [
      ['upstream', unbracketed(upstream)],
      ['_collect_job', job.job],
    ],
  };
}

export function peerInstance(job: JobSnapshot, { upstream, peer, origin }: PeerSnapshot): Instance {
  const { address, port, transport } = addressOf(peer);
  return {
    level: 'peer',
    text: upstream === peer ? peer : `${upstream}_${peer}`,
    family: origin === 'other' ? 'peers over the cap' : `peer ${upstream} ${peer}`,
    labels: [
      ['upstream', unbracketed(upstream)],
      ['peer', unbracketed(peer)],
      ['address', address],
      ['port', port],
      ['transport', transport],
      ['_collect_job', job.job],
    ],
  };
}

/** The family of a chart: topical where labels join siblings, unique per instance where families do. */
export function familyOf(instance: Instance, topic: string, dialect: Dialect): string {
  return dialect.familyPerInstance ? instance.family : topic;
}

/** The parts of a peer's name as nginx prints it. A name that is no address has the transport `name`. */
export function addressOf(peer: string): { address: string; port: string; transport: string } {
  if (peer.startsWith('unix:')) return { address: peer.slice('unix:'.length), port: '', transport: 'unix' };
  const v6 = /^\[(.*)\](?::(\d+))?$/.exec(peer);
  if (v6) return { address: v6[1] ?? '', port: v6[2] ?? '', transport: 'ipv6' };
  const v4 = /^(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(peer);
  if (v4) return { address: v4[1] ?? '', port: v4[2] ?? '', transport: 'ipv4' };
  const named = /^(.*?)(?::(\d+))?$/s.exec(peer);
  return { address: named?.[1] ?? peer, port: named?.[2] ?? '', transport: 'name' };
}

/** Netdata turns the brackets of `[::1]:80` into underscores, so labels go without them. */
function unbracketed(text: string): string {
  return text.replace(/[[\]]/g, '');
}

const slugLength = 80;

/**
 * The part of a chart id that stands for an instance: [A-Za-z0-9_], at most 80 characters. A short hash is added when
 * more than punctuation was changed, when the text was cut, or when `isTaken` says another instance has the slug.
 */
export function slugOf(text: string, isTaken: (slug: string) => boolean): string {
  const plain = text.replace(/[^A-Za-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
  const faithful = plain !== '' && plain.length <= slugLength && /^[\x20-\x7e]*$/.test(text);
  if (faithful && !isTaken(plain)) return plain;
  const hash = hashOf(text);
  return `${plain.slice(0, slugLength - hash.length - 1)}_${hash}`;
}

/** FNV-1a over UTF-16 units, two passes with different seeds: 12 characters, enough to keep ids apart. */
function hashOf(text: string): string {
  const pass = (seed: number) => {
    let hash = seed;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    return (hash >>> 0).toString(36).padStart(7, '0').slice(-6);
  };
  return pass(0x811c9dc5) + pass(0x9dc5811c);
}
