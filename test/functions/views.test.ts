import { describe, expect, test } from 'vitest';
import { type Known, viewBody } from '../../collector/functions/answer.ts';
import type { CheckFinding, JobNow } from '../../collector/functions/facts.ts';
import { createIncidents } from '../../collector/functions/incidents.ts';
import { type ViewId, viewIds } from '../../collector/functions/request.ts';
import { createWatch } from '../../collector/functions/watch.ts';
import { at, atRest, connectFailures, job, peer, upstream, verdict } from './jobs-kit.ts';
import { problemsOf } from './schema.ts';

const finding: CheckFinding = {
  severity: 'warning',
  code: 'single_server',
  subject: 'shop',
  what: 'upstream shop has a single server',
  why: 'nginx ignores max_fails for it',
  remedy: 'Add a second server in /etc/nginx/secret.conf',
  place: '/etc/nginx/secret.conf:3',
};

/** The same jobs at each of these seconds but the first, at which all totals are zero. */
function known(jobs: readonly JobNow[], seconds: readonly number[] = [10]): Known {
  const watch = createWatch();
  const incidents = createIncidents();
  let now = at(0);
  watch.observe(atRest(jobs), now);
  for (const second of seconds) {
    now = at(second);
    watch.observe(jobs, now);
    incidents.observe(watch.jobs(), now);
  }
  return {
    jobs: watch.jobs(),
    incidents: incidents.all(),
    findings: [finding],
    nowMs: now.wallMs,
    updateEvery: 1,
  };
}

interface Table {
  readonly columns: Record<string, { readonly index: number; readonly name: string; readonly visible: boolean }>;
  readonly data: unknown[][];
}

function table(view: ViewId, of: Known, isSensitive = false): Table {
  return JSON.parse(viewBody(view, isSensitive, of) ?? 'null') as Table;
}

/** Rows as objects by column. */
function rows(view: ViewId, of: Known, isSensitive = false): Record<string, unknown>[] {
  const { columns, data } = table(view, of, isSensitive);
  return data.map((row) => Object.fromEntries(Object.entries(columns).map(([id, { index }]) => [id, row[index]])));
}

const failing = peer({
  upstream: 'shop',
  peer: '10.0.0.1:8080',
  failures: { refused: 12, reset: 1 },
  attempts: { connected: 27, reused: 0, connect_failed: 12 },
  more: {
    health: { state: 'failing', transitions: { ejected: 1, returned: 0 } },
    connectTime: { p50: 1, p90: 2, p95: 3, p99: 4, max: 5, count: 9 },
    sockets: {
      states: { syn_sent: 1, established: 2, time_wait: 3, close_wait: 0, fin_wait: 0 },
      queued: null,
      localPorts: null,
    },
  },
});
const fine = peer({
  upstream: 'shop',
  peer: '10.0.0.2:8080',
  attempts: { connected: 30 },
  more: { health: { state: 'up', transitions: { ejected: 0, returned: 0 } } },
});
const shop = upstream('shop', { refused: 12, reset: 1 }, { ok: 20, masked: 11, bad_gateway: 2 });
const outage = known([job([shop], [failing, fine], [verdict('10.0.0.1:8080')])]);

describe('the shape that the dashboard takes', () => {
  test.each(viewIds.flatMap((view) => [[view, false] as const, [view, true] as const]))(
    '%s, sensitive: %s',
    (view, s) => {
      expect(problemsOf(table(view, outage, s))).toEqual([]);
      expect(problemsOf(table(view, known([]), s))).toEqual([]);
    },
  );

  test('the validator is no rubber stamp', () => {
    const body = table('peers', outage) as unknown as Record<string, unknown>;
    const columns = body['columns'] as Record<string, Record<string, unknown>>;
    expect(problemsOf({ ...body, v: 2 })).toEqual(['v']);
    expect(problemsOf({ ...body, default_sort_column: 'x' })).toEqual(['default_sort_column']);
    expect(problemsOf({ ...body, columns: { ...columns, Peer: { ...columns['Peer'], type: 'text' } } })).not.toEqual(
      [],
    );
    expect(problemsOf({ ...body, data: [[1]] })).not.toEqual([]);
    expect(problemsOf({ status: 400 })).toEqual(['no errorMessage']);
  });
});

describe('peers', () => {
  test('a failing peer stands first, with its impact, cause and fix', () => {
    const [first, second] = rows('peers', outage);
    expect(first).toMatchObject({
      Upstream: 'shop',
      Peer: '10.0.0.1:8080',
      State: 'failing',
      Affected: 2,
      Masked: 11,
      Failures: 13,
      Kinds: 'refused 12, reset 1',
      FailedShare: 30.8,
      Cause: 'process down',
      Sureness: 'certain',
      Fix: 'Start the application that listens on 10.0.0.1:8080.',
      ConnectP95: 3,
      'SYN-SENT': 1,
      rowOptions: { severity: 'error' },
    });
    expect(second).toMatchObject({ Peer: '10.0.0.2:8080', State: 'up', Affected: 0, Cause: 'none', Failures: 0 });
  });

  test('the columns that are shown at once', () => {
    const shown = Object.values(table('peers', outage).columns).filter(({ visible }) => visible);
    expect(shown.map(({ name }) => name).join(', ')).toBe(
      'Upstream, Peer, Server, State, Clients affected, Hidden by a retry, Failures, Kinds, 5xx by nginx, ' +
        '5xx by the application, Failed attempts, Cause, How sure, Since, Fix, Connect p95, Response p95, SYN-SENT',
    );
  });

  test('what was logged before the plugin looked is not the last minute', () => {
    const watch = createWatch();
    watch.observe([job([shop], [failing, fine])], at(0));
    const of = { ...outage, jobs: watch.jobs() };
    expect(rows('peers', of)[0]).toMatchObject({ Failures: 0, Affected: 0, Masked: 0, FailedShare: null });
  });

  test('a failure is forgotten after a minute', () => {
    const later = known([job([shop], [failing, fine])], [10, 40, 71]);
    expect(rows('peers', later)[0]).toMatchObject({ Failures: 0, Kinds: '', Since: null, FailedShare: null });
  });

  test.each([
    [
      'every peer ejected',
      { health: { state: 'unavailable', transitions: { ejected: 1, returned: 0 } } },
      'unavailable',
    ],
    ['its log cannot be read', { failures: null }, 'unknown'],
    ['nobody checks it and nothing asks it', {}, 'unknown'],
  ] as const)('%s: never "up"', (_, more, state) => {
    const one = peer({ upstream: 'shop', peer: 'a:1', more: more as object });
    expect(rows('peers', known([job([upstream('shop')], [one])]))[0]).toMatchObject({ State: state });
  });

  test('a peer that does not answer is not "up" in the minute before its first timeout', () => {
    const states = { syn_sent: 3, established: 0, time_wait: 0, close_wait: 0, fin_wait: 0 };
    const sockets = { states, retransmitting: 2, queued: null, localPorts: null };
    const one = { ...fine, sockets };
    expect(rows('peers', known([job([upstream('shop')], [one])]))[0]).toMatchObject({
      State: 'silent',
      Cause: 'not known yet',
      rowOptions: { severity: 'warning' },
    });
  });

  test('clients fail and no peer is seen to: the number stands at every peer', () => {
    const quiet = known([job([upstream('shop', {}, { other_5xx: 7 })], [fine])]);
    expect(rows('peers', quiet)[0]).toMatchObject({ Affected: 7, rowOptions: { severity: 'notice' } });
  });

  test('an upstream without a peer is there while it fails', () => {
    const of = known([job([upstream('gone', { resolve: 3 }, { bad_gateway: 3 }), upstream('quiet')], [])]);
    expect(rows('peers', of)).toEqual([
      expect.objectContaining({ Upstream: 'gone', Peer: '(none)', State: 'failing', Affected: 3, Kinds: 'resolve 3' }),
    ]);
  });

  test('failures that no upstream accounts for are nginx itself: a row, and an incident', () => {
    const limits = connectFailures({ worker_connections: 9, resolve: 4, refused: 5 });
    const nginx = verdict('nginx', { is: 'nginx', cause: 'worker_connections' });
    const ups = [upstream('shop', { refused: 5, resolve: 1 })];
    const of = known([
      job(ups, [peer({ upstream: 'shop', peer: 'a:1', failures: { refused: 5 } })], [nginx], 'local', {
        connectFailures: limits,
      }),
    ]);
    const itself = {
      Upstream: '(nginx itself)',
      Kinds: 'worker connections 9, resolve 3',
      Cause: 'worker connections',
    };
    expect(rows('peers', of)).toContainEqual(expect.objectContaining({ ...itself, Peer: '(none)' }));
    expect(rows('incidents', of)).toContainEqual(expect.objectContaining({ ...itself, Failures: 12, Peers: [] }));
  });

  test('what hurts clients stands above what a retry hides', () => {
    const hidden = peer({ upstream: 'api', peer: 'b:1', failures: { refused: 500 } });
    const both = known([job([upstream('api', { refused: 500 }, { masked: 500 }), shop], [hidden, failing, fine])]);
    expect(rows('peers', both).map(({ Peer }) => Peer)).toEqual(['10.0.0.1:8080', 'b:1', '10.0.0.2:8080']);
  });

  test.each([
    ['ran into it', { no_files: 2 }, 'no files'],
    ['failed otherwise', { refused: 2 }, 'not known yet'],
  ] as const)('a limit of nginx is the cause of a peer that %s', (_, failures, cause) => {
    const limit = verdict('nginx', { is: 'nginx', cause: 'no_files' });
    const of = known([job([upstream('shop', failures)], [peer({ upstream: 'shop', peer: 'a:1', failures })], [limit])]);
    expect(rows('peers', of)[0]).toMatchObject({ Cause: cause });
    expect(rows('incidents', of)[0]).toMatchObject({ Cause: cause.replace(' yet', '') });
  });

  test('an ejected peer whose clients are fine is a warning, and its number of retries stands at it alone', () => {
    const out = { health: { state: 'unavailable', transitions: { ejected: 1, returned: 0 } } } as const;
    const down = peer({ upstream: 'api', peer: 'a:1', failures: { refused: 1 }, more: out });
    const of = known([job([upstream('api', { refused: 1 }, { masked: 4 })], [down, { ...fine, upstream: 'api' }])]);
    expect(rows('peers', of).map(({ Masked, rowOptions }) => [Masked, rowOptions])).toEqual([
      [4, { severity: 'warning' }],
      [0, { severity: 'normal' }],
    ]);
  });

  test.each([
    ['its own', verdict('10.0.0.2:8080')],
    ["its group's", verdict('shop', { is: 'group', cause: 'ejected' })],
  ])('a peer that is up has no cause: %s is about what is over', (_, over) => {
    expect(rows('peers', known([job([upstream('shop')], [fine], [over])]))[0]).toMatchObject({
      Cause: 'none',
      Fix: '',
    });
  });

  test('the cause of a group is the cause of its peers', () => {
    const out = { health: { state: 'unavailable', transitions: { ejected: 1, returned: 0 } } } as const;
    const group = verdict('shop', { is: 'group', cause: 'ejected' });
    const of = known([
      job([upstream('shop', { no_live: 3 })], [peer({ upstream: 'shop', peer: 'a:1', more: out })], [group]),
    ]);
    expect(rows('peers', of)[0]).toMatchObject({ Cause: 'ejected', rowOptions: { severity: 'error' } });
  });
});

describe('who sees what', () => {
  const secrets = /secret|www-data|pid 123|systemctl/;

  test.each(viewIds)('%s: an anonymous caller sees no unit, process, path or line of the configuration', (view) => {
    expect(viewBody(view, false, outage)).not.toMatch(secrets);
  });

  test('a caller with sensitive data sees the evidence, the exact fix and the next command', () => {
    expect(rows('peers', outage, true)[0]).toMatchObject({
      What: 'the process behind it is down',
      ExactFix: 'systemctl start secret.service',
      Next: 'journalctl -u secret.service',
      Place: '/etc/nginx/secret.conf:12',
      Evidence: [expect.stringContaining('pid 123')],
    });
    expect(rows('findings', outage, true)[0]).toMatchObject({ Remedy: expect.stringContaining('secret.conf') });
    expect(rows('findings', outage)[0]).toEqual({
      Number: 1,
      Severity: 'warning',
      Title: 'An upstream has a single server',
      Code: 'single_server',
      rowOptions: { severity: 'warning' },
    });
  });
});

describe('hostile names', () => {
  test.each([
    ['the end of an answer', 'a\nFUNCTION_RESULT_END\nDISABLE'],
    ['a carriage return and a quote', 'a\r"\'\\'],
    ['text that runs backwards', 'a\u202eb\u2066c'],
    ['a terminal sequence', '\u001b[2J\u009b31m'],
    ['half a surrogate', 'a\ud800b'],
    ['markup', '<img src=x onerror=alert(1)>'],
    ['a prototype', '__proto__'],
    ['no end', 'x'.repeat(100_000)],
  ])('%s', (_, name) => {
    const one = peer({ upstream: name, peer: name, failures: { refused: 1 } });
    const of = known([job([upstream(name, { refused: 1 }, { bad_gateway: 1 })], [one], [verdict(name)])]);
    for (const view of viewIds) {
      for (const isSensitive of [false, true]) {
        const text = viewBody(view, isSensitive, of) ?? '';
        expect(text.split(/[\n\r\u2028\u2029]/)).toHaveLength(1);
        expect(text).not.toMatch(/\p{Cc}|\p{Bidi_Control}|\p{Cs}/u);
        expect(text.length).toBeLessThan(40_000);
        expect(problemsOf(JSON.parse(text))).toEqual([]);
      }
    }
  });
});

test('a thousand peers: one answer of bounded size', () => {
  const peers = Array.from({ length: 1000 }, (_, i) =>
    peer({
      upstream: `up${i % 20}`,
      peer: `10.0.${i >> 8}.${i & 255}:8080`,
      failures: { refused: i % 7 },
      attempts: { connected: i },
    }),
  );
  const ups = Array.from({ length: 20 }, (_, i) => upstream(`up${i}`, { refused: 9 }, { ok: 5, bad_gateway: i }));
  const text = viewBody('peers', true, known([job(ups, peers, [verdict('10.0.0.1:8080')])])) ?? '';
  expect(problemsOf(JSON.parse(text))).toEqual([]);
  expect(text.length).toBeLessThan(400_000);
});
