/** The only sentences about findings: what it is, why it matters, what to do. Severity goes with the code. */

import type { FindingCode, UnwordedFinding } from '../finding.ts';
import { generatedRemedy } from '../rules/generated.ts';
import { alertWordings } from './alerts.ts';
import { nameWordings } from './names.ts';
import { configuredStates, error, type FindingWording, type FindingWords, notice, warning } from './parts.ts';
import {
  afterEdit,
  formatRemedy,
  indented,
  keptOut,
  loggingRemedy,
  moveRemedy,
  nginxCommand,
  obstacles,
  publishedStatusServer,
  readable,
  reload,
  replaceLine,
  statusServer,
  streamRemedy,
} from './remedies.ts';

const blind = 'Nothing is counted from this log.';

const wordings: Readonly<Record<FindingCode, FindingWording>> = {
  ...alertWordings,
  settings_invalid: (path, { text = '' }) =>
    error(
      `${path} is not valid: ${text}`,
      'The plugin keeps using the last valid configuration. If it has none since its start, it runs no job.',
      'Correct the line; the plugin rereads the file automatically.',
    ),
  nginx_not_found: () =>
    error(
      'no nginx is running here, and none is installed in a known place',
      'There is nothing to watch.',
      'Start nginx (in a container: docker ps -a, or podman ps -a, shows why it ended). If it is somewhere else, name its main file in nginx-upstream.conf:\n    jobs:\n      - name: local\n        nginx_conf: /path/to/nginx.conf',
    ),
  nginx_not_running: (conf, { look = '' }) =>
    warning(
      `no nginx runs with ${conf}`,
      'Its configuration was found, but no process uses it.',
      look.startsWith('docker') ? look : `${look}\nsystemctl start nginx    # or however you start it`,
    ),
  container_unreachable: (container, { conf = '', output = '' }) =>
    error(
      `nginx runs in container ${container}, and its ${conf} cannot be read from here`,
      'Its upstreams, formats and logs are unknown, and its files belong to the container runtime.',
      `${nginxCommand} -T > /etc/netdata/nginx-${container}.dump\nchmod 0644 /etc/netdata/nginx-${container}.dump\nand in nginx-upstream.conf:\n    jobs:\n      - name: local\n        nginx_conf: dump:/etc/netdata/nginx-${container}.dump${output === '' ? '' : `\n        error_log: ${output}`}`,
    ),
  configuration_unreadable: (_, { text = '' }, at) =>
    error(
      `${at}: ${text}`,
      'Its contents are not known: upstreams, logs or formats may be missing.',
      `Make it readable (chmod o+r FILE), or give the plugin a dump that root makes:\n    ${nginxCommand} -T > /etc/netdata/nginx.dump && chmod 0644 /etc/netdata/nginx.dump\nand in nginx-upstream.conf: nginx_conf: dump:/etc/netdata/nginx.dump`,
    ),
  configuration_problem: (_, { text = '' }, at) =>
    warning(
      `${at}: ${text}`,
      'nginx will refuse this configuration at its next start or reload. The rest of it was read.',
      `Correct the line, ${afterEdit}`,
    ),
  configuration_too_large: (_, { text = '' }, at) =>
    warning(
      `${at}: ${text}`,
      'The configuration is larger than what is supported; nothing is counted for the part beyond it.',
      'Name the logs that matter most in nginx-upstream.conf (error_log, access_log): peers and upstreams are then taken from their lines.',
    ),
  configuration_not_loaded: (files) =>
    warning(
      `changed after nginx loaded it: ${files}`,
      'nginx still uses the old configuration; this is the new one.',
      reload,
    ),
  needs_root: (paths, { who }) =>
    warning(
      `the user ${who} cannot read ${paths}`,
      'The plugin runs as another user, who may be able to read it.',
      'sudo nginx-upstream check',
    ),
  configured_log_unusable: (spec, values) =>
    error(
      `${values['use']} ${spec} of nginx-upstream.conf ${configuredStates(values)}`,
      'It replaces the log that nginx.conf names, so nothing is counted.',
      values['remedy'] === undefined
        ? `Name the file that nginx writes, or leave ${values['use']} out: then nginx's own configuration is used.`
        : readable(values, spec),
    ),
  log_unreadable: (path, values) =>
    error(
      `${values['use']} ${path} cannot be read by the user ${values['who']}${keptOut(values)}`,
      blind,
      readable(values, path),
    ),
  log_missing: (path, { use }, at) =>
    warning(
      `${use} ${path} (${at}) does not exist`,
      'nginx may still be writing to a file that was renamed or removed.',
      `${nginxCommand} -s reopen`,
    ),
  log_is_stream: (path, values, at) =>
    error(
      `${values['use']} ${path} leads to ${values['target']}`,
      `${blind} What nginx writes there ends in a container's log or in the journal.`,
      streamRemedy(values, at),
    ),
  log_is_fifo: (path, values, at) =>
    error(
      `${values['use']} ${path} is a FIFO`,
      'Reading it would take lines away from its real reader and could block nginx, so it is never opened.',
      moveRemedy(values, at),
    ),
  log_is_folder: (path, values, at) => error(`${values['use']} ${path} is a folder`, blind, moveRemedy(values, at)),
  log_discarded: (path, values, at) => warning(`${values['use']} goes to ${path}`, blind, moveRemedy(values, at)),
  log_in_memory: (_, { use, line }, at) =>
    warning(
      `${use} goes to a memory buffer (${at})`,
      'Only a debugger can read it.',
      `Add beside it\n${indented(line)}\n${afterEdit}`,
    ),
  log_compressed: (path, { line }, at) =>
    warning(
      `access_log ${path} (${at}) is written compressed`,
      'Compressed blocks cannot be followed while they are written.',
      `Let logrotate compress it instead. ${replaceLine(at, line)}`,
    ),
  log_syslog_unix: (server, { use, line }, at) =>
    error(
      `${use} goes to the datagram socket ${server}`,
      'Node.js has no unix datagram sockets: this log cannot be received.',
      `Send it by UDP to this host. ${replaceLine(at, line)}\nand in nginx-upstream.conf: ${use}: syslog:udp://127.0.0.1:5514`,
    ),
  log_syslog_local: (server, { use, file }, at) =>
    warning(
      `${use} goes to the syslog port ${server} of this host`,
      'The plugin does not listen there: the port may belong to rsyslog, Vector or another program.',
      `If nothing else listens there, write into nginx-upstream.conf\n${indented(`${use}: syslog:udp://${server.includes(':') ? server : `${server}:514`}`)}\nElse add beside the line at ${at}\n${indented(file)}`,
    ),
  log_syslog_remote: (server, { use, line }, at) =>
    warning(
      `${use} goes to the syslog server ${server}`,
      'Lines sent to another host are not seen here.',
      `Add beside the line at ${at}\n${indented(line)}\nand in nginx-upstream.conf: ${use}: syslog:udp://127.0.0.1:5514`,
    ),
  access_log_off: (place, values) =>
    notice(
      `${place} passes to an upstream and writes no access log`,
      'Its attempts, client results and connect times are not counted; failures are, from the error log.',
      loggingRemedy(values, place),
    ),
  error_log_hides_refusals: (path, { level, line }, at) =>
    error(
      `error_log ${path} is at level ${level}`,
      'nginx logs refused and timed-out connections at level error, so they are not in this log.',
      replaceLine(at, line),
    ),
  error_log_hides_ejections: (path, values, at) =>
    notice(
      `error_log ${path} is at level error`,
      'nginx logs ejections of peers at level warn; without these lines the plugin infers them from failures.',
      moveRemedy(values, at),
    ),
  log_format_without_upstream: (format, values, at) =>
    (values['isMinor'] === 'true' ? notice : warning)(
      `log_format ${format} (${at}) lacks ${values['variables']}`,
      `Not shown because of this: ${values['cost']}.`,
      formatRemedy(values, at),
    ),
  log_format_without_proxy_host: (peer, values, at) =>
    warning(
      `${peer} belongs to ${values['names']}, and log_format ${values['format']} (${at}) lacks $proxy_host`,
      'Only $proxy_host shows which of them nginx asked, so they share one set of charts.',
      formatRemedy(values, at),
    ),
  log_conditional: (path, { condition, line }, at) =>
    notice(
      `access_log ${path} (${at}) is only written if=${condition}`,
      'Requests that are not logged are not counted, and failed ones may be among them.',
      `Make ${condition} true for every request that is passed to an upstream; or log all of them. ${replaceLine(at, line)}`,
    ),
  log_buffered: (path, { buffer, flush, line }, at) =>
    notice(
      `access_log ${path} (${at}) is buffered (${buffer}) and written ${flush ? `every ${flush}` : 'only when the buffer is full'}`,
      'Charts and alerts are late by that time.',
      replaceLine(at, line),
    ),
  ...nameWordings,
  single_server: (group, { line = '' }, at) =>
    notice(
      `upstream ${group} has a single server`,
      'nginx ignores max_fails for it: it is asked every time, and every failure reaches a client.',
      `Add a second server, or write down what nginx does anyway:\n${indented(`${line}    # ${at}`)}\n${afterEdit}`,
    ),
  max_fails_one: (group, { seconds, lines }) =>
    notice(
      `upstream ${group}: one failure takes a peer out of use for ${seconds} s (max_fails=1)`,
      'In a rolling restart each worker takes out one peer after the other, until none is live.',
      `${indented(lines)}\n${afterEdit}`,
    ),
  stub_status_missing: (conf) =>
    warning(
      'no stub_status page is configured',
      'Connection states, dropped connections and the use of worker_connections are not shown.',
      `Put into the http block of ${conf} (any free port will do)\n${indented(statusServer)}\n${afterEdit}`,
    ),
  stub_status_unreachable: (url, { obstacle = '' }, at) =>
    warning(
      `the status page ${url} (${at}) cannot be asked: ${obstacles[obstacle] ?? obstacle}`,
      'Connection states, dropped connections and the use of worker_connections are not shown.',
      `Add a separate page to the http block (any free port will do)\n${indented(statusServer)}\n${afterEdit}`,
    ),
  stub_status_elsewhere: (conf) =>
    warning(
      'a stub_status page cannot be asked: nginx has its own network',
      'Its 127.0.0.1 is not the one of this host. Connection states and dropped connections are not shown.',
      `Put into the http block of ${conf}\n${indented(publishedStatusServer)}\npublish the port to this host only (docker run, podman run: -p 127.0.0.1:8099:8099; compose: ports: ["127.0.0.1:8099:8099"])\nand in nginx-upstream.conf, in the job of this nginx:\n    stub_status: http://127.0.0.1:8099/nginx_status`,
    ),
  kernel_too_old: (release) =>
    notice(
      `Linux ${release} does not show how many descriptors a process has open`,
      'The chart of descriptors in use stays empty; everything else works.',
      'Use Linux 6.2 or newer.',
    ),
};

export interface WordedFinding extends FindingWords {
  readonly code: FindingCode;
  readonly subject: string;
  readonly file: string | null;
  readonly line: number | null;
}

export function wordFinding({ code, subject, at, values }: UnwordedFinding): WordedFinding {
  const place = at === null ? '' : `${at.file}:${at.line}`;
  const words = wordings[code](subject, values, place);
  const { nginx = 'nginx', reload: again = 'nginx -t && nginx -s reload' } = values;
  const text = generatedRemedy(code, values) ?? words.remedy;
  const remedy = text.replaceAll(nginxCommand, nginx).replaceAll(reload, again);
  return { code, ...words, remedy, subject, file: at?.file ?? null, line: at?.line ?? null };
}
