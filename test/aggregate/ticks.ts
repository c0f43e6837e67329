/** Random hours of a job, as they are counted: lines, pauses, logs that fail, configurations that change. */
import fc from 'fast-check';
import { createJobAggregate, type JobAggregate, type SourceHealth } from '../../collector/aggregate/job.ts';
import type { ConfiguredPeer, ErrorLine, JobSnapshot, Kind } from '../../collector/model.ts';
import { readLogFormat } from '../../collector/parse/access/format/log-format.ts';
import { createAccessLines } from '../../collector/parse/access/lines.ts';
import { createAccessMatcher } from '../../collector/parse/access/match/matcher.ts';
import { errorLine, fine, load } from './kit.ts';

const wall = 1_800_000_000;
const names = ['a', 'b', 'c'];
const addresses = ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'];
const formats = [
  '$status $request_time $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_response_time"',
  '$status $request_time $proxy_host "$upstream_addr" "$upstream_status" "$upstream_response_time"',
];

/** What happens between two ticks. */
type Event =
  | { readonly is: 'error'; readonly kind: Kind; readonly at: number; readonly age: number; readonly action: string }
  | { readonly is: 'outage'; readonly kind: Kind; readonly at: number }
  | { readonly is: 'disabled'; readonly at: number }
  | { readonly is: 'answer'; readonly at: number; readonly fate: number }
  | { readonly is: 'configure'; readonly set: number }
  | { readonly is: 'cover'; readonly set: number }
  | { readonly is: 'workers'; readonly set: number }
  | { readonly is: 'logs'; readonly set: number };

/** One tick: how much later than the one before, what happened, what the sources are like. */
export interface Tick {
  readonly seconds: number;
  readonly events: readonly Event[];
  readonly errorLogsFine: boolean;
  readonly accessLogsFine: boolean;
  readonly updateEvery: number;
}

const place = fc.nat(names.length * addresses.length - 1);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('error' as const),
      kind: fc.constantFrom<Kind>('refused', 'timed_out', 'no_live', 'reset', 'resolve', 'read_timeout'),
      at: place,
      age: fc.constantFrom(0, 0, 1, 15, 59, 119, 200),
      action: fc.constantFrom('connecting to upstream', 'reading response header from upstream', 'reading upstream'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('outage' as const),
      kind: fc.constantFrom<Kind>('refused', 'timed_out', 'no_live', 'reset', 'resolve'),
      at: place,
    }),
  },
  { weight: 6, arbitrary: fc.record({ is: fc.constant('answer' as const), at: place, fate: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('disabled' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('configure' as const), set: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('cover' as const), set: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('workers' as const), set: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('logs' as const), set: fc.nat(2) }) },
);

const mostlyTrue = fc.oneof({ weight: 12, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) });
const tick: fc.Arbitrary<Tick> = fc.record({
  seconds: fc.oneof(
    { weight: 12, arbitrary: fc.constant(1) },
    { weight: 4, arbitrary: fc.integer({ min: 2, max: 70 }) },
    { weight: 2, arbitrary: fc.integer({ min: 200, max: 300 }) },
  ),
  events: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(event, { maxLength: 4 }) },
  ),
  errorLogsFine: mostlyTrue,
  accessLogsFine: mostlyTrue,
  updateEvery: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constant(10) }),
});

export const quiet: Tick = { seconds: 1, events: [], errorLogsFine: true, accessLogsFine: true, updateEvery: 1 };

/** Until nothing moves along with time: not even the servers of a failure an hour ago. */
const pause = fc
  .constantFrom(60, 130, 300, 3_700)
  .map((seconds): readonly Tick[] => [{ ...quiet, seconds }, quiet, quiet]);
const busy = fc.array(tick, { minLength: 1, maxLength: 6 });
const start = fc.array(event, { maxLength: 6 }).map((more): readonly Tick[] => [
  {
    ...quiet,
    events: [
      { is: 'configure', set: 0 },
      { is: 'logs', set: 0 },
      { is: 'answer', at: 0, fate: 0 },
      { is: 'answer', at: 3, fate: 0 },
      ...more,
    ],
  },
]);

/** Hours with pauses long enough for everything to come to rest. */
export const ticks = fc
  .tuple(start, fc.array(fc.oneof(busy, pause, pause), { maxLength: 12 }))
  .map(([first, rest]): readonly Tick[] => [...first, ...rest.flat()]);

const upstreamAt = (at: number): string => names[Math.floor(at / addresses.length)] ?? '';
const addressAt = (at: number): string => addresses[at % addresses.length] ?? '';

const peer = (upstream: string, address: string, more: Partial<ConfiguredPeer> = {}): ConfiguredPeer => ({
  upstream,
  peer: address,
  instance: upstream,
  maxFails: 1,
  failTimeoutSeconds: 10,
  zone: null,
  backup: false,
  down: false,
  single: false,
  place: 'nginx.conf:1',
  ...more,
});

const groups = (upstreams: readonly string[], more?: Partial<ConfiguredPeer>): readonly ConfiguredPeer[] =>
  upstreams.flatMap((upstream) => addresses.map((address) => peer(upstream, address, more)));

const sets: readonly (readonly ConfiguredPeer[])[] = [
  groups(['a', 'b', 'c']),
  groups(['a', 'b']),
  groups(['a', 'b', 'c'], { zone: 'z', failTimeoutSeconds: 60 }).slice(1),
  [],
];

function answer(at: number, fate: number): string {
  const [name, first, next] = [upstreamAt(at), addressAt(at), addressAt(at + 1)];
  const fates = [
    `200 0.010 ${name} "${first}" "200" "0.001" "0.010"`,
    `200 0.010 ${name} "${first}" "200" "0.000" "0.010"`,
    `200 2.010 ${name} "${first}, ${next}" "502, 200" "-, 1.001" "0.000, 2.010"`,
    `502 0.010 ${name} "${first}" "502" "-" "0.010"`,
    `504 0.010 ${name} "${first}" "504" "0.001" "0.010"`,
    `503 0.010 ${name} "${first}" "503" "0.001" "0.010"`,
    `499 0.010 ${name} "${first}" "200" "0.001" "0.010"`,
  ];
  return fates[fate] ?? '';
}

const withoutConnect = (line: string): string => line.replace(/("[^"]*") ("[^"]*") ("[^"]*")$/, '$1 $3');

/** A job and what happens to it. */
export function countedJob() {
  const aggregate = createJobAggregate({
    job: 'test',
    caps: { log: 4, configured: 8 },
    upstreamOf: (address, proxyHost) => proxyHost ?? names[addresses.indexOf(address)] ?? address,
  });
  const logs = new Map<number, ReturnType<typeof openLog>>();
  let second = 0;
  let configured: Parameters<JobAggregate['configure']>[0] = [];

  function openLog(set: number) {
    const format = readLogFormat(formats[set] ?? '');
    if ('problem' in format) throw new Error(format.problem);
    const { match, record, program } = createAccessMatcher(format.format);
    const options = { record, fields: program.has, legacyConnectTime: false, protocol: 'http' as const };
    const counter = aggregate.addAccessLog(options);
    const lines = createAccessLines(match, { matched: counter.line, unmatched() {}, overlong() {} });
    return { lines, options };
  }

  function failure(kind: Kind, at: number, age: number, action: string): void {
    const upstream = kind === 'resolve' ? null : { scheme: 'http', peer: addressAt(at), uri: '/' };
    const message = kind === 'resolve' ? 'app.internal could not be resolved (3: Host not found)' : 'message';
    const plain = errorLine(kind, { action, upstream, message, server: at % 2 === 0 ? 'www.example.org' : '' });
    // A health check names the upstream; else the peer is of the one that is configured.
    const line: ErrorLine = at % 3 === 0 ? { ...plain, checked: upstreamAt(at) } : plain;
    aggregate.errorLine(line, second * 1e6, wall + second - age);
  }

  function happen(each: Event): void {
    const nowUs = second * 1e6;
    switch (each.is) {
      case 'error':
        failure(each.kind, each.at, each.age, each.action);
        return;
      case 'outage':
        for (const age of [70, 45, 25, 15, 8, 2, 0]) {
          failure(
            each.kind,
            each.at,
            age,
            each.kind === 'reset' ? 'sending request to upstream' : 'connecting to upstream',
          );
        }
        return;
      case 'disabled':
        aggregate.errorLine(
          errorLine('disabled', { upstream: { scheme: 'http', peer: addressAt(each.at), uri: '/' } }),
          nowUs,
        );
        return;
      case 'answer':
        for (const [set, { lines }] of logs) {
          const line = answer(each.at, each.fate);
          lines.chunk(Buffer.from(`${set === 0 ? line : withoutConnect(line)}\n`));
        }
        return;
      case 'configure':
        configured = sets[each.set] ?? [];
        aggregate.configure(configured, [...new Set(configured.map(({ upstream }) => upstream))], nowUs);
        return;
      case 'cover':
        aggregate.cover({
          covered: new Set(each.set > 0 ? ['a'] : []),
          uncovered: new Set(each.set > 1 ? ['b'] : []),
          flushSeconds: 0,
        });
        return;
      case 'workers':
        aggregate.setWorkers(each.set === 0 ? null : each.set === 1 ? [1] : [1, 2]);
        return;
      case 'logs': {
        const open = logs.get(each.set);
        if (each.set >= formats.length) return;
        if (open === undefined) logs.set(each.set, openLog(each.set));
        else {
          logs.delete(each.set);
          aggregate.removeAccessLog(open.options);
        }
      }
    }
  }

  return {
    aggregate,
    /** @param again the same configuration is put in force once more: nothing is kept from the tick before */
    tick({ seconds, events, errorLogsFine, accessLogsFine, updateEvery }: Tick, again = false): JobSnapshot {
      second += seconds;
      aggregate.beginTick(second * 1e6, (wall + second) * 1000);
      for (const each of events) happen(each);
      if (again) happen({ is: 'configure', set: sets.indexOf(configured) });
      const health: SourceHealth = { ...fine, errorLogsFine, accessLogsFine };
      return aggregate.snapshot(second * 1e6, health, load, updateEvery);
    },
    nowUs: () => second * 1e6,
  };
}
