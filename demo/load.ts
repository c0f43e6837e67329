/** A gentle load: each upstream in turn, one request at a time, never more outstanding than a few. */
import { ask } from './server.ts';

export interface Load {
  stop(): void;
}

const mostOutstanding = 40;

export function startLoad(url: string, upstreams: readonly string[], perSecond: number): Load {
  let outstanding = 0;
  let turn = 0;
  const timer = setInterval(() => {
    if (outstanding >= mostOutstanding) return;
    outstanding++;
    const upstream = upstreams[turn++ % upstreams.length];
    ask(`${url}/${upstream}`)
      .catch(() => undefined)
      .finally(() => {
        outstanding--;
      });
  }, 1_000 / perSecond);
  return { stop: () => clearInterval(timer) };
}
