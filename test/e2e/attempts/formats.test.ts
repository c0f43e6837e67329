/** Attempts as a real nginx logs them, read back from formats of every shape: the same from each, to the last one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { inBrief, type Line, playScenarios, type Run, scenarios } from './scenarios.ts';

const all = [
  '$upstream_addr',
  '$upstream_status',
  '$upstream_connect_time',
  '$upstream_header_time',
  '$upstream_response_time',
];
const [addr, status, connect, header, response] = all;

/** The five of which every one must show the same. */
const five = [
  [
    'fields',
    `'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
     'rt=$request_time up=$proxy_host ua="${addr}" us="${status}" uct="${connect}" uht="${header}" urt="${response}"'`,
  ],
  [
    'json',
    `escape=json '{"agent":"$http_user_agent","status":"$status","rt":"$request_time","up":"$proxy_host",'
     '"ua":"${addr}","us":"${status}","uct":"${connect}","uht":"${header}","urt":"${response}"}'`,
  ],
  [
    'broken',
    `'{"agent":"$http_user_agent","status":$status,"rt":$request_time,"up":"$proxy_host",'
     '"ua":${addr},"us":${status},"uct":${connect},"uht":${header},"urt":${response}}'`,
  ],
  [
    'ltsv',
    `'agent:$http_user_agent\\tstatus:$status\\trt:$request_time\\tup:$proxy_host\\tua:${addr}\\tus:${status}'
     '\\tuct:${connect}\\tuht:${header}\\turt:${response}'`,
  ],
  [
    'glued',
    `'"$http_user_agent" $proxy_host $request_time|$status' "${response}" "${addr}" "${status}" "${connect}" "${header}"`,
  ],
].map(([name = '', text]) => ({ name, directive: `log_format ${name} ${text};` }));

/** Formats of the shapes that people use (or, for one's own: NGINX_UPSTREAM_FORMATS=FILE). */
const file = process.env['NGINX_UPSTREAM_FORMATS'] ?? join(import.meta.dirname, 'log-formats.conf');
const others = Array.from(
  readFileSync(file, 'utf8').matchAll(
    /^ *(log_format\s+(\S+)\s(?:[^'"#;]|#[^\n]*|'(?:\\.|[^'])*'|"(?:\\.|[^"])*")*;)/gms,
  ),
  ([, directive = '', name = '']) => ({ directive, name }),
).filter(({ directive }) => !/\$(protocol|session_time)\b/.test(directive));

/** What only an ingress controller or a module defines: nginx gets them as constants. */
const undefinedHere = ['trace_id', 'req_id', 'proxy_upstream_name', 'proxy_alternative_upstream_name'];

let run: Run;

beforeAll(async () => {
  const maps = undefinedHere.map((name) => `map $uri $${name} { default "x-${name}"; }`).join('\n');
  run = await playScenarios([...five, ...others], maps);
}, 120_000);

test.each(scenarios.map((scenario, i) => [scenario.name, i] as const))('nginx logs: %s', (_, i) => {
  const line = run.lines[i];
  expect(line && inBrief(line, run.peers)).toBe(scenarios[i]?.expected);
});

test('the backend that answers has counted as many requests as the log has attempts that it answered', () => {
  const attempts = run.lines.flatMap((line) => line.attempts);
  const answered = attempts.filter(({ peer, headerMs }) => peer === run.peers['ok'] && headerMs !== null);
  expect(answered.length).toBe(run.answered);
});

/** The reference, without what this format does not have. */
function visible(line: Line, directive: string) {
  const has = (name: string) => new RegExp(`\\$\\{?${name}\\b`).test(directive);
  const keep = <T>(name: string, value: T): T | null => (has(name) ? value : null);
  const attempts = line.attempts.map((attempt) => ({
    peer: keep('upstream_addr', attempt.peer),
    status: keep('upstream_status', attempt.status),
    connectMs: keep('upstream_connect_time', attempt.connectMs),
    headerMs: keep('upstream_header_time', attempt.headerMs),
    responseMs: keep('upstream_response_time', attempt.responseMs),
    redirected: attempt.redirected,
  }));
  const [first] = attempts;
  const isUnset =
    attempts.length === 1 && Object.values(first ?? {}).every((value) => value === null || value === false);
  return {
    status: keep('status', line.status),
    requestTimeMs: keep('request_time', line.requestTimeMs),
    method: keep('request_method', line.method),
    // ingress-nginx names the upstream in its own variable, here the constant.
    upstream: has('proxy_upstream_name') ? 'x-proxy_upstream_name' : keep('proxy_host', line.upstream),
    // One attempt of which this format shows nothing cannot be distinguished from none.
    attempts: has('upstream_(addr|status|connect_time|header_time|response_time)') && !isUnset ? attempts : [],
  };
}

function readLog(name: string, directive: string) {
  const result = readLogFormat(directive);
  if ('problem' in result) throw new Error(result.problem);
  const matcher = createAccessMatcher(result.format);
  return run
    .log(name)
    .split('\n')
    .slice(0, -1)
    .map((line) => readAccessLine(matcher, Buffer.from(`${line}\n`)));
}

describe('the same attempts from', () => {
  test.each([...five, ...others].map(({ name, directive }) => [name, directive] as const))('%s', (name, directive) => {
    const expected = run.lines.map((line) => visible(line, directive));
    expect(readLog(name, directive)).toEqual(expected);
  });
});
