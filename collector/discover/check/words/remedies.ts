/** Text to paste. */
import { shellWord } from '../../../base/syntax/shell-word.ts';

/** The one format that says all the plugin can use; `$proxy_host` alone distinguishes upstreams with a common peer. */
export const httpFormat = `log_format nginx_upstream '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                          '"$http_referer" "$http_user_agent" rt=$request_time host=$proxy_host '
                          'addr="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" '
                          'uht="$upstream_header_time" urt="$upstream_response_time"';`;

export const streamFormat = `log_format nginx_upstream '$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received '
                          'st=$session_time addr="$upstream_addr" '
                          'uct="$upstream_connect_time" ust="$upstream_session_time"';`;

export const statusServer = `server {
    listen 127.0.0.1:8099;
    access_log off;
    location = /nginx_status {
        stub_status;
    }
}`;

/** The same where the network is nginx's own: the port is published, and who may ask is decided there. */
export const publishedStatusServer = statusServer.replace('127.0.0.1:', '');

/** Stands for the command that speaks to the nginx in question: `word` puts it in. */
export const nginxCommand = '{nginx}';

/** Likewise for the line that reloads it. */
export const reload = '{reload}';

/** What a finding's words are made of. */
export type RemedyValues = Readonly<Record<string, string>>;

export function indented(text = ''): string {
  return text.replace(/^/gm, '    ');
}

export const afterEdit = `then: ${reload}`;
export const replaceLine = (at: string, line = ''): string =>
  `Replace the line at ${at} with\n${indented(line)}\n${afterEdit}`;

/** Our format under another name, where a configuration has used this one for something else. */
export function formatNamed(name: string, protocol: string): string {
  const format = protocol === 'stream' ? streamFormat : httpFormat;
  return format.replace('nginx_upstream', name);
}

/** A format where it can be used from, unless the configuration has one that says all. */
function definition({ protocol = 'http', define = '' }: RemedyValues): string {
  return define === '' ? '' : `Put at the top of the ${protocol} block\n${indented(define)}\n`;
}

export function formatRemedy(values: RemedyValues, at: string): string {
  const isWritten = values['written'] === 'true';
  const line = isWritten
    ? `Replace the access_log line at ${at} with`
    : `Put below it, in the ${values['protocol']} block`;
  return `${definition(values)}${line}\n${indented(values['line'])}\n${afterEdit}`;
}

/** `access_log off;` wins over all lines of its level: it has to go. */
export function loggingRemedy(values: RemedyValues, place: string): string {
  const { instead = '', line } = values;
  const where = instead === '' ? `Put into the block at ${place}` : `Replace the access_log line at ${instead} with`;
  return `${definition(values)}${where}\n${indented(line)}\n${afterEdit}`;
}

/** The line of a log that has to go elsewhere; a default is replaced by what stands at the top of the file. */
export function moveRemedy({ line, written }: RemedyValues, at: string): string {
  if (written === 'true') return replaceLine(at, line);
  return `Put at the top of ${at.replace(/:\d+$/, '')}\n${indented(line)}\n${afterEdit}`;
}

/** Of folders that the kernel makes, nobody can change the mode. */
const madeByKernel = /^\/(proc|sys|dev)(\/|$)/;

/** Who is kept out by what, behind the sentence that says so. */
export function keptOut({ barrier = '', mode = '' }: RemedyValues): string {
  return barrier === '' ? '' : `: ${barrier} has mode ${mode}`;
}

/** The lines that let the user read it; what is left to check where nothing on the way says why. */
export function readable({ remedy = '', barrier = '' }: RemedyValues, path: string): string {
  if (madeByKernel.test(barrier)) {
    return `Only root can look into ${barrier}. Let nginx write to a file, or name in nginx-upstream.conf where the log ends up:\n    docker:/var/lib/docker/containers/ID/ID-json.log    # or cri:FILE, or journal:nginx`;
  }
  return remedy === ''
    ? `namei -l ${shellWord(path)}    # shows every folder on the way, with its owner and mode`
    : remedy;
}

export const obstacles: Readonly<Record<string, string>> = {
  denied: 'allow and deny do not let this host in',
  password: 'it asks for a password',
  internal: 'its location is internal',
  proxy_protocol: 'its server only speaks PROXY protocol',
  pattern: 'its location is a pattern that gives no path',
  rewritten: 'its server answers every request with return',
  quic: 'its server only speaks HTTP/3',
  other_root: "its socket lies in a root of nginx's own, where this path is another one",
};

const jsonFile =
  'create the container with the log driver json-file:\n    --log-driver json-file    # docker run; compose: logging: {driver: json-file}; for all: "log-driver" in /etc/docker/daemon.json';

/** What nginx writes to its own output: where that ends, or what makes it end in a file. */
export function streamRemedy(values: RemedyValues, at: string): string {
  const { use, output, driver, engine, container } = values;
  const toFile = `Or let nginx write to a file${driver ? ' on a volume' : ''}. ${moveRemedy(values, at)}`;
  if (driver === 'local') {
    return `Docker's log driver local writes a binary format, which is not read. To have a log that is read, ${jsonFile}\n${toFile}`;
  }
  const journal = `    ${use}: journal:${container}    # netdata must be in the group systemd-journal`;
  if (driver === 'journald')
    return `The container writes to the journal. Write in nginx-upstream.conf:\n${journal}\n${toFile}`;
  if (engine === 'podman') {
    return `Podman keeps no log of this container. Create it with --log-driver journald, then write in nginx-upstream.conf:\n${journal}\n${toFile}`;
  }
  if (driver === 'other') {
    return `Docker keeps no file of it: its log driver is another one. If that is journald, write in nginx-upstream.conf:\n${journal}\nElse ${jsonFile}\n${toFile}`;
  }
  const place = output || 'docker:/var/lib/docker/containers/ID/ID-json.log';
  return `In nginx-upstream.conf, name where it ends up:\n    ${use}: ${place}    # or cri:FILE, or journal:nginx\n${toFile}`;
}
