/**
 * For each alert a cause that is brought about in a real nginx, and taken away again; and the causes that must raise
 * nothing. Run by test/full/alerts/scenarios.test.ts.
 * Each scenario has its own upstream or job (alert-world.ts), so that all run at once.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { isAlive } from '../process.ts';
import { startNginx } from '../servers/nginx.ts';
import { sleep, waitUntil } from '../wait.ts';
import type { On } from './watch.ts';
import { dyingNginx, type World } from './world.ts';

type Status = 'WARNING' | 'CRITICAL';

export interface Expected {
  readonly alert: string;
  readonly status: Status;
  /** Addresses are known when the world has begun. */
  readonly on: On | ((world: World) => On);
  /** Seconds from the cause within which the status must be there. */
  readonly within: number;
}

export interface Row extends Omit<Expected, 'on'> {
  readonly on: On;
  readonly cause: string;
  /** From the cause to the status, seconds. */
  readonly raised: number;
  /** From the end of the cause to CLEAR; null when the scenario continues to another status. */
  readonly cleared: number | null;
  readonly info: string;
}

export interface Loud {
  readonly cause: string;
  readonly alerts: readonly string[];
  run(world: World): Promise<readonly Row[]>;
}

export interface QuietRow {
  readonly cause: string;
  /** Raised alerts, of which there must be none. */
  readonly raised: readonly string[];
}

export interface Quiet {
  readonly causes: readonly string[];
  run(world: World): Promise<readonly QuietRow[]>;
}

interface Cause {
  /** Seconds that its chart must be old before it begins. */
  readonly after: number;
  begin(world: World): unknown;
  /** null: its alerts are not waited for until they clear. */
  readonly end: ((world: World) => unknown) | null;
}

const longest = 180_000;

/** Begins, waits for all that is expected, ends, waits until everything is clear. */
async function bring(world: World, cause: string, asked: readonly Expected[], how: Cause): Promise<Row[]> {
  const { watch } = world;
  const expected = asked.map(({ on, ...rest }) => ({ ...rest, on: typeof on === 'function' ? on(world) : on }));
  if (how.after > 0) for (const { alert, on } of expected) await watch.settled(alert, on, how.after);
  const began = watch.now();
  await how.begin(world);
  const raised = await Promise.all(
    expected.map(({ alert, status, on }) => watch.raised(alert, status, on, began, longest)),
  );
  const ended = watch.now();
  await how.end?.(world);
  const cleared = await Promise.all(
    expected.map(({ alert, on }) => (how.end === null ? null : watch.raised(alert, 'CLEAR', on, ended, longest))),
  );
  return expected.map((each, i) => ({
    ...each,
    cause,
    raised: raised[i]?.seconds ?? 0,
    cleared: cleared[i]?.seconds ?? null,
    info: raised[i]?.alarm.info ?? '',
  }));
}

const loud = (cause: string, expected: readonly Expected[], how: Cause): Loud => ({
  cause,
  alerts: expected.map(({ alert }) => alert),
  run: (world) => bring(world, cause, expected, how),
});

const critical = <O extends Expected['on']>(alert: string, within: number, on: O): Expected & { readonly on: O } => ({
  alert,
  status: 'CRITICAL',
  on,
  within,
});
const warning = <O extends Expected['on']>(alert: string, within: number, on: O): Expected & { readonly on: O } => ({
  alert,
  status: 'WARNING',
  on,
  within,
});

const stops = (
  upstream: string,
  ...peers: readonly number[]
): { begin(world: World): unknown; end(world: World): unknown } => ({
  begin: (world) => Promise.all(peers.map((n) => world.backend(upstream, n).stop())),
  end: (world) => Promise.all(peers.map((n) => world.backend(upstream, n).restart())),
});

const flows = (name: string, pace: number): { begin(world: World): unknown; end(world: World): unknown } => ({
  begin: (world) => world.traffic[name]?.pace(pace),
  end: (world) => world.traffic[name]?.pace(0),
});

const peer =
  (upstream: string, n = 0) =>
  (world: World): On => ({ peer: world.backend(upstream, n).address });

export const loudScenarios: readonly Loud[] = [
  loud('the only peer stops under load', [critical('clients_affected', 15, { upstream: 'affected' })], {
    after: 10,
    ...stops('affected', 0),
  }),
  loud('ten requests a minute, all fail', [critical('clients_affected', 120, { upstream: 'sparse' })], {
    after: 10,
    ...stops('sparse', 0),
  }),
  loud('a peer of two upstreams stops', [critical('clients_affected', 15, { upstream: 'shared_a' })], {
    after: 10,
    ...stops('shared', 0),
  }),
  loud(
    'one of two peers stops, clients notice nothing',
    [warning('redundancy_lost', 100, { upstream: 'spare' }), warning('peer_unavailable', 60, peer('spare', 1))],
    { after: 10, ...stops('spare', 1) },
  ),
  loud('both peers stop', [critical('no_live', 30, { upstream: 'dead' })], { after: 10, ...stops('dead', 0, 1) }),
  loud('the only peer does not accept, clients get 504', [critical('connect_timeouts', 30, { upstream: 'silent' })], {
    after: 10,
    ...flows('silent', 2),
  }),
  loud(
    'one of two peers does not accept, the other answers',
    [warning('connect_timeouts', 30, { upstream: 'half_silent' })],
    { after: 10, ...flows('half_silent', 2) },
  ),
  { cause: 'TLS handshakes get slow', alerts: ['connect_time'], run: slowHandshakes },
  loud(
    'one of two peers stops, the other takes 1 s for an answer',
    [warning('survivors_slow', 60, { upstream: 'survivors' })],
    {
      after: 75,
      begin: async (world) => {
        world.backend('survivors', 0).behave({ delay: 1_000 });
        await world.backend('survivors', 1).stop();
      },
      end: async (world) => {
        world.backend('survivors', 0).behave({});
        await world.backend('survivors', 1).restart();
      },
    },
  ),
  loud('the application answers 502 itself', [critical('failing_after_connect', 30, { upstream: 'application' })], {
    after: 10,
    begin: (world) => world.backend('application').behave({ status: 502 }),
    end: (world) => world.backend('application').behave({}),
  }),
  loud('a peer comes and goes', [warning('peer_flapping', 90, peer('flapping', 1))], {
    after: 10,
    begin: async (world) => {
      for (let round = 0; round < 5; round++) {
        await world.backend('flapping', 1).stop();
        await stateIs(world, world.backend('flapping', 1).address, 'unavailable');
        await world.backend('flapping', 1).restart();
        await stateIs(world, world.backend('flapping', 1).address, 'up');
      }
    },
    // It clears when ten minutes are over.
    end: null,
  }),
  loud('nginx is killed, its pid file is left', [critical('nginx_down', 45, { job: 'dying' })], {
    after: 5,
    begin: ({ nginx: { dying } }) => {
      const workers = dying.workers();
      dying.child.signal('SIGKILL');
      for (const pid of workers) process.kill(pid, 'SIGKILL');
    },
    end: async (world) => {
      await startNginx(dyingNginx(world.ports.dying), { prefix: world.nginx.dying.prefix });
    },
  }),
  loud('an error log that is not there', [warning('collector', 60, { job: 'broken' })], {
    after: 0,
    begin: () => undefined,
    end: (world) => writeFileSync(world.missingLog, ''),
  }),
  { cause: 'a stock log_format', alerts: ['refused'], run: stockFormat },
  {
    cause: 'worker_connections run out',
    alerts: ['writing', 'worker_connections', 'dropped'],
    run: connectionsRunOut,
  },
  { cause: 'descriptors run out', alerts: ['descriptors'], run: descriptorsRunOut },
];

async function slowHandshakes(world: World): Promise<readonly Row[]> {
  const { watch, tls } = world;
  const on = { upstream: 'slow_tls' };
  await watch.settled('connect_time', on, 15);
  const began = watch.now();
  tls.delay(250);
  const slow = await watch.raised('connect_time', 'WARNING', on, began, longest);
  const more = watch.now();
  tls.delay(800);
  const slower = await watch.raised('connect_time', 'CRITICAL', on, more, longest);
  const ended = watch.now();
  tls.delay(0);
  const clear = await watch.raised('connect_time', 'CLEAR', on, ended, longest);
  return [
    {
      ...warning('connect_time', 75, on),
      cause: 'TLS handshakes take 250 ms',
      raised: slow.seconds,
      cleared: null,
      info: slow.alarm.info,
    },
    {
      ...critical('connect_time', 75, on),
      cause: 'TLS handshakes take 800 ms',
      raised: slower.seconds,
      cleared: clear.seconds,
      info: slower.alarm.info,
    },
  ];
}

/** First a peer whose refusals a retry hides, then one whose clients get 502; and after both a worker that is missing. */
async function stockFormat(world: World): Promise<readonly Row[]> {
  const hidden = world.backend('stock_pair', 1);
  const masked = bring(
    world,
    'stock log_format: one of two peers stops',
    // An ejected peer is tried once in fail_timeout: its refusals are that far apart.
    [warning('refused', 30, { peer: hidden.address })],
    { after: 10, ...stops('stock_pair', 1) },
  );
  await world.watch.raised('refused', 'WARNING', { peer: hidden.address }, 0, longest);
  const only = { peer: world.backend('stock_single').address };
  const open = await bring(world, 'stock log_format: the only peer stops', [critical('refused', 30, only)], {
    after: 10,
    ...stops('stock_single', 0),
  });
  const rows = await masked;
  return [...rows, ...open, ...(await workerMissing(world))];
}

/** Waits until the plugin says so of a peer. */
async function stateIs({ netdata }: World, address: string, state: 'up' | 'unavailable'): Promise<void> {
  const charts = Object.values(await netdata.charts());
  const chart = charts.find(
    ({ context, chart_labels: labels }) => context === 'nginx_upstream.peer_state' && labels['peer'] === address,
  );
  const what = `${address} to be ${state}`;
  await waitUntil(async () => (await netdata.last(chart?.id ?? '', state)) === 1, {
    what,
    timeout: 60_000,
    interval: 250,
  });
}

/** The master is stopped, so that it does not replace the worker that dies. */
function workerMissing(world: World): Promise<Row[]> {
  const { child, workers } = world.nginx.stock;
  const on = { job: 'stock' };
  return bring(world, 'a worker dies and is not replaced', [warning('workers', 90, on)], {
    after: 30,
    begin: async () => {
      const [victim = 0] = workers();
      child.signal('SIGSTOP');
      process.kill(victim, 'SIGKILL');
      await waitUntil(() => !isAlive(victim), { what: 'the worker to die' });
    },
    end: () => child.signal('SIGCONT'),
  });
}

/** 64 worker_connections: a client that is proxied takes two. */
async function connectionsRunOut(world: World): Promise<readonly Row[]> {
  const { watch } = world;
  const on = { job: 'small' };
  // What is usual must be known before it changes.
  for (const alert of ['writing', 'worker_connections', 'dropped']) await watch.settled(alert, on, 30);
  const causes = [
    '26 of 64 worker_connections hold clients of a slow backend',
    '29 of them',
    'clients when none is left',
  ];
  const began = watch.now();
  const first = world.hold('small', 26);
  const writing = await watch.raised('writing', 'WARNING', on, began, longest);
  const near = await watch.raised('worker_connections', 'WARNING', on, began, longest);
  const more = watch.now();
  const second = world.hold('small', 3);
  const nearer = await watch.raised('worker_connections', 'CRITICAL', on, more, longest);
  const over = watch.now();
  const dropped = watch.raised('dropped', 'CRITICAL', on, over, longest);
  let isDropping = true;
  dropped.then(
    () => {
      isDropping = false;
    },
    () => {
      isDropping = false;
    },
  );
  // At the limit nginx does not answer stub_status either: what was dropped is seen in between.
  while (isDropping) {
    const rest = world.holdBodies('small', 30);
    await sleep(1_500);
    rest.release();
    await sleep(4_000);
  }
  const drops = await dropped;
  const ended = watch.now();
  first.release();
  second.release();
  const clear = async (alert: string) => (await watch.raised(alert, 'CLEAR', on, ended, longest)).seconds;
  const [cause = '', nearCause = '', overCause = ''] = causes;
  return [
    {
      ...warning('writing', 90, on),
      cause,
      raised: writing.seconds,
      cleared: await clear('writing'),
      info: writing.alarm.info,
    },
    { ...warning('worker_connections', 90, on), cause, raised: near.seconds, cleared: null, info: near.alarm.info },
    {
      ...critical('worker_connections', 90, on),
      cause: nearCause,
      raised: nearer.seconds,
      cleared: await clear('worker_connections'),
      info: nearer.alarm.info,
    },
    {
      ...critical('dropped', 120, on),
      cause: overCause,
      raised: drops.seconds,
      cleared: await clear('dropped'),
      info: drops.alarm.info,
    },
  ];
}

/** 60 descriptors, of which an idle worker has about 10: a client that is proxied takes two. */
async function descriptorsRunOut(world: World): Promise<readonly Row[]> {
  const { watch } = world;
  const on = { job: 'files' };
  await watch.settled('descriptors', on, 10);
  const idle = (await world.netdata.last('nginx_upstream_files.descriptors_used', 'used')) ?? 0;
  const clients = (percent: number): number => Math.round(((percent - idle) * 60) / 100 / 2);
  const began = watch.now();
  const first = world.hold('files', clients(85));
  const near = await watch.raised('descriptors', 'WARNING', on, began, longest);
  const more = watch.now();
  const second = world.hold('files', clients(95) - clients(85));
  const nearer = await watch.raised('descriptors', 'CRITICAL', on, more, longest);
  const ended = watch.now();
  for (const clientsHeld of [first, second]) clientsHeld.release();
  const clear = async (alert: string) => (await watch.raised(alert, 'CLEAR', on, ended, longest)).seconds;
  return [
    {
      ...warning('descriptors', 90, on),
      cause: '85 % of 60 descriptors',
      raised: near.seconds,
      cleared: null,
      info: near.alarm.info,
    },
    {
      ...critical('descriptors', 90, on),
      cause: '95 % of them',
      raised: nearer.seconds,
      cleared: await clear('descriptors'),
      info: nearer.alarm.info,
    },
  ];
}

/** Does something, and looks what was raised until everything that it may raise would have been. */
async function unmoved(world: World, cause: string, on: On, how: () => Promise<unknown>): Promise<QuietRow> {
  const began = world.watch.now();
  await how();
  await sleep(18_000);
  return { cause, raised: world.watch.raisedSince(on, began) };
}

const quiet = (cause: string, upstream: string, how: (world: World) => Promise<unknown>): Quiet => ({
  causes: [cause],
  run: async (world) => {
    await world.watch.settled('clients_affected', { upstream }, 10);
    return [await unmoved(world, cause, { upstream }, () => how(world))];
  },
});

async function blink(world: World, upstream: string, n = 0): Promise<void> {
  await world.backend(upstream, n).stop();
  await sleep(2_500);
  await world.backend(upstream, n).restart();
}

export const quietScenarios: readonly Quiet[] = [
  quiet('an application answers one request in twenty with 500', 'erratic', async () => {
    await sleep(60_000);
  }),
  quiet('the only peer restarts within 3 s under load', 'blip', (world) => blink(world, 'blip')),
  quiet('three peers restart one after the other', 'rolling', async (world) => {
    for (const n of [0, 1, 2]) {
      await blink(world, 'rolling', n);
      await sleep(9_000);
    }
    // Their failures are checked for that long.
    await sleep(60_000);
  }),
  quiet('ten requests a minute, one fails', 'rare', async (world) => {
    const { backend } = world;
    const before = backend('rare').requests();
    await waitUntil(() => backend('rare').requests() > before, { what: 'a request', timeout: 15_000 });
    await backend('rare').stop();
    await sleep(7_000);
    await backend('rare').restart();
  }),
  {
    causes: ['nginx is reloaded', 'the logs are rotated'],
    run: async (world) => {
      const on = { job: 'idle' };
      const { idle } = world.nginx;
      await world.watch.settled('collector', on, 10);
      return [
        await unmoved(world, 'nginx is reloaded', on, () => idle.reload()),
        await unmoved(world, 'the logs are rotated', on, async () => {
          for (const log of [idle.errorLog, idle.accessLog]) renameSync(log, `${log}.1`);
          await idle.reopen();
        }),
      ];
    },
  },
];
