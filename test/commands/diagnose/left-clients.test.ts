/** One client that gives up within a second: nginx writes 499 and no error, and no SYN is sent again. */
import { expect, test } from 'vitest';
import { createImpactTally } from '../../../collector/commands/diagnose/impact.ts';
import { withPending } from '../../../collector/diagnose/impact/pending.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';

const nowMs = 1_800_000_000_000;
const peer = '172.18.0.2:3000';
const format = readLogFormat('$status "$upstream_addr" "$upstream_status" "$upstream_connect_time"');
const left = `499 "${peer}" "-" "-"`;
const served = `200 "${peer}" "200" "0.001"`;
const mute = `499 "${peer}" "-" "0.001"`;

const logs: Readonly<Record<string, readonly [lines: readonly string[], agoMs: number, kinds: readonly string[]]>> = {
  'clients that left, one after the other': [[served, left, left, left], 5000, ['timed_out']],
  'before anything was ever served': [[left, left, left, left], 5000, ['timed_out']],
  'two of them prove nothing': [[served, left, left], 5000, []],
  'it was connected since': [[left, left, left, served], 5000, []],
  'they left an hour ago': [[served, left, left, left], 3_600_000, []],
  'they left once they were connected': [[served, mute, mute, mute], 5000, []],
  'they reloaded the page': [[left, served, left, served, left, served], 5000, []],
};

test.each(Object.entries(logs))('%s', (_, [lines, agoMs, kinds]) => {
  if ('problem' in format) throw new Error('no format');
  const { match, record, program } = createAccessMatcher(format.format);
  const clients = createImpactTally(() => 'app', nowMs);
  for (const line of lines) {
    expect(match(Buffer.from(`${line}\n`), 0)).toBeGreaterThan(0);
    clients.record(record, program.has, false, nowMs - agoMs);
  }
  const sockets = { retried: 0, unacknowledged: 0, unread: 0 };
  const seen = [{ peer, upstream: 'app', sockets, answers: null, left: clients.left(peer) }];
  const none = { peers: [], groups: [], names: [], nginx: new Map() };
  const { peers } = withPending(none, seen, [], nowMs);
  expect(peers.flatMap(({ failures }) => [...failures.keys()])).toEqual(kinds);
});
