import type { Row } from '../table.ts';

/** Needs more than a Node: said here, measured there. */
export const elsewhere: readonly Row[] = [
  {
    what: 'cost in Netdata, 50 peers',
    target: 'health at most 0.4 ms/s',
    measured: '`npm run bench:fleet`',
    isMet: null,
  },
  {
    what: 'refusal → on the chart; → alert raised',
    target: '≤ 2 s; ≤ 15 s',
    measured: '`test/e2e/netdata/refused.test.ts`',
    isMet: null,
  },
  { what: '`npm cit`', target: 'under 8 minutes on 2 cores', measured: 'CI', isMet: null },
];
