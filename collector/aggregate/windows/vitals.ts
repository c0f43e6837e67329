import { addTo, madeAt, pairKey } from '../../base/collections.ts';
import { createSteadyMap } from '../../base/steady.ts';
import type { AlertValues, JobSnapshot, MinutePercentiles, PeerSnapshot, UpstreamSnapshot } from '../../model.ts';
import { createLatch, type Latch } from '../time/latch.ts';
import { createFailingPeers } from './failing-peers.ts';
import { createJobWindow } from './job.ts';
import {
  createUpstreamLabel,
  failingLabel,
  isSlow,
  labelWithoutFailure,
  noCause,
  type UpstreamLabel,
} from './labels.ts';
import { isHeld, isPeerAtRest, newPeerVitals, type PeerVitals, peerAlerts } from './peer-vitals.ts';

/** The last step of a snapshot: what alerts read of sockets, percentiles, passive health and the server. */
export interface Vitals {
  complete(snapshot: JobSnapshot, nowUs: number, nginxDown: number): JobSnapshot;
}

/** What waits at the peers of an upstream: peers whose SYNs nobody answers, requests that a peer took; now and in the last minute. */
interface Unanswered {
  readonly silent: number;
  readonly hung: number;
  readonly wasSilent: boolean;
  readonly wasHung: boolean;
}

const none: Unanswered = { silent: 0, hung: 0, wasSilent: false, wasHung: false };

/** The alerts' values that latches hold. */
const silenceValues = ['silent_peers', 'none_connects', 'hung_requests', 'none_answers'] as const;

const newLatches = () => ({ some: createLatch(), all: createLatch(), hung: createLatch(), mute: createLatch() });

/** Whether a peer's charts are drawn always, or from its first failure until an hour after its last. */
export type PeerCharts = 'all' | 'failing' | 'auto';

/** With `auto`, all of up to so many peers have charts. */
export const fewPeers = 20;

export const chartsEveryPeer = (peerCharts: PeerCharts, peers: number): boolean =>
  peerCharts === 'all' || (peerCharts === 'auto' && peers <= fewPeers);

/** @param peerCharts which peers have charts */
export function createVitals(peerCharts: PeerCharts = 'all'): Vitals {
  const failing = createFailingPeers();
  const job = createJobWindow();
  const peers = new Map<string, PeerVitals>();
  /** Of the peers, by their place in the snapshot. */
  const restsAt: boolean[] = [];
  const peersNow = createSteadyMap<PeerSnapshot, PeerSnapshot>();
  const upstreamsNow = createSteadyMap<UpstreamSnapshot, UpstreamSnapshot>();
  /** The p95 of the response time when all peers were live, by upstream. */
  const calm = new Map<string, number>();
  /** Whether peers of an upstream answer nobody, by upstream. */
  const silence = new Map<string, Record<'some' | 'all' | 'hung' | 'mute', Latch>>();
  /** What is said where no peer has failed, by upstream. */
  const unfailed = new Map<string, UpstreamLabel>();

  function silenceOf({ upstream, alerts }: UpstreamSnapshot, now: Unanswered): AlertValues {
    const latch = madeAt(silence, upstream, newLatches);
    const [connects, answers] = [alerts?.['connects'] === 1, alerts?.['answers'] === 1];
    const { silent, hung, wasSilent, wasHung } = now;
    return {
      silent_peers: latch.some(silent > 0, wasSilent) ? Math.max(1, silent) : 0,
      none_connects: latch.all(silent > 0 && !connects, wasSilent && !connects) ? 1 : 0,
      hung_requests: latch.hung(hung > 0, wasHung) ? Math.max(1, hung) : 0,
      none_answers: latch.mute(hung > 0 && !answers, wasHung && !answers) ? 1 : 0,
    };
  }

  function timesOf({ upstream, peers: now, ...of }: UpstreamSnapshot) {
    const connect = minuteOf(of.connectTimeMinute);
    const response = minuteOf(of.responseTimeMinute);
    const { live, configured } = now ?? { live: 0, configured: 0 };
    if (response.p95 > 0 && now && live >= configured) calm.set(upstream, response.p95);
    return {
      connect_p95: connect.p95,
      connect_count: connect.count,
      response_p95: response.p95,
      response_count: response.count,
      response_p95_before: calm.get(upstream) ?? 0,
      live,
      configured,
    };
  }

  /** What its alerts say, with what is to be said of its upstream. */
  function completePeer(peer: PeerSnapshot, at: number, tick: TickNotes): PeerSnapshot {
    const { second, errorsRise, unanswered, causes, slow } = tick;
    const vitals = madeAt(peers, pairKey(peer.upstream, peer.peer), newPeerVitals);
    const isSilent = vitals.silence.isSilent(peer, second);
    const { hung = 0 } = peer;
    if (isSilent) vitals.seconds.add('unanswered', second, 1);
    if (hung > 0) vitals.seconds.add('hung', second, 1);
    const others = unanswered.get(peer.upstream) ?? none;
    const now = {
      silent: others.silent + (isSilent ? 1 : 0),
      hung: others.hung + hung,
      wasSilent: others.wasSilent || vitals.seconds.sum('unanswered', second, 0, 59) > 0,
      wasHung: others.wasHung || vitals.seconds.sum('hung', second, 0, 59) > 0,
    };
    if (!isNone(now)) unanswered.set(peer.upstream, now);
    const alerts = peerAlerts(vitals, peer, second, errorsRise);
    const causeLabel = vitals.cause.record(peer, second, isHeld(alerts), isSilent);
    const slowLabel = vitals.slow.record(peer, second);
    note(causes, peer, causeLabel);
    note(slow, peer, slowLabel);
    const isQuiet = causeLabel === noCause && slowLabel === noCause && hung === 0 && !isSilent;
    restsAt[at] = isQuiet && isPeerAtRest(vitals, alerts, second);
    return { ...peer, causeLabel, alerts, uncharted: !(tick.isCharted(peer) || isHeld(alerts)) };
  }

  function completeUpstream(of: UpstreamSnapshot, { second, unanswered, causes, slow }: TickNotes): UpstreamSnapshot {
    const { upstream } = of;
    const times = timesOf(of);
    const other = madeAt(unfailed, upstream, createUpstreamLabel);
    const failed = causes.get(upstream);
    const otherwise = labelWithoutFailure(of, isSlow(times) ? (slow.get(upstream) ?? []) : []);
    const label = other.record(failed === undefined ? otherwise : noCause, second);
    return {
      ...of,
      failingLabel: failed === undefined ? label : failingLabel(failed),
      alerts: {
        ...of.alerts,
        ...silenceOf(of, unanswered.get(upstream) ?? none),
        ...times,
      },
    };
  }

  /** Nothing is to be said of it, and nothing was: no alert is held, and no text kept. */
  const isUpstreamAtRest = (made: UpstreamSnapshot, { unanswered, causes, slow }: TickNotes): boolean =>
    made.failingLabel === noCause &&
    silenceValues.every((name) => made.alerts?.[name] === 0) &&
    !unanswered.has(made.upstream) &&
    !causes.has(made.upstream) &&
    !slow.has(made.upstream);

  return {
    complete(snapshot, nowUs, nginxDown) {
      const second = Math.floor(nowUs / 1e6);
      const failingPeers = failing.record(snapshot.peers, second);
      const chartsAll = chartsEveryPeer(peerCharts, snapshot.peers.length);
      const { lastMinute, minuteBefore } = job.serverErrors(second);
      const tick: TickNotes = {
        second,
        errorsRise: lastMinute > 2 * minuteBefore,
        isCharted: (peer) => chartsAll || (failing.isAnyRecent() && failing.isRecent(peer)),
        unanswered: new Map(),
        causes: new Map(),
        slow: new Map(),
      };
      const peersDone = peersNow.of(
        snapshot.peers,
        (peer, at) => completePeer(peer, at, tick),
        (peer, made, at) => restsAt[at] === true && made.uncharted === !tick.isCharted(peer),
      );
      if (peers.size !== snapshot.peers.length)
        keepOnly(peers, new Set(snapshot.peers.map(({ upstream, peer }) => pairKey(upstream, peer))));
      const upstreams = upstreamsNow.of(
        snapshot.upstreams,
        (of) => completeUpstream(of, tick),
        (_, made) => isUpstreamAtRest(made, tick),
      );
      if (unfailed.size !== snapshot.upstreams.length) {
        const known = new Set(snapshot.upstreams.map(({ upstream }) => upstream));
        for (const each of [calm, silence, unfailed]) keepOnly(each, known);
      }
      const next = { ...snapshot, peers: peersDone, upstreams };
      return { ...next, failingPeers, alerts: job.values(next, second, nginxDown) };
    },
  };
}

/** What one tick gathers for its upstreams while it goes through their peers. */
interface TickNotes {
  readonly second: number;
  readonly errorsRise: boolean;
  readonly isCharted: (peer: PeerSnapshot) => boolean;
  readonly unanswered: Map<string, Unanswered>;
  readonly causes: Map<string, (readonly [string, string])[]>;
  readonly slow: Map<string, (readonly [string, string])[]>;
}

const isNone = ({ silent, hung, wasSilent, wasHung }: Unanswered): boolean =>
  silent === 0 && hung === 0 && !wasSilent && !wasHung;

function keepOnly(entries: Map<string, unknown>, keys: ReadonlySet<string>): void {
  for (const key of entries.keys()) if (!keys.has(key)) entries.delete(key);
}

function note(notes: Map<string, (readonly [string, string])[]>, { upstream, peer }: PeerSnapshot, what: string): void {
  if (what !== noCause) addTo(notes, upstream, [peer, what] as const);
}

const minuteOf = (minute: MinutePercentiles | null | undefined): { readonly p95: number; readonly count: number } =>
  minute && 'p95' in minute ? minute : { p95: 0, count: 0 };
