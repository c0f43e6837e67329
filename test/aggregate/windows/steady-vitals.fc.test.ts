/** Alerts and labels of peers and upstreams that rest are what would be made anew. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVitals, type PeerCharts } from '../../../collector/aggregate/windows/vitals.ts';
import {
  type JobSnapshot,
  type PeerSnapshot,
  type PeerSockets,
  peerCauses,
  tcpStates,
} from '../../../collector/model.ts';
import { countedJob, type Tick, ticks } from '../ticks.ts';

/** What sockets and the diagnosis add to a peer. */
type Seen = Pick<PeerSnapshot, 'sockets' | 'causes' | 'verdict' | 'hung'>;

const zeros = Object.fromEntries(peerCauses.map((cause) => [cause, 0])) as NonNullable<PeerSnapshot['causes']>;
const noStates = Object.fromEntries(tcpStates.map((state) => [state, 0])) as NonNullable<
  PeerSnapshot['sockets']
>['states'];
const sockets = (states: Partial<typeof noStates>, retransmitting = 0): PeerSockets => ({
  states: { ...noStates, ...states },
  retransmitting,
  queued: null,
  localPorts: null,
});

const seen: readonly Seen[] = [
  {},
  { causes: zeros },
  { causes: zeros, sockets: sockets({ established: 3 }) },
  { causes: zeros, sockets: sockets({ syn_sent: 2 }, 1) },
  { causes: { ...zeros, process_down: 1 }, verdict: 'process down (certain)' },
  { causes: { ...zeros, no_answer: 1 }, verdict: 'no answer (likely)' },
  { causes: { ...zeros, hangs: 1 }, verdict: 'hangs (likely)', hung: 4 },
];

interface Sight {
  readonly tick: Tick;
  /** What is seen from now on of the peer at this place; null: as before. */
  readonly news: { readonly at: number; readonly seen: number } | null;
}

const sights = ticks.chain((all) =>
  fc
    .array(fc.option(fc.record({ at: fc.nat(5), seen: fc.nat(seen.length - 1) }), { freq: 6 }), {
      minLength: all.length,
      maxLength: all.length,
    })
    .map((news) => all.map((tick, i): Sight => ({ tick, news: news[i] ?? null }))),
);

/** Adds what is seen to the peers: the same object again where nothing has changed. */
function seeing() {
  const now: number[] = [];
  const before = new WeakMap<PeerSnapshot, { readonly of: Seen; readonly made: PeerSnapshot }>();

  function withSeen(peer: PeerSnapshot, at: number): PeerSnapshot {
    const of = seen[now[at] ?? 0] ?? {};
    const known = before.get(peer);
    if (known?.of === of) return known.made;
    const made = { ...peer, ...of };
    before.set(peer, { of, made });
    return made;
  }

  return (snapshot: JobSnapshot, news: Sight['news']): JobSnapshot => {
    if (news !== null) now[news.at] = news.seen;
    return { ...snapshot, peers: snapshot.peers.map(withSeen) };
  };
}

test.each<PeerCharts>(['all', 'failing'])('charts: %s', (peerCharts) => {
  fc.assert(
    fc.property(sights, (all) => {
      const [job, see] = [countedJob(), seeing()];
      const [steady, fresh] = [createVitals(peerCharts), createVitals(peerCharts)];
      for (const { tick, news } of all) {
        const snapshot = see(job.tick(tick), news);
        const anew = structuredClone(snapshot);
        expect(steady.complete(snapshot, job.nowUs(), 0)).toEqual(fresh.complete(anew, job.nowUs(), 0));
      }
    }),
    { numRuns: 50 },
  );
});

test('in peace everything is the same object', () => {
  const [job, vitals] = [countedJob(), createVitals('failing')];
  const quiet: Tick = { seconds: 1, events: [], errorLogsFine: true, accessLogsFine: true, updateEvery: 1 };
  const complete = (tick: Tick) => vitals.complete(job.tick(tick), job.nowUs(), 0);
  complete({
    ...quiet,
    events: [
      { is: 'configure', set: 0 },
      { is: 'outage', kind: 'refused', at: 1 },
    ],
  });
  complete({ ...quiet, seconds: 3_700 });
  // Ten minutes ago nginx took it back.
  complete({ ...quiet, seconds: 700 });
  complete(quiet);
  complete(quiet);
  const before = complete(quiet);
  const now = complete(quiet);
  expect(now.peers).toBe(before.peers);
  expect(now.upstreams).toBe(before.upstreams);
});
