import { expect, test } from 'vitest';
import { createInstances } from '../../collector/aggregate/instances.ts';
import { growsLinearly } from '../support/growth.ts';

const second = 1_000_000;

function create(log = 2, configured = 100, isShared?: (upstream: string) => boolean) {
  const instances = createInstances({ log, configured }, () => ({}), isShared);
  const names = () => Array.from(instances.all(), ({ upstream, peer, origin }) => `${upstream} ${peer} ${origin}`);
  return { ...instances, names };
}
const a = { upstream: 'app', peer: 'a' };
const b = { upstream: 'app', peer: 'b' };

test('what leaves the configuration is gone, counts on for a minute when old workers name it, and no longer', () => {
  const { configure, expire, at, names } = create();
  configure([a, b], 0);
  const before = at('app', 'a', second);
  configure([b], 100 * second);
  expect(names()).toEqual(['app b configured']);
  expect(at('app', 'a', 159 * second)).toBe(before);
  expire(159 * second);
  expect(names()).toContain('app a log');
  expire(160 * second);
  expect(names()).toEqual(['app b configured']);
});

test('what comes back within the minute stays', () => {
  const { configure, expire, names } = create();
  configure([a], 0);
  configure([], second);
  configure([a], 2 * second);
  expire(3_700 * second);
  expect(names()).toEqual(['app a configured']);
});

test('what a log brought becomes configured, and makes room for another', () => {
  const { configure, at, names, overCap } = create(1);
  at('app', 'a', 0);
  configure([a, b], 0);
  at('app', 'c', 0);
  at('app', 'd', 0);
  expect(names()).toEqual(['app a configured', 'app b configured', 'app c log', 'other other other']);
  expect(overCap()).toBe(1);
});

test('of more configured ones than have room, those that fail come first', () => {
  const peers = Array.from({ length: 5 }, (_, number) => ({ upstream: 'app', peer: `${number}` }));
  const { configure, at, names, overCap, expire } = create(2, 2);
  configure(peers, 0);
  expect(names()).toEqual(['app 0 configured', 'app 1 configured']);
  expect(at('app', '4', second).peer).toBe('other');
  expect(overCap()).toBe(1);
  at('app', '0', second, true);
  expect(at('app', '4', second, true).peer).toBe('4');
  expect(names()).toEqual(['app 0 configured', 'app 4 configured', 'other other other']);
  // All that have a place fail: the others share one.
  expect(at('app', '2', second, true).peer).toBe('other');
  expect(at('app', '4', second).peer).toBe('4');
  // An hour later those are quiet.
  expire(3_700 * second);
  expect(at('app', '3', 3_700 * second, true).peer).toBe('3');
});

test('those that have their place keep it when the configuration is read again', () => {
  const peers = Array.from({ length: 4 }, (_, number) => ({ upstream: 'app', peer: `${number}` }));
  const { configure, at, names } = create(2, 2);
  configure(peers, 0);
  const third = at('app', '3', second, true);
  configure([...peers].reverse(), 2 * second);
  expect(names()).toContain('app 3 configured');
  expect(at('app', '3', 3 * second)).toBe(third);
});

test('ten thousand configured peers that all fail: the work grows with their number only', () => {
  const failing = (count: number) => {
    const peers = Array.from({ length: count }, (_, number) => ({ upstream: 'app', peer: `${number}` }));
    const { configure, at, names } = create(50, count / 10);
    configure(peers, 0);
    return () => {
      for (const { upstream, peer } of peers) at(upstream, peer, second, true);
      return names();
    };
  };
  expect(failing(10_000)()).toHaveLength(1001);
  growsLinearly(failing, 1250);
});

test('of an upstream that the request decides about, peers share one instance, but for configured ones', () => {
  const { configure, at, names } = create(50, 100, (upstream) => upstream === 'http://$host');
  configure([{ upstream: 'http://$host', peer: 'other' }, { upstream: 'http://$host', peer: '10.0.0.1:80' }, a], 0);
  for (let port = 1; port <= 100; port++) expect(at('http://$host', `192.0.2.1:${port}`, 0).peer).toBe('other');
  expect(at('http://$host', '10.0.0.1:80', 0).peer).toBe('10.0.0.1:80');
  expect(at('app', '192.0.2.1:1', 0).peer).toBe('192.0.2.1:1');
  expect(names()).toHaveLength(4);
});

test('what only a log brought goes after an hour of silence', () => {
  const { at, expire, names } = create();
  at('app', 'a', 0);
  expire(3_599 * second);
  expect(names()).toHaveLength(1);
  expire(3_600 * second);
  expect(names()).toEqual([]);
});
