/**
 * Formats as people post them, with a line of each: their shapes were found in public issues, the lines are ours. `where` is where
 * the shape was found.
 */
import { expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';

const time = '[22/Nov/2026:07:30:45 +0000]';

/** `STATUS UPSTREAM: PEER STATUS CONNECT RESPONSE | …`; a dash for what nobody knows. */
function brief(format: string, line: string): string {
  const result = readLogFormat(format);
  if ('problem' in result) return result.problem;
  const found = readAccessLine(createAccessMatcher(result.format), Buffer.from(`${line}\n`));
  if ('unmatched' in found) return 'unmatched';
  const attempts = found.attempts.map((each) =>
    [each.peer, each.status, each.connectMs, each.responseMs].map((value) => value ?? '-').join(' '),
  );
  return `${found.status ?? '-'} ${found.upstream ?? '-'}: ${attempts.join(' | ')}`;
}

const rows: readonly (readonly [where: string, why: string, format: string, line: string, expected: string])[] = [
  [
    'rustdesk/rustdesk-server#265',
    'stream, a directive over four lines',
    `log_format access_stream '$remote_addr [$time_local] '
                             '"$protocol" $status $bytes_sent $bytes_received '
                             '$session_time "$upstream_addr" '
                             '"$upstream_bytes_sent" "$upstream_bytes_received" "$upstream_connect_time"';`,
    `192.0.2.7 ${time} "TCP" 502 0 0 0.001 "127.0.0.1:20116" "0" "0" "-"`,
    '502 -: 127.0.0.1:20116 - - -',
  ],
  [
    'elisescu/tty-proxy#4',
    'no status; a list before a colon and a request without quotes',
    `'${'[$time_local]'} $remote_addr - $remote_user - $server_name  to: $upstream_addr: $request upstream_response_time $upstream_response_time msec $msec request_time $request_time'`,
    `${time} 192.0.2.7 - - - a.example  to: 127.0.0.1:80, 127.0.0.1:81: GET /a b HTTP/1.1 upstream_response_time 0.000, 0.005 msec 1795332645.123 request_time 0.005`,
    '- -: 127.0.0.1:80 - - 0 | 127.0.0.1:81 - - 5',
  ],
  [
    'grafana/loki#18788',
    'two blanks, the status before the request',
    `$remote_addr - $remote_user [$time_local]  $status "$request" $body_bytes_sent "$http_user_agent"`,
    `10.0.0.1 - - ${time}  502 "GET /ready HTTP/1.1" 157 "kube-probe/1.29"`,
    '502 -: ',
  ],
  [
    'allinurl/goaccess#637',
    'a request and lists without quotes, a header of a client among them',
    `$request_time $upstream_response_time [$time_local] $request $status $body_bytes_sent "$host" "$http_user_agent" $http_client_ip $remote_user  $connection $upstream_addr $upstream_cache_status`,
    `0.001 0.001 ${time} GET /app/x.js HTTP/1.1 304 0 "a" "x (y)" - -  4710110 10.4.5.6:80 -`,
    '304 -: 10.4.5.6:80 - - 1',
  ],
  [
    'allinurl/goaccess#1747',
    'JSON with its own escaping, an argument a member',
    `log_format j escape=json '{"@timestamp":"$time_iso8601",' '"http_status":"$status",' '"responsetime":"$request_time",' '"upstreamhost":"$upstream_addr",' '"upstreamstatus":"$upstream_status"}';`,
    '{"@timestamp":"2026-11-22T07:30:45+08:00","http_status":"502","responsetime":"0.001","upstreamhost":"10.0.0.1:80, 10.0.0.2:80","upstreamstatus":"502, 502"}',
    '502 -: 10.0.0.1:80 502 - - | 10.0.0.2:80 502 - -',
  ],
  [
    'ministryofjustice/cloud-platform#7111',
    'JSON that two tries break',
    '{ "length": $upstream_response_length, "time": $upstream_response_time, "us": $upstream_status, "status": $status}',
    '{ "length": 0, 33382, "time": 0.000, 0.024, "us": 502, 200, "status": 200}',
    '200 -: - 502 - 0 | - 200 - 24',
  ],
  [
    'kubernetes/ingress-nginx#9443',
    'the controller’s own format: $proxy_upstream_name is the upstream',
    `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`,
    `192.0.2.25 - - ${time} "GET / HTTP/1.1" 504 562 "-" "x" 1100 14.998 [ns-web-80] [] 192.0.2.1:80, 192.0.2.1:80 0, 0 5.000, 5.000 504, 504 a7c98d98`,
    '504 ns-web-80: 192.0.2.1:80 504 - 5000 | 192.0.2.1:80 504 - 5000',
  ],
  [
    'the same, of no upstream',
    'a default backend',
    '$remote_addr [$time_local] $status [$proxy_upstream_name] $upstream_addr',
    `192.0.2.25 ${time} 400 [] -`,
    '400 -: ',
  ],
  [
    'kubernetes/ingress-nginx, a ConfigMap',
    'an entry of YAML with its key',
    `log-format-upstream: '$remote_addr $status $upstream_addr $upstream_status'`,
    '192.0.2.25 502 10.0.0.1:80 502',
    '502 -: 10.0.0.1:80 502 - -',
  ],
  [
    'kubernetes/ingress-nginx, a ConfigMap',
    'JSON in YAML',
    `  log-format-upstream: '{"time": "$time_iso8601", "status": $status, "upstream_addr": "$upstream_addr"}'`,
    '{"time": "2026-11-22T07:30:45+00:00", "status": 502, "upstream_addr": "10.0.0.1:80"}',
    '502 -: 10.0.0.1:80 - - -',
  ],
  [
    'kubernetes/ingress-nginx, a ConfigMap',
    'a folded value',
    'log-format-stream: >-\n    $remote_addr $status $upstream_addr $upstream_connect_time',
    '192.0.2.25 200 10.0.0.1:80 0.003',
    '200 -: 10.0.0.1:80 - 3 -',
  ],
  [
    'NginxProxyManager/nginx-proxy-manager#259',
    'no addresses, only what they answered',
    `log_format proxy '[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme $host "$request_uri" [Client $remote_addr] [Sent-to $server] "$http_user_agent"';`,
    `${time} - 502 502 - GET https a.example "/x" [Client 192.0.2.7] [Sent-to 10.0.0.5] "x"`,
    '502 -: - 502 - -',
  ],
  [
    'nginx-proxy/nginx-proxy#2167',
    'arguments pasted with their quotes',
    `'$host $remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$upstream_addr"'`,
    `a.example 10.0.0.2 - - ${time} "GET / HTTP/1.1" 504 167 "-" "curl/7.74.0" "10.0.0.254:8000"`,
    '504 -: 10.0.0.254:8000 - - -',
  ],
  [
    'Budibase/budibase#7475',
    'names before values; a name as the upstream; the semicolon came along',
    `'$remote_addr [$time_local] "$request" $status response_time=$upstream_response_time proxy_host=$proxy_host upstream_addr=$upstream_addr';`,
    `172.20.0.1 ${time} "GET /x HTTP/1.1" 200 response_time=0.090 proxy_host=host.docker.internal:4002 upstream_addr=192.0.2.2:4002`,
    '200 host.docker.internal:4002: 192.0.2.2:4002 - - 90',
  ],
  [
    'rpardini/docker-registry-proxy#36',
    'escape=json among pasted arguments, an argument for each brace',
    `escape=json\n   '{'\n   '"status":"$status",'\n   '"proxy_host":"$proxy_host",'\n   '"upstream":"$upstream_addr"'\n   '}'`,
    '{"status":"502","proxy_host":"a","upstream":"10.0.0.1:80"}',
    '502 a: 10.0.0.1:80 - - -',
  ],
  [
    'jlesage/docker-nginx-proxy-manager#110',
    'a quote and a name without a blank between them',
    `$remote_addr [$time_local] "$request" $status "$http_user_agent"rt=$request_time uct="$upstream_connect_time" urt="$upstream_response_time"`,
    `192.0.2.7 ${time} "GET / HTTP/1.1" 502 "x"rt=0.002 uct="-" urt="0.001"`,
    '502 -: - - - 1',
  ],
];

test.each(rows)('%s: %s', (_where, _why, format, line, expected) => {
  expect(brief(format, line)).toBe(expected);
});
