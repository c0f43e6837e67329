import { type At, createReader, type SettingsReader } from './reader.ts';
import { accessLogProperties, jobProperties, settingsPatterns, settingsSchema } from './schema.ts';
import { type AccessLogSettings, defaultSettings, type JobSettings, type Problem, type Settings } from './settings.ts';

const { properties } = settingsSchema;

export type ParsedSettings =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Nobody fixes more in one go; they may be made by a program, without end. */
const mostProblems = 20;
const longestProblem = 500;

/**
 * The text of `nginx-upstream.conf` → settings, or every problem it has, each with its line. Never throws.
 * An empty file is the default: one job, `local`, discovered.
 */
export function parseSettings(text: string): ParsedSettings {
  const reader = createReader(text);
  const settings = reader.problems.length === 0 ? read(reader) : undefined;
  if (reader.problems.length > 0 || !settings) {
    const sorted = [...reader.problems].sort((a, b) => a.line - b.line);
    const more = sorted.length - mostProblems;
    const rest = more > 0 ? [{ line: sorted[mostProblems]?.line ?? 1, text: `and ${more} more` }] : [];
    return { ok: false, problems: [...sorted.slice(0, mostProblems).map(shortened), ...rest] };
  }
  return { ok: true, settings };
}

function shortened({ line, text }: Problem): Problem {
  return { line, text: text.length > longestProblem ? `${text.slice(0, longestProblem)}…` : text };
}

function read(reader: SettingsReader): Settings | undefined {
  if (isEmpty(reader.root)) return defaultSettings;
  const root = reader.mapping(reader.root, 'the configuration', Object.keys(properties));
  if (!root) return undefined;
  const get = <T>(key: string, readValue: (at: At) => T | undefined, fallback: T): T => {
    const at = root.get(key);
    return at ? (readValue(at) ?? fallback) : fallback;
  };
  const number = (key: 'update_every' | 'max_peers' | 'max_configured_peers'): number => {
    const { minimum, maximum, default: usual } = properties[key];
    return get(key, (at) => reader.wholeNumber(at, key, minimum, maximum), usual);
  };
  return {
    updateEvery: number('update_every'),
    maxPeers: number('max_peers'),
    maxConfiguredPeers: number('max_configured_peers'),
    probe: get('probe', (at) => oneOf(reader, at, 'probe'), properties.probe.default),
    peerCharts: get('peer_charts', (at) => oneOf(reader, at, 'peer_charts'), properties.peer_charts.default),
    jobs: get('jobs', (at) => jobs(reader, at), defaultSettings.jobs),
  };
}

function isEmpty(at: At): boolean {
  return at === null || ('value' in at && at.value === null);
}

type Word<K extends 'probe' | 'peer_charts'> = (typeof properties)[K]['enum'][number];

function oneOf<K extends 'probe' | 'peer_charts'>(reader: SettingsReader, at: At, key: K): Word<K> | undefined {
  const text = reader.text(at, key);
  if (text === undefined) return undefined;
  const words: readonly Word<K>[] = properties[key].enum;
  return words.find((word) => word === text) ?? reader.problem(at, `${key} must be one of ${words.join(', ')}`);
}

function jobs(reader: SettingsReader, at: At): readonly JobSettings[] | undefined {
  const items = reader.list(at, 'jobs', false);
  if (!items) return undefined;
  if (items.length === 0) return reader.problem(at, 'jobs must not be empty: leave it out to have nginx discovered');
  const names = new Set<string>();
  return items.map((item) => job(reader, item, names)).filter((settings) => settings !== undefined);
}

function job(reader: SettingsReader, at: At, names: Set<string>): JobSettings | undefined {
  const found = reader.mapping(at, 'a job', Object.keys(jobProperties));
  if (!found) return undefined;
  const nameAt = found.get('name');
  const name = nameAt ? reader.text(nameAt, 'name') : reader.problem(at, 'a job must have a name');
  if (name !== undefined && !settingsPatterns.name.test(name)) {
    reader.problem(
      nameAt ?? at,
      `the job name '${name}' must be 1 to 40 of A-Z a-z 0-9 _ . - and begin with a letter or digit`,
    );
  }
  if (name !== undefined && names.has(name)) reader.problem(nameAt ?? at, `two jobs are called '${name}'`);
  names.add(name ?? '');
  return {
    name: name ?? '',
    nginxConf: optional(found.get('nginx_conf'), (value) => configurationPath(reader, value)),
    errorLogs: optional(found.get('error_log'), (value) => listOf(reader, value, 'error_log', logPath)),
    accessLogs: optional(found.get('access_log'), (value) => listOf(reader, value, 'access_log', accessLog)),
    stubStatus: optional(found.get('stub_status'), (value) => listOf(reader, value, 'stub_status', statusUrl)),
  };
}

function optional<T>(at: At | undefined, readValue: (at: At) => T | undefined): T | null {
  return at ? (readValue(at) ?? null) : null;
}

type ReadItem<T> = (reader: SettingsReader, at: At, what: string) => T | undefined;

function listOf<T>(reader: SettingsReader, at: At, what: string, readItem: ReadItem<T>): readonly T[] | undefined {
  return reader
    .list(at, what, true)
    ?.map((item) => readItem(reader, item, what))
    .filter((item) => item !== undefined);
}

function configurationPath(reader: SettingsReader, at: At): string | undefined {
  const path = reader.text(at, 'nginx_conf');
  if (path === undefined || settingsPatterns.nginxConf.test(path)) return path;
  return reader.problem(at, `nginx_conf must be an absolute path, or dump: and an absolute path, not '${path}'`);
}

function logPath(reader: SettingsReader, at: At, what: string): string | undefined {
  const path = reader.text(at, what);
  if (path === undefined || settingsPatterns.log.test(path)) return path;
  const forms =
    'an absolute path or glob, syslog:udp://ADDRESS:PORT, docker:NAME, docker:/FILE, cri:/FILE or journal:NAME';
  return reader.problem(at, `${what} must be ${forms}, not '${path}'`);
}

function accessLog(reader: SettingsReader, at: At, what: string): AccessLogSettings | undefined {
  if (at && 'value' in at) {
    const path = logPath(reader, at, what);
    return path === undefined ? undefined : { path, format: null };
  }
  const found = reader.mapping(at, `an ${what}`, Object.keys(accessLogProperties));
  if (!found) return undefined;
  const pathAt = found.get('path');
  const path = pathAt ? logPath(reader, pathAt, 'path') : reader.problem(at, `an ${what} must have a path`);
  const format = optional(found.get('format'), (value) => reader.text(value, 'format'));
  return path === undefined ? undefined : { path, format };
}

function statusUrl(reader: SettingsReader, at: At, what: string): string | undefined {
  const url = reader.text(at, what);
  if (url === undefined || settingsPatterns.statusPage.test(url)) return url;
  return reader.problem(
    at,
    `${what} must be an http:// or https:// URL (for a socket http://unix:/PATH:/URI), not '${url}'`,
  );
}
