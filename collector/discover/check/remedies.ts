/** Text to paste, as it stands in answers. */

/** The one format that says all the plugin can use; `$proxy_host` alone tells upstreams with a common peer apart. */
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

/** Stands for the command that speaks to the nginx in question: `word` puts it in. */
export const nginxCommand = '{nginx}';

/** Likewise for the line that reloads it. */
export const reload = '{reload}';

/** What a finding's words are made of. */
export type Values = Readonly<Record<string, string>>;

export function indented(text = ''): string {
  return text.replace(/^/gm, '    ');
}

export const toFile = 'Let nginx write to a file that the user netdata can read';
export const afterEdit = `then: ${reload}`;
export const replaceLine = (at: string, line: string): string =>
  `Replace the line at ${at} by\n${indented(line)}\n${afterEdit}`;

export function accessTo(path = ''): string {
  return `access_log ${path} nginx_upstream;`;
}

export function formatRemedy(values: Values, at: string): string {
  const { protocol = 'http', path, written } = values;
  const format = protocol === 'stream' ? streamFormat : httpFormat;
  const line = written === 'true' ? `and replace the access_log line at ${at} by` : 'and below it in the same block';
  return `Put into the ${protocol} block\n${indented(format)}\n${line}\n${indented(accessTo(path))}\n${afterEdit}`;
}

export function readRemedy({ barrier = '', folder, mode = '', group = '', who = '' }: Values): string {
  const restart = 'then restart Netdata, so that it gets the group: systemctl restart netdata';
  if (group !== '') return `usermod -aG ${group} ${who}\n${restart}`;
  if (folder === 'true') return `chmod o+x ${barrier}    # its mode is ${mode}`;
  return `chgrp adm ${barrier} && chmod 0640 ${barrier}    # its mode is ${mode || 'unknown'}\nusermod -aG adm ${who}\n${restart}\nand let logrotate keep it so: create 0640 USER adm`;
}

export const obstacles: Readonly<Record<string, string>> = {
  denied: 'allow and deny do not let this host in',
  password: 'it asks for a password',
  internal: 'its location is internal',
  proxy_protocol: 'its server only speaks PROXY protocol',
  pattern: "its location's pattern does not tell a path",
  rewritten: 'its server answers every request with return',
  quic: 'its server only speaks HTTP/3',
};
