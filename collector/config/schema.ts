/**
 * nginx-upstream.conf as a JSON schema: names, limits, words, forms and defaults. The validator reads them from here, and
 * docs/nginx-upstream.schema.json, for editors and Netdata's own pages, is this very object (test/config/schema.test.ts).
 */
const logForms = '^(/|syslog:udp://[^/]+:\\d+$|docker:(/|[A-Za-z0-9][\\w.-]*$)|cri:/|journal:[^/]+$)';

const log = {
  type: 'string',
  pattern: logForms,
  description: 'A file or glob, syslog:udp://ADDRESS:PORT, docker:NAME, docker:/FILE, cri:/FILE or journal:NAME.',
} as const;

const statusPage = {
  type: 'string',
  pattern: '^https?://([^/]+|unix:/)',
  description: 'The URL of nginx’s stub_status; of a socket: http://unix:/PATH:/URI.',
} as const;

const accessLogEntry = {
  type: 'object',
  additionalProperties: false,
  required: ['path'],
  properties: {
    path: log,
    format: {
      type: 'string',
      minLength: 1,
      description: 'The text of a log_format, or the name of one defined in nginx_conf.',
    },
  },
} as const;

const jobSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: {
      type: 'string',
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$',
      description: 'Part of the ids of its charts.',
    },
    nginx_conf: {
      type: 'string',
      pattern: '^(dump:)?/',
      description: 'Discover from this main file; dump:/FILE reads the output of nginx -T.',
    },
    error_log: { anyOf: [log, { type: 'array', items: log }], description: 'Replaces the discovered error logs.' },
    access_log: {
      anyOf: [log, accessLogEntry, { type: 'array', items: { anyOf: [log, accessLogEntry] } }],
      description: 'Replaces the discovered access logs.',
    },
    stub_status: {
      anyOf: [statusPage, { type: 'array', items: statusPage }],
      description: 'Replaces the discovered status pages.',
    },
  },
} as const;

export const settingsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'nginx-upstream.conf',
  description: 'Settings of the nginx-upstream plugin for Netdata (YAML). None is needed.',
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    update_every: {
      type: 'integer',
      minimum: 1,
      maximum: 3600,
      default: 1,
      description: 'Collection interval in seconds; Netdata’s own wins if larger.',
    },
    max_peers: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 50,
      description: 'Peers known only from logs that get their own charts; the others share one named other.',
    },
    max_configured_peers: {
      type: 'integer',
      minimum: 1,
      maximum: 20_000,
      default: 1000,
      description: 'Peers of nginx’s configuration that get their own charts; failing ones first.',
    },
    probe: {
      enum: ['off', 'on-failure', 'always'],
      default: 'on-failure',
      description: 'Whether the plugin opens a TCP connection to a failing peer, to distinguish causes.',
    },
    peer_charts: {
      enum: ['all', 'failing', 'auto'],
      default: 'auto',
      description: 'A peer’s charts: always, or from its first failure until an hour after its last.',
    },
    jobs: {
      type: 'array',
      minItems: 1,
      items: jobSchema,
      description: 'One for each nginx to watch. Without it there is one, named local, and everything is discovered.',
    },
  },
} as const;

/** The properties of one entry of jobs. */
export const jobProperties = jobSchema.properties;
/** The properties of one entry of access_log. */
export const accessLogProperties = accessLogEntry.properties;
/** Forms of the texts that the schema checks by pattern. */
export const settingsPatterns = {
  name: new RegExp(jobProperties.name.pattern),
  nginxConf: new RegExp(jobProperties.nginx_conf.pattern),
  log: new RegExp(logForms),
  statusPage: new RegExp(statusPage.pattern),
} as const;
