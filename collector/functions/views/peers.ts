/** The view `peers`: which peer fails, how badly, whom it affects, why, and what to do. One row a peer. */
import { sumOf, total } from '../../base/collections.ts';
import type { ErrorMaker, TcpState } from '../../model.ts';
import type { PeerMinute } from '../watch.ts';
import { causeText, generalFix } from '../words.ts';
import { type PeerRow, peerSeverity } from './peer-rows.ts';
import type { Column, TableView } from './table.ts';

/** `refused 12, reset 1`: the most frequent first. */
export function kindsText(kinds: Iterable<readonly [string, number]>): string {
  return [...kinds]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => `${causeText(kind)} ${count}`)
    .join(', ');
}

/** With one decimal; null of nothing. */
const percent = (part: number, all: number): number | null => (all === 0 ? null : Math.round((1000 * part) / all) / 10);

/** Attempts that failed to connect, of all, in percent; null without attempts, or where the log_format cannot show. */
function failedShare({ attempts }: PeerMinute): number | null {
  const counts = attempts.sums();
  const failed = counts.get('connect_failed') ?? 0;
  const all = failed + (counts.get('connected') ?? 0) + (counts.get('reused') ?? 0);
  return percent(failed, all);
}

/** Of the 5xx that clients of the upstream got within the minute, in percent; null without any. */
function errorShare({ upstream }: PeerMinute, maker: ErrorMaker): number | null {
  const counts = upstream?.serverErrors.sums();
  const all = total(counts?.values() ?? []);
  return percent(counts?.get(maker) ?? 0, all);
}

const sockets = (state: TcpState, name: string, hidden: boolean): Column<PeerRow> => ({
  id: name,
  name,
  look: 'number',
  units: 'sockets',
  hidden,
  value: ({ of }) => of.snapshot.sockets?.states[state] ?? null,
});

const milliseconds = (
  id: string,
  name: string,
  hidden: boolean,
  value: (of: PeerMinute) => number | undefined,
): Column<PeerRow> => ({
  id,
  name,
  look: 'number',
  units: 'ms',
  hidden,
  summary: 'max',
  value: ({ of }) => value(of) ?? null,
});

const columns: readonly Column<PeerRow>[] = [
  {
    id: 'Row',
    name: 'Row',
    look: 'text',
    hidden: true,
    key: true,
    value: ({ of }) => `${of.job} ${of.snapshot.upstream} ${of.snapshot.peer}`,
  },
  { id: 'Upstream', name: 'Upstream', look: 'text', sticky: true, value: ({ of }) => of.snapshot.upstream },
  { id: 'Peer', name: 'Peer', look: 'text', sticky: true, value: ({ of }) => of.snapshot.peer },
  { id: 'Server', name: 'Server', look: 'text', value: ({ of }) => [...(of.snapshot.servers ?? [])].sort().join(', ') },
  { id: 'State', name: 'State', look: 'pill', value: ({ state }) => state },
  {
    id: 'Affected',
    name: 'Clients affected',
    look: 'number',
    units: 'requests/min',
    summary: 'max',
    value: ({ affected }) => affected,
  },
  {
    id: 'Masked',
    name: 'Hidden by a retry',
    look: 'number',
    units: 'requests/min',
    summary: 'max',
    value: ({ masked }) => masked,
  },
  { id: 'Failures', name: 'Failures', look: 'number', units: 'failures/min', value: ({ failures }) => failures },
  { id: 'Kinds', name: 'Kinds', look: 'text', value: ({ of }) => kindsText(of.failures.sums()) },
  { id: 'NginxErrors', name: '5xx by nginx', look: 'share', units: '%', value: ({ of }) => errorShare(of, 'nginx') },
  {
    id: 'ApplicationErrors',
    name: '5xx by the application',
    look: 'share',
    units: '%',
    value: ({ of }) => errorShare(of, 'application'),
  },
  { id: 'FailedShare', name: 'Failed attempts', look: 'share', units: '%', value: ({ of }) => failedShare(of) },
  {
    id: 'Cause',
    name: 'Cause',
    look: 'text',
    value: ({ verdict, state, failures }) => {
      if (verdict !== null) return causeText(verdict.cause);
      return (failures ?? 0) > 0 || state === 'silent' ? 'not known yet' : 'none';
    },
  },
  { id: 'Sureness', name: 'How sure', look: 'text', value: ({ verdict }) => verdict?.sureness ?? '' },
  { id: 'Since', name: 'Since', look: 'time', value: ({ of }) => of.failingSinceMs },
  {
    id: 'Fix',
    name: 'Fix',
    look: 'text',
    wide: true,
    value: ({ of, verdict }) => (verdict === null ? '' : generalFix(verdict.cause, of.snapshot.peer)),
  },
  milliseconds('ConnectP50', 'Connect p50', true, ({ connectTime }) => connectTime?.p50),
  milliseconds('ConnectP95', 'Connect p95', false, ({ connectTime }) => connectTime?.p95),
  milliseconds('ConnectMax', 'Connect max', true, ({ connectTime }) => connectTime?.max),
  milliseconds('ResponseP95', 'Response p95', false, ({ responseTime }) => responseTime?.p95),
  {
    id: 'Attempts',
    name: 'Attempts',
    look: 'number',
    units: 'attempts/min',
    hidden: true,
    value: ({ of }) => {
      const { attempts } = of;
      if (!attempts.isKnown()) return null;
      return sumOf([...attempts.sums()], ([kind, count]) => (kind.startsWith('status_') ? 0 : count));
    },
  },
  sockets('syn_sent', 'SYN-SENT', false),
  sockets('established', 'ESTABLISHED', true),
  sockets('time_wait', 'TIME-WAIT', true),
  sockets('close_wait', 'CLOSE-WAIT', true),
  sockets('fin_wait', 'FIN-WAIT', true),
  { id: 'Job', name: 'Job', look: 'text', hidden: true, value: ({ of }) => of.job },
  {
    id: 'What',
    name: 'What is wrong',
    look: 'text',
    wide: true,
    sensitive: true,
    value: ({ verdict }) => verdict?.words().what ?? '',
  },
  {
    id: 'ExactFix',
    name: 'Exact fix',
    look: 'text',
    wide: true,
    sensitive: true,
    value: ({ verdict }) => verdict?.words().fix ?? '',
  },
  {
    id: 'Next',
    name: 'Next command',
    look: 'text',
    wide: true,
    sensitive: true,
    value: ({ verdict }) => verdict?.words().next[0] ?? '',
  },
  {
    id: 'Evidence',
    name: 'Evidence',
    look: 'list',
    wide: true,
    sensitive: true,
    value: ({ verdict }) => verdict?.evidence ?? [],
  },
  {
    id: 'RulesOut',
    name: 'Ruled out',
    look: 'list',
    hidden: true,
    wide: true,
    sensitive: true,
    value: ({ verdict }) => verdict?.rulesOut ?? [],
  },
  { id: 'Place', name: 'Configured at', look: 'text', sensitive: true, value: ({ verdict }) => verdict?.place ?? '' },
];

export const peersView: TableView<PeerRow> = {
  columns,
  severity: peerSeverity,
  sortBy: 'Affected',
  charts: { Failures: { name: 'Failures in the last minute', column: 'Failures' } },
  defaultCharts: [
    ['Failures', 'Upstream'],
    ['Failures', 'Cause'],
  ],
  groupBy: ['Upstream', 'Cause', 'State'],
};
