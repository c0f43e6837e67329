/**
 * docs/metadata.yaml has the shape of the metadata of Netdata's collectors, and its options, alerts and metrics are
 * those of the code: `UPDATE_DOCS=1 npx vitest run test/contract/metadata.test.ts` writes them.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Document, parseDocument } from 'yaml';
import { catalogue } from '../../charts/catalogue.ts';
import { settingsSchema } from '../../collector/config/schema.ts';
import { repository } from '../support/repository.ts';

const path = join(repository, 'docs/metadata.yaml');

interface Option {
  readonly name: string;
  readonly description: string;
  readonly default_value: string | number;
  readonly required: boolean;
}

function options(): readonly Option[] {
  const entries = Object.entries(settingsSchema.properties) as [
    string,
    { description: string; default?: string | number },
  ][];
  const job = settingsSchema.properties.jobs.items;
  const inJob = Object.entries(job.properties).map(([name, { description }]) => ({
    name: `jobs[].${name}`,
    description,
    default_value: '',
    required: (job.required as readonly string[]).includes(name),
  }));
  const own = entries.map(([name, { description, default: usual = '' }]) => ({
    name,
    description,
    default_value: usual,
    required: false,
  }));
  return [...own, ...inJob];
}

function alerts(): readonly Record<string, string>[] {
  const folder = join(repository, 'alerts');
  const files = readdirSync(folder).filter((name) => name.endsWith('.conf'));
  return files.flatMap((file) => {
    // A line that ends in a backslash continues in the next.
    const text = readFileSync(join(folder, file), 'utf8').replace(/\\\n\s*/g, '');
    return text
      .split(/^ *template: /m)
      .slice(1)
      .flatMap((block) => {
        const of = (key: string): string => new RegExp(`^ *${key}: (.*)$`, 'm').exec(block)?.[1]?.trim() ?? '';
        const name = block.split('\n')[0]?.trim() ?? '';
        return [{ name, link: `alerts/${file}`, metric: of('on'), info: of('info') }];
      });
  });
}

const labels = {
  job: [['_collect_job', 'Name of the job: one nginx.']],
  upstream: [
    ['upstream', 'A named group, or the host of a proxy_pass.'],
    ['_collect_job', 'Name of the job.'],
  ],
  peer: [
    ['upstream', 'The upstream it belongs to.'],
    ['peer', 'Address and port, or the path of a socket.'],
    ['address', 'Its address.'],
    ['port', 'Its port.'],
    ['transport', 'ipv4, ipv6 or unix.'],
    ['_collect_job', 'Name of the job.'],
  ],
} as const;
const about = { job: 'One nginx.', upstream: 'An upstream of an nginx.', peer: 'One address of an upstream.' };

function scopes() {
  return (['job', 'upstream', 'peer'] as const).map((level) => ({
    name: level,
    description: about[level],
    labels: labels[level].map(([name, description]) => ({ name, description })),
    metrics: catalogue
      .filter((chart) => chart.level === level)
      .map(({ name, title, units, type, dimensions }) => ({
        name: `nginx_upstream.${name}`,
        description: title,
        unit: units,
        chart_type: type,
        dimensions: dimensions.map(({ id, name: shown }) => ({ name: shown ?? id })),
      })),
  }));
}

const made = [
  [['modules', 0, 'setup', 'configuration', 'options', 'list'], options],
  [['modules', 0, 'alerts'], alerts],
  [['modules', 0, 'metrics', 'scopes'], scopes],
] as const;

test('the options, alerts and metrics are those of the code', () => {
  const document: Document = parseDocument(readFileSync(path, 'utf8'));
  if (process.env['UPDATE_DOCS'] === '1') {
    for (const [at, make] of made) document.setIn(at, document.createNode(make()));
    writeFileSync(path, document.toString({ lineWidth: 120 }));
  }
  for (const [at, make] of made) expect((document.getIn(at) as { toJSON(): unknown }).toJSON()).toEqual(make());
});

/** What integrations/schemas/collector.json of Netdata requires of a module. */
const required: Readonly<Record<string, readonly string[]>> = {
  '': ['meta', 'overview', 'setup', 'troubleshooting', 'alerts', 'metrics'],
  meta: [
    'plugin_name',
    'module_name',
    'monitored_instance',
    'keywords',
    'related_resources',
    'info_provided_to_referring_integrations',
  ],
  'meta.monitored_instance': ['name', 'link', 'categories', 'icon_filename'],
  overview: ['data_collection', 'supported_platforms', 'multi_instance', 'additional_permissions', 'default_behavior'],
  'overview.data_collection': ['metrics_description', 'method_description'],
  'overview.supported_platforms': ['include', 'exclude'],
  'overview.default_behavior': ['auto_detection', 'limits', 'performance_impact'],
  setup: ['prerequisites', 'configuration'],
  'setup.configuration': ['file', 'options', 'examples'],
  'setup.configuration.options': ['description', 'folding', 'list'],
  'setup.configuration.examples': ['folding', 'list'],
  'troubleshooting.problems': ['list'],
  metrics: ['folding', 'description', 'availability', 'scopes'],
};

test.each(Object.entries(required))('it has what Netdata requires: %s', (where, keys) => {
  const module = parseDocument(readFileSync(path, 'utf8')).toJS().modules[0];
  const at = where === '' ? module : where.split('.').reduce((node, key) => node[key], module);
  for (const key of keys) expect(at).toHaveProperty(key);
});

/** Unquoted YAML turns `502`, `no` and `2026-11-28` into something else; Netdata's schema wants text in all other places. */
const notText: Readonly<Record<string, string>> = {
  'modules.setup.configuration.options.list.default_value': 'number',
  'modules.setup.configuration.options.list.required': 'boolean',
  'modules.setup.configuration.options.folding.enabled': 'boolean',
  'modules.setup.configuration.examples.folding.enabled': 'boolean',
  'modules.setup.configuration.examples.list.folding.enabled': 'boolean',
  'modules.metrics.folding.enabled': 'boolean',
  'modules.overview.multi_instance': 'boolean',
  'modules.meta.most_popular': 'boolean',
  'modules.meta.community': 'boolean',
};

function* leaves(value: unknown, at: readonly string[]): Generator<[string, unknown]> {
  if (Array.isArray(value)) for (const each of value) yield* leaves(each, at);
  else if (value !== null && typeof value === 'object') {
    for (const [key, each] of Object.entries(value)) yield* leaves(each, [...at, key]);
  } else yield [at.join('.'), value];
}

test('what has to be text is text', () => {
  const document: unknown = parseDocument(readFileSync(path, 'utf8')).toJS();
  const wrong = [...leaves(document, [])].filter(
    ([at, value]) => typeof value !== 'string' && typeof value !== notText[at],
  );
  expect(wrong).toEqual([]);
});
