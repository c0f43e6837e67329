import { addTo, madeAt, pairKey } from '../../base/collections.ts';
import type { AlertValues, JobSnapshot, MinutePercentiles, PeerSnapshot, UpstreamSnapshot } from '../../model.ts';
import { createLatch, type Latch } from '../time/latch.ts';
import { createSeconds } from '../time/seconds.ts';
import { createFailingPeers } from './failing-peers.ts';
import { createJobWindow } from './job.ts';
import {
  type CauseLabel,
  createCauseLabel,
  createSlowPeer,
  createUpstreamLabel,
  failingLabel,
  isSlow,
  labelWithoutFailure,
  noCause,
  type SlowPeer,
  type UpstreamLabel,
} from './labels.ts';
import { createSilence, type Silence } from './silence.ts';

/** The last step of a snapshot: what alerts read of sockets, percentiles, passive health and the server. */
export interface Vitals {
  complete(snapshot: JobSnapshot, nowUs: number, nginxDown: number): JobSnapshot;
}

interface PeerVitals {
  readonly silence: Silence;
  readonly cause: CauseLabel;
  readonly slow: SlowPeer;
  readonly inferred: Latch;
  readonly seconds: ReturnType<typeof createSeconds<'unanswered' | 'hung'>>;
  unavailableSince: number | null;
  /** Seconds at which nginx took it back, oldest first. */
  returns: number[];
  returned: number | null;
}

const newPeerVitals = (): PeerVitals => ({
  silence: createSilence(),
  cause: createCauseLabel(),
  slow: createSlowPeer(),
  inferred: createLatch(),
  seconds: createSeconds(['unanswered', 'hung']),
  unavailableSince: null,
  returns: [],
  returned: null,
});

/** What waits at the peers of an upstream: peers whose SYNs nobody answers, requests that a peer took; now and in the last minute. */
interface Unanswered {
  readonly silent: number;
  readonly hung: number;
  readonly wasSilent: boolean;
  readonly wasHung: boolean;
}

const none: Unanswered = { silent: 0, hung: 0, wasSilent: false, wasHung: false };

const newLatches = () => ({ some: createLatch(), all: createLatch(), hung: createLatch(), mute: createLatch() });

/** Whether a peer's charts are drawn always, or from its first failure until an hour after its last. */
export type PeerCharts = 'all' | 'failing' | 'auto';

/** With `auto`, all of up to so many peers have charts. */
export const fewPeers = 20;

export const chartsEveryPeer = (peerCharts: PeerCharts, peers: number): boolean =>
  peerCharts === 'all' || (peerCharts === 'auto' && peers <= fewPeers);

/** One fail_timeout of 10 s has certainly passed. */
const unavailableSeconds = 30;
const flappingSeconds = 600;

/** @param peerCharts which peers have charts */
export function createVitals(peerCharts: PeerCharts = 'all'): Vitals {
  const failing = createFailingPeers();
  const job = createJobWindow();
  let peers = new Map<string, PeerVitals>();
  /** The p95 of the response time when all peers were live, by upstream. */
  let calm = new Map<string, number>();
  /** Whether peers of an upstream answer nobody, by upstream. */
  let silence = new Map<string, Record<'some' | 'all' | 'hung' | 'mute', Latch>>();
  /** What is said where no peer has failed, by upstream. */
  let unfailed = new Map<string, UpstreamLabel>();

  function ofPeer(vitals: PeerVitals, peer: PeerSnapshot, second: number, errorsRise: boolean): AlertValues {
    const { health, alerts } = peer;
    if (health) {
      vitals.unavailableSince = health.state === 'unavailable' ? (vitals.unavailableSince ?? second) : null;
      const { returned } = health.transitions;
      if (vitals.returned !== null && returned > vitals.returned) vitals.returns.push(second);
      vitals.returned = returned;
    }
    forgetReturns(vitals.returns, second);
    const since = vitals.unavailableSince;
    const isRefused = alerts?.['uncovered'] === 1 && (alerts['unaccounted_sustained'] ?? 0) > 0;
    return {
      ...alerts,
      inferred: vitals.inferred(isRefused && errorsRise, isRefused) ? 1 : 0,
      unavailable_30s: since !== null && second - since >= unavailableSeconds ? 1 : 0,
      returns_10m: vitals.returns.length,
    };
  }

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

  return {
    complete(snapshot, nowUs, nginxDown) {
      const second = Math.floor(nowUs / 1e6);
      const unanswered = new Map<string, Unanswered>();
      const causes = new Map<string, (readonly [string, string])[]>();
      const slow = new Map<string, (readonly [string, string])[]>();
      const failingPeers = failing.record(snapshot.peers, second);
      const chartsAll = chartsEveryPeer(peerCharts, snapshot.peers.length);
      const before = peers;
      peers = new Map();
      const { lastMinute, minuteBefore } = job.serverErrors(second);
      const errorsRise = lastMinute > 2 * minuteBefore;
      const peersNow = snapshot.peers.map((peer) => {
        const key = pairKey(peer.upstream, peer.peer);
        const vitals = before.get(key) ?? newPeerVitals();
        peers.set(key, vitals);
        const isSilent = vitals.silence.isSilent(peer, second);
        const { hung = 0 } = peer;
        if (isSilent) vitals.seconds.add('unanswered', second, 1);
        if (hung > 0) vitals.seconds.add('hung', second, 1);
        const others = unanswered.get(peer.upstream) ?? none;
        unanswered.set(peer.upstream, {
          silent: others.silent + (isSilent ? 1 : 0),
          hung: others.hung + hung,
          wasSilent: others.wasSilent || vitals.seconds.sum('unanswered', second, 0, 59) > 0,
          wasHung: others.wasHung || vitals.seconds.sum('hung', second, 0, 59) > 0,
        });
        const alerts = ofPeer(vitals, peer, second, errorsRise);
        const causeLabel = vitals.cause.record(peer, second, isHeld(alerts), isSilent);
        note(causes, peer, causeLabel);
        note(slow, peer, vitals.slow.record(peer, second));
        return { ...peer, causeLabel, alerts, uncharted: !(chartsAll || failing.isRecent(peer) || isHeld(alerts)) };
      });
      const known = new Set(snapshot.upstreams.map(({ upstream }) => upstream));
      calm = new Map([...calm].filter(([upstream]) => known.has(upstream)));
      silence = new Map([...silence].filter(([upstream]) => known.has(upstream)));
      unfailed = new Map([...unfailed].filter(([upstream]) => known.has(upstream)));
      const upstreams = snapshot.upstreams.map((of) => {
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
      });
      const next = { ...snapshot, peers: peersNow, upstreams };
      return { ...next, failingPeers, alerts: job.values(next, second, nginxDown) };
    },
  };
}

function forgetReturns(returns: number[], second: number): void {
  while (second - (returns[0] ?? second) >= flappingSeconds) returns.shift();
}

/** Its ejections and its silence outlast its failures. */
const isHeld = (alerts: AlertValues): boolean => alerts['unavailable_30s'] === 1 || (alerts['returns_10m'] ?? 0) >= 3;

function note(notes: Map<string, (readonly [string, string])[]>, { upstream, peer }: PeerSnapshot, what: string): void {
  if (what !== noCause) addTo(notes, upstream, [peer, what] as const);
}

const minuteOf = (minute: MinutePercentiles | null | undefined): { readonly p95: number; readonly count: number } =>
  minute && 'p95' in minute ? minute : { p95: 0, count: 0 };
