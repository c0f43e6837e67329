/** The running plugin and names: a resolver that is slow, or dead, holds up nothing and collects no questions. */
import { expect, test } from 'vitest';
import { createPeerNames } from '../../../collector/runtime/nginx/peer-names.ts';
import { createNameBudget, nameBounds } from '../../../collector/system/network/ask-names.ts';
import type { Resolution } from '../../../collector/system/network/dns.ts';
import { configurationOf } from '../../nginx/memory-files.ts';
import { sleep } from '../../support/wait.ts';

const second = 1_000_000;

function serversOf(names: readonly string[]) {
  return configurationOf(`http { upstream u { ${names.map((name) => `server ${name}:80;`).join(' ')} } }`);
}

function watched(names: readonly string[], answer: (name: string) => Promise<Resolution>) {
  const asked: string[] = [];
  const troubles: (string | null)[] = [];
  const rings: (() => void)[] = [];
  let configuration = serversOf(names);
  const peers = createPeerNames({
    resolve(name) {
      asked.push(name);
      return answer(name);
    },
    configuration: () => configuration,
    onChange: () => undefined,
    onTrouble: (text) => troubles.push(text),
    onError(error) {
      throw error;
    },
    createBudget: () => createNameBudget((done) => rings.push(done)),
  });
  return {
    asked,
    troubles,
    peers,
    rounds: () => rings.length,
    /** The time of the round that is running is up. */
    async ring() {
      rings.at(-1)?.();
      await sleep(0);
    },
    reload() {
      configuration = serversOf(names);
    },
  };
}

const never = () => new Promise<Resolution>(() => undefined);
const at = async (address: string): Promise<Resolution> => ({ ok: true, addresses: [address] });
const manyNames = (count: number) => Array.from({ length: count }, (_, each) => `a${each}`);

test('a resolver that never answers: one round at a time, a few names each, none said to be gone', async () => {
  const world = watched(manyNames(2000), never);
  world.peers.loaded(0);
  for (let tick = 1; tick <= 100; tick++) world.peers.renew(tick * second);
  expect(world.rounds()).toBe(1);
  expect(world.asked).toHaveLength(nameBounds.atOnce);
  expect(world.peers.isBehind()).toBe(true);
  await world.ring();
  expect(world.peers.isBehind()).toBe(false);
  expect(world.peers.addresses()).toEqual(new Map());
  expect(world.troubles).toEqual(['of 2000 names of servers only the first 1000 are asked for']);
});

test.each([{ servers: ['10.0.0.1', '10.0.0.2'] }, { servers: ['[2001:db8::1]'] }, { servers: [] }])(
  'where no server has a name ($servers) the first tick has nothing to wait for',
  ({ servers }) => {
    const world = watched(servers, never);
    world.peers.loaded(0);
    expect(world.peers.isBehind()).toBe(false);
    expect(world.asked).toEqual([]);
    expect(world.rounds()).toBe(0);
  },
);

test('a slow resolver: names without an answer come first in the next round, and what is wrong is said once', async () => {
  let isSlow = true;
  const names = manyNames(10);
  const world = watched(names, (name) => (isSlow && Number(name.slice(1)) >= 3 ? never() : at('10.0.0.1')));
  world.peers.loaded(0);
  await sleep(0);
  await world.ring();
  expect([...world.peers.addresses().keys()]).toEqual(['a0', 'a1', 'a2']);
  isSlow = false;
  world.asked.length = 0;
  world.peers.renew(9 * second);
  expect(world.asked).toEqual([]);
  world.peers.renew(10 * second);
  await sleep(0);
  expect(world.asked).toEqual([...names.slice(3), 'a0', 'a1', 'a2']);
  expect([...world.peers.addresses().keys()]).toEqual(names);
  expect(world.troubles).toEqual(['some names of servers had no answer within 5 s: the resolver is slow', null]);
});

test('an nginx that loads again while the resolver hangs keeps its peers, and a late first answer is no move', async () => {
  let address = '10.0.0.1';
  let isSlow = false;
  const world = watched(['app', 'db'], (name) => (isSlow && name === 'db' ? never() : at(address)));
  world.peers.loaded(0);
  await sleep(0);
  isSlow = true;
  address = '10.0.0.2';
  world.reload();
  world.peers.loaded(second);
  await sleep(0);
  await world.ring();
  expect(Object.fromEntries(world.peers.addresses())).toEqual({ app: ['10.0.0.2'], db: ['10.0.0.1'] });
  isSlow = false;
  world.peers.renew(11 * second);
  await sleep(0);
  expect(Object.fromEntries(world.peers.addresses())).toEqual({ app: ['10.0.0.2'], db: ['10.0.0.2'] });
  expect(world.troubles.at(-1)).toBe(null);
  address = '10.0.0.3';
  world.peers.renew(71 * second);
  await sleep(0);
  expect(world.peers.addresses().get('app')).toEqual(['10.0.0.2']);
  expect(world.troubles.at(-1)).toBe(
    'app resolves to 10.0.0.3, nginx uses 10.0.0.2; db resolves to 10.0.0.3, nginx uses 10.0.0.2: reload nginx',
  );
});
