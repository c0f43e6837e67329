import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPeerMemory, recall } from '../../../collector/diagnose/facts/memory.ts';
import { createProber } from '../../../collector/diagnose/facts/probe.ts';
import { owner } from '../facts-kit.ts';

const peer = '127.0.0.1:8080';
const ownerOf = () => owner;
const listens = new Map([[peer, { uid: 33, inode: 7 }]]);
const gone = new Map([[peer, null]]);

test('what listened is remembered after it is gone, with the OOM kills of just then, also by who reads it', () => {
  const memory = createPeerMemory();
  expect(memory.look(listens, { ms: 1000, oomKills: 3 }, ownerOf)).toBe(true);
  expect(memory.look(listens, { ms: 2000, oomKills: 3 }, ownerOf)).toBe(false);
  expect(memory.look(gone, { ms: 3000, oomKills: 4 }, ownerOf)).toBe(true);
  // Kills later than that are somebody else's.
  expect(memory.look(gone, { ms: 4000, oomKills: 9 }, ownerOf)).toBe(false);
  const expected = {
    watchedSinceMs: 1000,
    listeningMs: 2000,
    sinceMs: null,
    connectedMs: null,
    besides: null,
    endedMs: [3000],
    inode: 7,
    owner,
    oomKills: 1,
  };
  expect(memory.remembered(peer)).toEqual(expected);
  expect(recall(memory.text())(peer)).toEqual(expected);
  expect(memory.remembered('10.0.0.1:80')).toBeNull();
});

test('a process that is being killed still listens for a moment: the kill counts', () => {
  const memory = createPeerMemory();
  memory.look(listens, { ms: 1000, oomKills: 3 }, ownerOf);
  memory.look(listens, { ms: 60_000, oomKills: 4 }, ownerOf);
  memory.look(gone, { ms: 61_000, oomKills: 4 }, ownerOf);
  expect(memory.remembered(peer)?.oomKills).toBe(1);
  memory.look(listens, { ms: 62_000, oomKills: 4 }, ownerOf);
  memory.look(listens, { ms: 90_000, oomKills: 4 }, ownerOf);
  memory.look(gone, { ms: 91_000, oomKills: 4 }, ownerOf);
  expect(memory.remembered(peer)?.oomKills).toBe(0);
});

test('a peer that never listened is known as such', () => {
  const memory = createPeerMemory();
  memory.look(gone, { ms: 1000, oomKills: null }, ownerOf);
  memory.look(gone, { ms: 2000, oomKills: null }, ownerOf);
  expect(memory.remembered(peer)).toMatchObject({
    watchedSinceMs: 1000,
    listeningMs: null,
    endedMs: [],
    inode: null,
    owner: null,
    oomKills: null,
  });
});

test('a container that the plugin first saw gone: what listens there later began then, and no rule refused before', () => {
  const memory = createPeerMemory();
  memory.look(gone, { ms: 1000, oomKills: null }, ownerOf);
  memory.look(listens, { ms: 4000, oomKills: null }, ownerOf);
  memory.look(listens, { ms: 7000, oomKills: null }, ownerOf);
  expect(memory.remembered(peer)).toMatchObject({ watchedSinceMs: 1000, sinceMs: 4000, endedMs: [] });
  const connected = createPeerMemory();
  connected.connected(peer, 500);
  connected.look(listens, { ms: 1000, oomKills: null }, ownerOf);
  expect(connected.remembered(peer)?.sinceMs).toBeNull();
});

test('a restart before the first check: the connections from before it do not vouch for the new socket', () => {
  const memory = createPeerMemory();
  memory.connected(peer, 500);
  memory.look(listens, { ms: 9000, oomKills: null }, ownerOf);
  memory.look(listens, { ms: 12_000, oomKills: null }, ownerOf);
  expect(memory.remembered(peer)).toMatchObject({ watchedSinceMs: 9000, connectedMs: 500 });
  const next = createPeerMemory();
  next.restore(memory.text(), 20_000);
  next.look(listens, { ms: 21_000, oomKills: null }, ownerOf);
  expect(next.remembered(peer)?.watchedSinceMs).toBe(21_000);
});

test('a restarted process is a new socket, and a new owner is asked for', () => {
  const memory = createPeerMemory();
  const asked: number[] = [];
  const remember = (_: number, inode: number) => {
    asked.push(inode);
    return owner;
  };
  for (const inode of [7, 7, 8]) {
    memory.look(new Map([[peer, { uid: 33, inode }]]), { ms: 1000 + inode, oomKills: 0 }, remember);
  }
  expect(asked).toEqual([7, 8]);
});

test('the next process continues with what was written down, but for what only a live check shows, and what is old', () => {
  const before = createPeerMemory();
  before.look(new Map([...listens, ['b:1', { uid: 33, inode: 8 }], ['c:1', null]]), { ms: 1000, oomKills: 3 }, ownerOf);
  before.look(gone, { ms: 2000, oomKills: 4 }, ownerOf);
  const memory = createPeerMemory();
  memory.look(new Map([['b:1', null]]), { ms: 9000, oomKills: 9 }, ownerOf);
  memory.restore(before.text(), 9000);
  const expected = {
    watchedSinceMs: 1000,
    listeningMs: 1000,
    sinceMs: null,
    connectedMs: null,
    besides: null,
    endedMs: [2000],
    inode: null,
    owner,
    oomKills: 1,
  };
  expect(memory.remembered(peer)).toEqual(expected);
  expect(memory.look(gone, { ms: 10_000, oomKills: 99 }, ownerOf)).toBe(false);
  expect(memory.remembered(peer)).toEqual(expected);
  expect([memory.remembered('b:1')?.listeningMs, memory.remembered('c:1')]).toEqual([null, null]);
  expect(memory.look(listens, { ms: 11_000, oomKills: 99 }, ownerOf)).toBe(true);
  expect(memory.remembered(peer)?.listeningMs).toBe(11_000);

  const late = createPeerMemory();
  late.restore(before.text(), 1000 + 8 * 86_400_000);
  expect(late.remembered(peer)).toBeNull();
});

test('no file of another user makes recalling throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => recall(text)('a') === null || true));
  fc.assert(fc.property(fc.json(), (text) => createPeerMemory().restore(text, 0)));
  expect(recall('{"a":{"watchedSinceMs":1,"owner":{"uid":"x"}}}')('a')).toMatchObject({
    watchedSinceMs: 1,
    listeningMs: null,
    owner: null,
    oomKills: null,
  });
  expect(recall('{}')('__proto__')).toBeNull();
});

test('the probe: paced per peer, and only where nothing stands in the way', async () => {
  let ms = 0;
  const asked: string[] = [];
  const connect = async (host: string) => {
    asked.push(host);
    return { is: 'failed', code: 'ECONNREFUSED' } as const;
  };
  const prober = createProber('on-failure', connect, () => ms);
  const target = { peer, host: '127.0.0.1', port: 8080, obstacle: null };
  expect(await prober.probe(target)).toEqual({ is: 'refused' });
  ms = 9999;
  expect(await prober.probe(target)).toEqual({ is: 'not_probed', why: 'too_soon' });
  expect(await prober.probe({ ...target, peer: 'b', host: '10.0.0.1' })).toEqual({ is: 'refused' });
  ms = 10_000;
  expect(await prober.probe(target)).toEqual({ is: 'refused' });
  expect(await prober.probe({ ...target, peer: 'c', obstacle: 'not_configured' })).toEqual({
    is: 'not_probed',
    why: 'not_configured',
  });
  expect(await createProber('off', connect, () => ms).probe(target)).toEqual({ is: 'not_probed', why: 'off' });
  expect(asked).toEqual(['127.0.0.1', '10.0.0.1', '127.0.0.1']);
});
