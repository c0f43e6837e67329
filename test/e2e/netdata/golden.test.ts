/**
 * The text that a current Netdata gets, which the tests cannot run: a committed transcript of the built plugin. After a
 * change that is meant: npx vitest run test/e2e/netdata/golden.test.ts -u
 */

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { start } from '../../support/process.ts';
import { builtPlugin } from '../../support/repository.ts';
import { tempDir } from '../../support/temp.ts';
import { waitUntil } from '../../support/wait.ts';

const nginxConf = `events { }
http {
  upstream app { zone app 64k; server 10.0.0.1:8080; server [2001:db8::1]:8080 max_fails=2 fail_timeout=5s; }
  server { listen 80; location / { proxy_pass http://app; } }
}
`;
const format =
  '$status $proxy_host "$upstream_addr" "$upstream_status" "$upstream_connect_time" "$upstream_response_time"';
const refused =
  '2026/11/22 07:30:45 [error] 10#10: *1 connect() failed (111: Connection refused) while connecting to upstream, ' +
  'client: 192.0.2.7, server: , request: "GET / HTTP/1.1", upstream: "http://10.0.0.1:8080/", host: "x"\n';
const masked = '200 app "10.0.0.1:8080, [2001:db8::1]:8080" "502, 200" "-, 0.002" "0.000, 0.031"\n';

/** The plugin's own load hangs on the machine: N. */
function timeless(block: string): string {
  return /^BEGIN \S+\.plugin_load/.test(block) ? block.replace(/ = \d+$/gm, ' = N') : block;
}

/** So does what it finds out about a peer that is not there: the chart of causes, and the labels that say them. */
const isCause = (block: string): boolean => /^(BEGIN|CHART) \S+\.peer_cause_/.test(block);
const verdict = /^CLABEL '(cause|failing)' '(?!none').*$/gm;

/** All definitions, then the last update of each chart; by name, since what is known first hangs on the machine. */
function transcript(text: string): string {
  const updates = (text.match(/^BEGIN .*\n(?:(?!END\n).*\n)*END\n/gm) ?? []).map(timeless);
  const last = new Map(updates.map((block) => [/^BEGIN (\S+)/.exec(block)?.[1], block]));
  const variables = [...new Set(updates.flatMap((block) => block.match(/^VARIABLE .*\n/gm) ?? []))];
  const definitions = text.replace(/^BEGIN .*\n(?:(?!END\n).*\n)*END\n/gm, '').replace(/^\n/gm, '');
  const told = definitions.replace(verdict, "CLABEL '$1' 'VERDICT' 1").split(/^(?=CHART )/m);
  const charts = [...new Set(told)].sort();
  const ends = [...last.values()].map((block) => block.replace(/^VARIABLE .*\n/gm, '')).sort();
  return [...charts, ...variables.sort(), ...ends].filter((block) => !isCause(block)).join('');
}

test.each([
  ['v1.37.1', 'each instance has its own family'],
  ['v2.10.4', 'families are topics, and buckets a heatmap'],
])(
  'for Netdata %s: %s',
  async (version) => {
    const dir = tempDir('golden');
    const [errorLog, accessLog, conf, settings] = ['error.log', 'access.log', 'nginx.conf', 'nginx-upstream.conf'].map(
      (name) => join(dir, name),
    ) as [string, string, string, string];
    for (const log of [errorLog, accessLog]) writeFileSync(log, '');
    writeFileSync(conf, nginxConf);
    const log = `      - path: ${accessLog}\n        format: '${format}'\n`;
    writeFileSync(
      settings,
      `probe: off\njobs:\n  - name: edge\n    nginx_conf: ${conf}\n    error_log: ${errorLog}\n    access_log:\n${log}`,
    );
    const child = start(process.execPath, [builtPlugin, '1', '--config', settings], {
      env: { ...process.env, NETDATA_VERSION: version },
    });
    await waitUntil(() => child.stdout().split('BEGIN nginx_upstream_edge.log_lines').length > 3, {
      what: 'the second tick',
      timeout: 40_000,
    });
    appendFileSync(errorLog, refused);
    appendFileSync(accessLog, masked.repeat(3));
    // Both logs may be read in different ticks; percentiles of a tick are there for that tick only.
    const counted = /BEGIN nginx_upstream_edge\.log_lines\nSET read = 4\n/g;
    await waitUntil(() => (child.stdout().match(counted) ?? []).length >= 3, {
      what: 'all lines to be counted',
      timeout: 40_000,
    });
    child.signal('SIGTERM');
    await child.exited;
    await expect(transcript(child.stdout())).toMatchFileSnapshot(`protocol-${version}.golden.txt`);
  },
  90_000,
);
