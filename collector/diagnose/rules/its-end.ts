/** A process that ends breaks the connections it has: those breaks belong to that end. Pure. */
import type { FailureKind } from '../../model.ts';
import { dated, ended, type Finding, found, ofEnd } from '../finding.ts';
import type { KindFailures } from '../impact/traffic.ts';
import { apartMs, type Case, isOlderThanListener, lasted, sinceLast, succeededSince, visibleHome } from './case.ts';
import { refused } from './connect/refused.ts';
import { unixRules } from './connect/unix.ts';
import { signs } from './signs.ts';

/** What the end of a process does to a request in flight. */
const breaking: ReadonlySet<FailureKind> = new Set(['reset', 'closed_early']);
/** All connections of one process break at one moment; log lines have full seconds and come from several workers. */
const momentMs = 2000;

/** A process may take a while to end, and breaks what it has meanwhile. */
const earlierMs = 15_000;

/** What nginx meets where a process, its socket, its container or its host is gone; silence it notices only in time. */
const afterEnd = [
  ['refused', 0],
  ['socket_missing', 0],
  ['unreachable', 60_000],
  ['timed_out', 60_000],
] as const;

/** It could not be connected to afterwards: that explains everything. Lines have full seconds. */
function isBeforeRefusals(one: Case): boolean {
  const { peer, failures } = one;
  return afterEnd.some(([kind, noticedMs]) => {
    const refusals = peer.failures.get(kind);
    if (refusals === undefined || refusals.lastMs < failures.lastMs) return false;
    // No end of a process breaks requests for long, nor did one that broke long before the first refusal.
    if (noticedMs > 0 && lasted(one) > earlierMs) return false;
    if (failures.firstMs < refusals.firstMs - earlierMs - noticedMs) return false;
    return noticedMs > 0 || isWithin(failures, refusals);
  });
}

/**
 * Refused at its start and at its end, and broken all the while between: it took connections, and that is another story.
 * Of many bursts only the last few are kept.
 */
function isWithin({ bursts = [] }: KindFailures, refusals: KindFailures): boolean {
  const refused = refusals.bursts ?? [];
  const [first] = refused;
  if (first === undefined) return true;
  return bursts
    .filter(({ lastMs }) => lastMs >= first.firstMs)
    .every(({ firstMs, lastMs }) =>
      refused.some((each) => firstMs >= each.firstMs - earlierMs && lastMs <= each.lastMs + momentMs),
    );
}

/** Nobody listens any more, and no request came since that was refused. */
function isGone({ peer: { tcp, unix, isUdp } }: Case): boolean {
  if (unix !== null) return !unix.listening;
  if (tcp === null || isUdp || tcp.probe.is === 'connected' || tcp.behind !== null) return false;
  if (visibleHome(tcp) === null) return tcp.probe.is === 'refused';
  return tcp.serving.length + tcp.perhapsServing.length === 0;
}

/** Another process listens since, and nothing has broken there. */
function isReplaced(one: Case): boolean {
  const { tcp } = one.peer;
  if (tcp === null || lasted(one) > momentMs || !isOlderThanListener({ ...one, tcp })) return false;
  return succeededSince(one) || sinceLast(one) > apartMs;
}

/**
 * @returns what connections that broke with the end of their process mean; empty where its refusals say so already;
 * null where no such end explains them
 */
export function brokenByItsEnd(kind: FailureKind, one: Case): readonly Finding[] | null {
  if (!breaking.has(kind)) return null;
  const { peer, time } = one;
  if (isBeforeRefusals(one)) return [];
  if (isGone(one)) {
    if (peer.unix !== null) return unixRules('refused', one, peer.unix);
    return peer.tcp === null ? null : refused({ ...one, tcp: peer.tcp });
  }
  if (!isReplaced(one)) return null;
  const serving = peer.tcp?.serving ?? [];
  const evidence = [
    dated(`requests in flight were cut off at ${time(one.failures.lastMs)}`),
    ofEnd(`their process has ended since: ${signs.listens(serving)}, which started later`),
    succeededSince(one) ? ofEnd('requests to it have succeeded since') : null,
  ];
  return [ended(found('restarting', 'likely', evidence, ['an ongoing outage']))];
}
