/**
 * Directives that matter to this project, or that often stand where a `;` was forgotten. A word that begins a line and
 * has one of these names is treated as the next directive, and the `;` before it for missing.
 */
const names = `access_log add_header alias allow auth_basic auth_basic_user_file auth_http auth_request charset
client_body_timeout client_max_body_size default_type deny error_log error_page events expires fastcgi_param fastcgi_pass
fastcgi_read_timeout grpc_pass gzip hash http http2 if include index internal ip_hash keepalive keepalive_timeout
least_conn limit_req listen location log_format mail map memcached_pass multi_accept pid proxy_buffering
proxy_cache proxy_connect_timeout proxy_http_version proxy_intercept_errors proxy_next_upstream proxy_pass
proxy_read_timeout proxy_redirect proxy_send_timeout proxy_set_header resolver return rewrite root scgi_pass sendfile
server server_name server_tokens set ssl_certificate ssl_certificate_key ssl_protocols stream stub_status tcp_nopush
try_files types upstream use user uwsgi_pass worker_connections worker_processes worker_rlimit_nofile zone`;

export const knownDirectives: ReadonlySet<string> = new Set(names.split(/\s+/));

/** Blocks of data lines: their first words are values, not directives. */
export const dataBlocks: ReadonlySet<string> = new Set([
  'map',
  'geo',
  'geoip2',
  'split_clients',
  'types',
  'charset_map',
  'match',
]);
