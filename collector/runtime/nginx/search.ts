import { createPace } from '../../aggregate/pace.ts';
import { createCandidates } from '../../discover/find/candidates.ts';
import { type DiscoveryPorts, type FoundHere, findNginx, procOf } from '../../discover/find/find-nginx.ts';

/** The search for the nginx that run here, as often as it is cheap. */
export interface NginxSearch {
  /** @param isAnyGone an nginx that was there is gone: it is likely to come back at once */
  isDue(nowUs: number, isAnyGone: () => boolean): boolean;
  /**
   * Searches.
   *
   * @param use gets what is here and the pids of all masters that are followed; not called while all masters are those of a
   *   moment ago
   */
  run(nowUs: number, use: (here: FoundHere, masters: Set<number>) => void): void;
}

/** What a process shows of itself is complete only some time after it started. */
const settlingUs = 15_000_000;
/** Files may change what a process does not show: a configuration is installed, another one is meant. */
const completeUs = 10_000_000;

export function createNginxSearch(
  ports: DiscoveryPorts & { readonly clock: { readonly monotonicUs: () => number } },
): NginxSearch {
  const { clock } = ports;
  const calm = createPace({ share: 0.0004, longestUs: 10_000_000 });
  const urgent = createPace({ share: 0.01, longestUs: 10_000_000 });
  const candidates = createCandidates(procOf(ports));
  let seen: string | null = null;
  let changedUs = Number.NEGATIVE_INFINITY;
  let completedUs = Number.NEGATIVE_INFINITY;

  return {
    isDue: (nowUs, isAnyGone) => calm.isDue(nowUs) || (urgent.isDue(nowUs) && isAnyGone()),
    run(nowUs, use) {
      const startedUs = clock.monotonicUs();
      try {
        const titled = candidates.look(nowUs);
        const now = titled.map(({ pid, args }) => `${pid} ${args}`).join('\n');
        if (now !== seen) changedUs = nowUs;
        seen = now;
        if (nowUs - changedUs >= settlingUs && nowUs - completedUs < completeUs) return;
        completedUs = nowUs;
        const masters = new Set<number>();
        const pids = titled.map(({ pid }) => pid);
        const here = findNginx(ports, (pid) => masters.add(pid), pids);
        use(here, masters);
      } finally {
        for (const pace of [calm, urgent]) pace.spent(nowUs, clock.monotonicUs() - startedUs);
      }
    },
  };
}
