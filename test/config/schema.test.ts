/** The JSON schema: the file that is shipped is what the validator uses, and both judge alike. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseSettings } from '../../collector/config/parse.ts';
import { settingsSchema } from '../../collector/config/schema.ts';

test('docs/nginx-upstream.schema.json is the schema of the validator', () => {
  expect(JSON.parse(readFileSync('docs/nginx-upstream.schema.json', 'utf8'))).toEqual(settingsSchema);
});

test('the example has every option, with its default', () => {
  const example = readFileSync('docs/nginx-upstream.conf', 'utf8');
  for (const [name, { default: usual }] of Object.entries(settingsSchema.properties as Properties)) {
    expect(example).toMatch(new RegExp(`^# ${name}:${usual === undefined ? '' : ` ${usual}$`}`, 'm'));
  }
  for (const name of Object.keys(settingsSchema.properties.jobs.items.properties)) {
    expect(example).toMatch(new RegExp(`^# {3}[- ] ${name}:`, 'm'));
  }
});
type Properties = Readonly<Record<string, { readonly default?: unknown }>>;

/** The words of JSON schema that ours uses. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function fits(schema: Schema, value: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some((one) => fits(one, value));
  if (schema.enum) return schema.enum.includes(value);
  if (!([] as unknown[]).concat(schema.type).includes(typeOf(value))) return false;
  if (typeof value === 'string') {
    return value.length >= (schema.minLength ?? 0) && new RegExp(schema.pattern ?? '').test(value);
  }
  if (typeof value === 'number') return value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value);
  if (Array.isArray(value)) {
    return value.length >= (schema.minItems ?? 0) && value.every((item) => fits(schema.items ?? {}, item));
  }
  if (typeof value !== 'object' || value === null) return true;
  const entries = Object.entries(value);
  const isKnown = entries.every(([key, item]) => {
    const property = schema.properties?.[key];
    return property !== undefined && fits(property, item);
  });
  return isKnown && (schema.required ?? []).every((key) => key in value);
}

describe('the schema and the validator judge alike', () => {
  test.each([
    ['', true],
    ['update_every: 1', true],
    ['update_every: 0', false],
    ['update_every: 3601', false],
    ['update_every: 1.5', false],
    ['max_peers: 1001', false],
    ['max_configured_peers: 20000', true],
    ['probe: off', true],
    ['probe: sometimes', false],
    ['peer_charts: failing', true],
    ['unknown: 1', false],
    ['jobs: []', false],
    ['jobs: [{ name: a }]', true],
    ['jobs: [{ error_log: /x }]', false],
    ["jobs: [{ name: 'a b' }]", false],
    ['jobs: [{ name: a, nginx_conf: nginx.conf }]', false],
    ['jobs: [{ name: a, nginx_conf: "dump:/x" }]', true],
    ['jobs: [{ name: a, error_log: logs/error.log }]', false],
    ['jobs: [{ name: a, error_log: [/x, "journal:nginx", "cri:/x", "syslog:udp://127.0.0.1:5514"] }]', true],
    ['jobs: [{ name: a, error_log: "syslog:udp://127.0.0.1" }]', false],
    ['jobs: [{ name: a, access_log: { path: /x, format: main } }]', true],
    ['jobs: [{ name: a, access_log: [/x, { format: main }] }]', false],
    ['jobs: [{ name: a, access_log: [{ path: /x, foo: 1 }] }]', false],
    ['jobs: [{ name: a, stub_status: localhost/status }]', false],
    ['jobs: [{ name: a, stub_status: ["http://unix:/run/n.sock:/s", "https://x/s"] }]', true],
  ])('%s', (text, isGood) => {
    expect(parseSettings(text).ok).toBe(isGood);
    expect(fits(settingsSchema as Schema, parse(text) ?? null)).toBe(isGood);
  });
});
