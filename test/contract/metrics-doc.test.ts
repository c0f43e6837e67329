/** docs/metrics.md is made of charts/ and is never out of date: `UPDATE_DOCS=1 npx vitest run test/contract` writes it. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from '../../charts/catalogue.ts';
import type { Chart } from '../../charts/chart.ts';
import { repository } from '../support/repository.ts';

const path = join(repository, 'docs/metrics.md');

const levels = {
  job: 'Of one nginx. Label: `_collect_job`.',
  upstream:
    'Of an upstream: a named group, or the host of a `proxy_pass`. Labels: `upstream`, `_collect_job`; `failing` on `upstream_failures`: the failing peers and why.',
  peer:
    'Of one address of an upstream. Labels: `upstream`, `peer` (IPv6 without brackets), `address`, `port`, `transport` ' +
    '(ipv4, ipv6, unix), `_collect_job`; `cause` on `peer_failures`.',
} as const;

const modules = {
  error_log: 'error log',
  access_log: 'access log',
  stub_status: 'status page',
  proc: '/proc',
  diagnose: 'diagnosis',
  plugin: 'the plugin',
} as const;

function row({ name, title, units, type, module, dimensions, variables }: Chart): string {
  const ids = dimensions.map(({ id, hidden }) => (hidden ? `(${id})` : id)).join(' ');
  const numbers = Object.keys(variables ?? {}).join(' ');
  return `| \`nginx_upstream.${name}\` | ${title} | ${ids} | ${units} | ${type} | ${modules[module]} | ${numbers} |`;
}

function document(): string {
  const sections = (['job', 'upstream', 'peer'] as const).map((level) => {
    const rows = catalogue.filter((chart) => chart.level === level).map(row);
    return [
      `## Per ${level}`,
      levels[level],
      [
        '| context | what it shows | dimensions | unit | drawn as | from | variables |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        ...rows,
      ].join('\n'),
    ].join('\n\n');
  });
  const head = [
    '# Metrics',
    'Made from `charts/` (`UPDATE_DOCS=1 npx vitest run test/contract`); a test compares the two.',
    'A gap means that a source could not be read, or that there was no sample; it is never drawn as 0. The chart type is ' +
      '`nginx_upstream_<job>`, the chart id `<name>` for a job and `<name>_<instance>` else. Heatmaps are stacked charts before Netdata 2.',
    'A dimension in parentheses is kept but not drawn, a variable is sent but not drawn: alerts read both as `$name`. The order ' +
      'of dimensions is that of the colours: good or neutral first, the worst second, which both dashboards draw red.',
    '`failing_peers` has a dimension for each peer that fails or failed in the last hour (20 at most). `peer_cause` and ' +
      '`peer_transitions` appear when they first have something to say. Which peers have charts is a setting: `peer_charts`.',
  ];
  return `${[...head, ...sections].join('\n\n')}\n`;
}

test('docs/metrics.md lists every chart as it is', () => {
  if (process.env['UPDATE_DOCS']) writeFileSync(path, document());
  expect(readFileSync(path, 'utf8')).toBe(document());
});
