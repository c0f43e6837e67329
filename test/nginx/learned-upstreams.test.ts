import { expect, test } from 'vitest';
import type { UpstreamOf } from '../../collector/model.ts';
import { createLearnedUpstreams } from '../../collector/nginx/learned-upstreams.ts';

/** ingress-nginx: one group, whose peers Lua chooses; and one address that the configuration has. */
const ofIngress: UpstreamOf = (peer, host) => (peer === '10.0.0.9:80' ? 'fixed' : (host ?? 'upstream_balancer'));
/** Its configuration cannot be read. */
const ofNothing: UpstreamOf = (peer, host) => host ?? peer;
const pod = '10.244.0.5:8080';

type Asked = readonly [peer: string, host: string | null, protocol?: Parameters<UpstreamOf>[2]];
const told: Readonly<Record<string, readonly [UpstreamOf, readonly Asked[], string]>> = {
  'a pod that no request has named': [ofIngress, [[pod, null]], 'upstream_balancer'],
  'the same by its access log': [
    ofIngress,
    [
      [pod, 'default-web-80'],
      [pod, null],
    ],
    'default-web-80',
  ],
  'without a configuration': [
    ofNothing,
    [
      [pod, 'default-web-80'],
      [pod, null],
    ],
    'default-web-80',
  ],
  'without a configuration, named by nobody': [ofNothing, [[pod, null]], pod],
  'of another pod': [
    ofIngress,
    [
      [pod, 'default-web-80'],
      ['10.244.0.6:8080', null],
    ],
    'upstream_balancer',
  ],
  'another service has the address since': [
    ofIngress,
    [
      [pod, 'default-web-80'],
      [pod, 'default-api-80'],
      [pod, null],
    ],
    'default-api-80',
  ],
  'what the configuration has': [
    ofIngress,
    [
      ['10.0.0.9:80', 'default-web-80'],
      ['10.0.0.9:80', null],
    ],
    'fixed',
  ],
  'a log that has no name for it': [
    (peer, host) => (host === '-' ? peer : (host ?? peer)),
    [
      [pod, '-'],
      [pod, null],
    ],
    pod,
  ],
  'a group says nothing': [
    ofIngress,
    [
      [pod, 'upstream_balancer'],
      [pod, null],
    ],
    'upstream_balancer',
  ],
  'a stream has other peers': [
    ofIngress,
    [
      [pod, 'default-web-80'],
      [pod, null, 'stream'],
    ],
    'upstream_balancer',
  ],
  'mail has other peers': [
    ofNothing,
    [
      [pod, 'default-web-80'],
      [pod, null, 'mail'],
    ],
    pod,
  ],
};

test.each(Object.entries(told))('%s', (_, [base, asked, expected]) => {
  const upstreamOf = createLearnedUpstreams(base, (name) => name === 'upstream_balancer');
  const answers = asked.map(([peer, host, protocol = 'http']) => upstreamOf(peer, host, protocol));
  expect(answers.at(-1)).toBe(expected);
});

test('thousands of pods come and go: the latest are known', () => {
  const upstreamOf = createLearnedUpstreams(ofIngress, (name) => name === 'upstream_balancer');
  for (let at = 0; at < 6000; at += 1) upstreamOf(`10.1.${at >> 8}.${at & 255}:80`, `service-${at}`, 'http');
  expect([upstreamOf('10.1.0.0:80', null, 'http'), upstreamOf('10.1.23.111:80', null, 'http')]).toEqual([
    'upstream_balancer',
    'service-5999',
  ]);
});
