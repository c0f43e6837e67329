import { settingsSchema } from './schema.ts';

/** The plugin's own configuration, validated and complete. */
export interface Settings {
  /** Seconds between ticks; the larger of this and what Netdata asks for is used. */
  readonly updateEvery: number;
  /** How many upstreams and peers that only logs name get their own charts; more share one called `other`. */
  readonly maxPeers: number;
  /** The same for those of nginx's configuration; failing ones have their charts first. */
  readonly maxConfiguredPeers: number;
  readonly probe: 'off' | 'on-failure' | 'always';
  /** A peer's charts: always, or from its first failure until an hour after its last; `auto`: always while they are few. */
  readonly peerCharts: 'all' | 'failing' | 'auto';
  readonly jobs: readonly JobSettings[];
}

/** What is null is discovered. */
export interface JobSettings {
  readonly name: string;
  readonly nginxConf: string | null;
  readonly errorLogs: readonly string[] | null;
  readonly accessLogs: readonly AccessLogSettings[] | null;
  readonly stubStatus: readonly string[] | null;
}

export interface AccessLogSettings {
  readonly path: string;
  /** A log_format's text, or a name defined in nginx_conf; null = by nginx_conf, else `combined`. */
  readonly format: string | null;
}

export interface Problem {
  /** Line in the configuration file, from 1. */
  readonly line: number;
  readonly text: string;
}

const defaults = settingsSchema.properties;
const localJob: JobSettings = { name: 'local', nginxConf: null, errorLogs: null, accessLogs: null, stubStatus: null };

export const defaultSettings: Settings = {
  updateEvery: defaults.update_every.default,
  maxPeers: defaults.max_peers.default,
  maxConfiguredPeers: defaults.max_configured_peers.default,
  probe: defaults.probe.default,
  peerCharts: defaults.peer_charts.default,
  jobs: [localJob],
};
