/** Whose requests failed, and who made the errors: columns of the view `peers`, from log lines on. */
import { expect, test } from 'vitest';
import { createFailedServers } from '../../collector/aggregate/failures/servers.ts';
import { peerRows } from '../../collector/functions/views/peer-rows.ts';
import { peersView } from '../../collector/functions/views/peers.ts';
import { createWatch } from '../../collector/functions/watch.ts';
import type { ErrorMaker } from '../../collector/model.ts';
import { at, atRest, job, peer, upstream } from './jobs-kit.ts';

function row(serverErrors: Partial<Record<ErrorMaker, number>> | null, servers?: readonly string[]) {
  const shop = {
    ...upstream('shop', {}, { ok: 10 }),
    ...(serverErrors && { serverErrors: { nginx: 0, application: 0, unclear: 0, ...serverErrors } }),
  };
  const jobs = [job([shop], [peer({ upstream: 'shop', peer: '10.0.0.1:80', more: servers ? { servers } : {} })])];
  const watch = createWatch();
  watch.observe(atRest(jobs), at(0));
  watch.observe(jobs, at(10));
  const [first] = peerRows(watch.jobs());
  if (first === undefined) throw new Error('no row');
  return Object.fromEntries(peersView.columns.map(({ id, value }) => [id, value(first)]));
}

test.each([
  [{ nginx: 3, application: 1 }, 75, 25],
  [{ application: 7 }, 0, 100],
  [{ nginx: 1, application: 1, unclear: 1 }, 33.3, 33.3],
  [{ unclear: 4 }, 0, 0],
  [{}, null, null],
  [null, null, null],
])('%j', (errors, nginx, application) => {
  expect(row(errors)).toMatchObject({ NginxErrors: nginx, ApplicationErrors: application });
});

test('the servers of a peer, in an order that does not change with each failure', () => {
  expect(row(null, ['shop.example', '_'])['Server']).toBe('_, shop.example');
  expect(row(null, ['_', 'shop.example'])['Server']).toBe('_, shop.example');
  expect(row(null)['Server']).toBe('');
});

test('the latest three servers of the last hour, and no sentence of a client', () => {
  const servers = createFailedServers();
  const minute = 60_000_000;
  expect(servers.shown(0)).toEqual({});
  for (const [i, name] of ['a', 'b', 'c', 'd', 'b', '', null].entries()) servers.record(name, i * minute);
  expect(servers.shown(10 * minute)).toEqual({ servers: ['b', 'd', 'c'] });
  for (const hostile of ['click here', 'a"b', "a'b", '<script>', 'x'.repeat(101), 'a\u202eb', 'a\tb'])
    servers.record(hostile, minute);
  expect(servers.shown(10 * minute)).toEqual({ servers: ['b', 'd', 'c'] });
  servers.record('~^(?!x).+\\.example$', 11 * minute);
  expect(servers.shown(11 * minute)).toEqual({ servers: ['~^(?!x).+\\.example$', 'b', 'd'] });
  expect(servers.shown(72 * minute)).toEqual({});
});
