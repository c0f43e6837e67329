/**
 * What everybody may read: causes, fixes and findings in general words. Nothing here names a unit, a process, a path or a
 * line of a configuration; the exact words are for callers that may see sensitive data.
 */
/** As the label `cause` says it. */
export function causeText(cause: string): string {
  return cause.replaceAll('_', ' ');
}

const fixes: Readonly<Record<string, (peer: string) => string>> = {
  process_down: (peer) => `Start the application that listens on ${peer}.`,
  crash_loop: (peer) => `The application on ${peer} keeps stopping: read its log for the reason it exits.`,
  wrong_bind_address: (peer) => `Let the application listen on ${peer} or on all addresses, or change the server line.`,
  wrong_port: (peer) => `Correct the port of ${peer} in nginx's configuration, or start the application for that port.`,
  localhost_family: () =>
    'Write the address that the application listens on (127.0.0.1 or [::1]) instead of localhost.',
  container_localhost: (peer) =>
    `${peer} is the loopback of another container: use an address that nginx can reach from its own.`,
  stale_address: () => 'Reload nginx: the name resolves to another address now.',
  firewall_reject: (peer) => `Find and change the firewall rule that rejects connections to ${peer}.`,
  accept_queue_full: (peer) => `The application on ${peer} accepts too slowly: add workers, or raise its backlog.`,
  no_answer: (peer) => `Check that the host of ${peer} is up and that no firewall drops the packets.`,
  host_down: (peer) => `Start the host of ${peer}, or correct its address.`,
  no_route: (peer) => `Add the route to ${peer}, or bring the network interface up.`,
  not_permitted: (peer) => `A local rule or security module forbids nginx to connect to ${peer}: allow it.`,
  socket_missing: (peer) => `Start the application that creates ${peer}, or correct the path.`,
  socket_stale: (peer) => `Start the application behind ${peer}: the socket file is there, but nothing listens.`,
  socket_denied: (peer) => `Let the user that nginx runs as read and write ${peer}.`,
  socket_backlog_full: (peer) =>
    `The application behind ${peer} accepts too slowly: add workers, or raise its backlog.`,
  unresolved: () => 'Correct the name of the upstream, or restore the DNS server that nginx asks.',
  tls: (peer) => `Compare the TLS settings of nginx with the certificate and protocol of ${peer}.`,
  hangs: (peer) => `${peer} accepts and does not answer: look for stuck or exhausted workers of the application.`,
  breaks_after_connect: (peer) => `${peer} closes connections in the middle of a request: read the application's log.`,
  application_error: (peer) => `${peer} answers with 5xx itself: read the application's log.`,
  no_local_address: () => "Correct the local address that nginx binds to (proxy_bind), or the host's addresses.",
  no_ports: () => 'Use keepalive to the upstream, or widen the range of local ports.',
  no_files: () => 'Raise the limit of open files of nginx.',
  worker_connections: () => 'Raise worker_connections.',
  restarting: () => 'Nothing to do now. Restart peers one at a time to spare clients.',
  ejected: () =>
    'Fix what made the peers fail. A reload puts all of them back to use; more servers or max_fails=3 help.',
  unknown: () => 'Run nginx-upstream diagnose on the host: it says what was checked.',
};

/** What to do about a cause; an empty text where nothing is known of it. */
export function generalFix(cause: string, peer: string): string {
  return fixes[cause]?.(peer) ?? '';
}

const titles: Readonly<Record<string, string>> = {
  settings_invalid: 'nginx-upstream.conf is not valid',
  nginx_not_found: 'No nginx was found',
  nginx_not_running: 'nginx is not running',
  container_unreachable: 'The files of a containerised nginx cannot be read',
  configuration_unreadable: "A file of nginx's configuration cannot be read",
  configuration_problem: "nginx's configuration has an error",
  configuration_too_large: 'The configuration is larger than what is supported',
  configuration_not_loaded: 'The configuration has changed since nginx loaded it',
  needs_root: 'An ordinary user cannot judge what Netdata may read',
  configured_log_unusable: 'A log named in nginx-upstream.conf cannot be used',
  log_unreadable: 'A log of nginx cannot be read',
  log_missing: 'A log of nginx is missing',
  log_is_stream: 'A log of nginx goes to a stream, not to a file',
  log_is_fifo: 'A log of nginx is a FIFO',
  log_is_folder: 'A log of nginx is a folder',
  log_discarded: 'A log of nginx is discarded',
  log_in_memory: 'A log of nginx stays in memory',
  log_compressed: 'An access log is written compressed',
  log_syslog_unix: 'A log of nginx goes to a unix datagram socket',
  log_syslog_local: 'A log goes to a syslog port of this host that is not listened to',
  log_syslog_remote: 'A log of nginx goes to another host',
  access_log_off: 'Requests to an upstream are not in any access log',
  error_log_hides_refusals: 'The level of an error log hides failed connections',
  error_log_hides_ejections: 'The level of an error log hides when a peer is taken out of use',
  log_format_without_upstream: 'A log_format lacks upstream variables',
  log_format_without_proxy_host: 'A log_format lacks $proxy_host: upstreams that share a peer are shown as one',
  log_conditional: 'An access log is conditional',
  log_buffered: 'An access log is buffered: charts and alerts are late',
  names_not_asked: 'Some names of servers were not asked, or had no answer in time',
  name_unresolved: 'The name of a server does not resolve',
  name_not_from_here: 'The name of a server cannot be resolved from here',
  name_moved: 'The name of a server resolves to another address than nginx uses',
  localhost_two_addresses: 'localhost has two addresses in an upstream',
  single_server: 'An upstream has a single server',
  max_fails_one: 'One failure takes a peer out of use',
  stub_status_missing: 'There is no stub_status page',
  stub_status_unreachable: 'The stub_status page cannot be reached',
  stub_status_elsewhere: 'The stub_status page is in another network',
  kernel_too_old: 'The kernel does not report the open files of a process',
  alerts_missing: 'An alert file is missing',
  alerts_outdated: 'An alert file is of another version of nginx-upstream',
  alerts_of_other_netdata: 'An alert file is written for another version of Netdata',
  alerts_changed: 'An alert file was changed here, and a newer one exists',
};

/** What a finding of `check` is about. */
export function findingTitle(code: string): string {
  return titles[code] ?? causeText(code);
}
