import type { Place } from '../../nginx/types.ts';

/** Every code that `check` can print, in the order of importance. Stable: docs/troubleshooting.md has a section for each. */
export const findingCodes = [
  'settings_invalid',
  'nginx_not_found',
  'nginx_not_running',
  'container_unreachable',
  'configuration_unreadable',
  'configuration_problem',
  'configuration_too_large',
  'configuration_not_loaded',
  'needs_root',
  'configured_log_unusable',
  'log_unreadable',
  'log_missing',
  'log_is_stream',
  'log_is_fifo',
  'log_is_folder',
  'log_discarded',
  'log_in_memory',
  'log_compressed',
  'log_syslog_unix',
  'log_syslog_local',
  'log_syslog_remote',
  'access_log_off',
  'error_log_hides_refusals',
  'error_log_hides_ejections',
  'log_format_without_upstream',
  'log_format_without_proxy_host',
  'log_conditional',
  'log_buffered',
  'names_not_asked',
  'name_unresolved',
  'name_not_from_here',
  'name_moved',
  'localhost_two_addresses',
  'single_server',
  'max_fails_one',
  'stub_status_missing',
  'stub_status_unreachable',
  'stub_status_elsewhere',
  'kernel_too_old',
  'alerts_missing',
  'alerts_outdated',
  'alerts_of_other_netdata',
  'alerts_changed',
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** `error`: the plugin is blind here. `warning`: something is not seen, or reported wrongly. `notice`: advice. */
export type Severity = 'error' | 'warning' | 'notice';

/** What a rule found: which words describe it is the wording's business. */
export interface UnwordedFinding {
  readonly code: FindingCode;
  /** What it is about: a path, an upstream, a peer, a name. */
  readonly subject: string;
  /** FILE:LINE in nginx's configuration, where there is one. */
  readonly at: Place | null;
  /** What the words need besides. */
  readonly values: Readonly<Record<string, string>>;
}

export function finding(
  code: FindingCode,
  subject: string,
  at: Place | null = null,
  values: Readonly<Record<string, string>> = {},
): UnwordedFinding {
  return { code, subject, at: at === null ? null : { file: at.file, line: at.line }, values };
}
