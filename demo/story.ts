/** The script of failures: what happens, for how long, and what to check. */
import type { Backend } from './backends.ts';

/** What the story acts on. */
export interface Stage {
  readonly shop: readonly Backend[];
  readonly api: readonly Backend[];
}

/** A dimension that the failure moves. */
export interface Look {
  /** The last part of the chart's context. */
  readonly chart: string;
  readonly upstream: string;
  readonly peer?: string;
  readonly dimension: string;
  /** It counts as moved above this value; 0 by default. */
  readonly above?: number;
}

export interface Scene {
  /** Its share of the total, in percent. */
  readonly share: number;
  readonly tells: string;
  readonly detail?: string;
  readonly looks?: readonly Look[];
  act(): Promise<unknown>;
}

/** Seconds, by default: long enough for the alerts that wait for a minute. */
export const usualSeconds = 300;

export function writeStory({ shop, api }: Stage): readonly Scene[] {
  const [firstShop] = shop;
  const [firstApi, otherApi] = api;
  if (!firstShop || !firstApi || !otherApi) return [];
  const all = (backends: readonly Backend[], act: (backend: Backend) => Promise<void>) => () =>
    Promise.all(backends.map(act));
  return [
    {
      share: 8,
      tells: `All is well: two upstreams, shop (${shop.length} peers) and api (${api.length} peers).`,
      act: async () => undefined,
    },
    {
      share: 24,
      tells: `A backend of shop stops: ${firstShop.address} refuses connections.`,
      detail: 'nginx retries at another peer, so clients notice nothing (masked).',
      looks: [
        { chart: 'peer_failures', upstream: 'shop', peer: firstShop.address, dimension: 'refused' },
        { chart: 'client_outcomes', upstream: 'shop', dimension: 'masked' },
      ],
      act: firstShop.refuse,
    },
    { share: 4, tells: 'It is back.', act: () => firstShop.answer() },
    {
      share: 28,
      tells: 'All backends of shop stop.',
      detail: 'nginx has no peer left: clients get 502.',
      looks: [
        { chart: 'client_outcomes', upstream: 'shop', dimension: 'bad_gateway' },
        { chart: 'upstream_failures', upstream: 'shop', dimension: 'no_live' },
      ],
      act: all(shop, (backend) => backend.refuse()),
    },
    { share: 6, tells: 'They are back.', act: all(shop, (backend) => backend.answer()) },
    {
      share: 13,
      tells: `A backend of api stops accepting: connections to ${firstApi.address} get no answer.`,
      detail: 'Clients wait until nginx gives up (proxy_connect_timeout) and tries the other peer.',
      looks: [{ chart: 'peer_failures', upstream: 'api', peer: firstApi.address, dimension: 'timed_out' }],
      act: firstApi.hang,
    },
    {
      share: 13,
      tells: `The remaining backend, ${otherApi.address}, becomes slow: 400 ms.`,
      looks: [{ chart: 'response_time', upstream: 'api', dimension: 'p95', above: 300 }],
      act: () => otherApi.answer(400),
    },
    { share: 4, tells: 'All backends work again.', act: all(api, (backend) => backend.answer()) },
  ];
}
