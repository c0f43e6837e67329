/** stream { } logs the same lists, without their own status. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';
import { readAccessLine } from '../../../collector/parse/access/json.ts';
import { createAccessMatcher } from '../../../collector/parse/access/match/matcher.ts';
import { freePorts } from '../../support/network/ports.ts';
import { startBackend } from '../../support/servers/backend.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { waitUntil } from '../../support/wait.ts';

const formats = {
  bracketed: `log_format bracketed '[$remote_addr] [$time_local] $protocol $status $session_time "$upstream_addr" "$upstream_connect_time"';`,
  commas: `log_format commas '$remote_addr,protocol:$protocol,status:$status,session_time:$session_time,upstream_addr:$upstream_addr,'
             'sent:$upstream_bytes_sent,received:$upstream_bytes_received,connect:$upstream_connect_time';`,
};

const visit = (port: number): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end());
    socket.once('close', () => resolve());
  });

test('attempts of stream sessions', async () => {
  const [answered = 0, refused = 0, retried = 0, none = 0, dead = 0, dead2 = 0] = await freePorts(6);
  const ok = await startBackend();
  const nginx = await startNginx({
    stream: `
      ${Object.values(formats).join('\n')}
      ${Object.keys(formats)
        .map((name) => `access_log logs/${name}.log ${name};`)
        .join('\n')}
      upstream pair { server 127.0.0.1:${dead} max_fails=0; server ${ok.address} backup; }
      upstream gone { server 127.0.0.1:${dead}; server 127.0.0.1:${dead2} backup; }
      server { listen 127.0.0.1:${answered}; proxy_pass ${ok.address}; }
      server { listen 127.0.0.1:${refused}; proxy_pass 127.0.0.1:${dead}; }
      server { listen 127.0.0.1:${retried}; proxy_pass pair; }
      server { listen 127.0.0.1:${none}; proxy_pass gone; }`,
  });
  for (const port of [answered, refused, retried, none, none]) await visit(port);
  const expected = [
    [200, `${ok.address}+`],
    [502, `127.0.0.1:${dead}-`],
    [200, `127.0.0.1:${dead}-`, `${ok.address}+`],
    [502, `127.0.0.1:${dead}-`, `127.0.0.1:${dead2}-`],
    [502, 'gone-'],
  ];
  for (const [name, directive] of Object.entries(formats)) {
    const path = join(nginx.prefix, `logs/${name}.log`);
    const result = readLogFormat(directive);
    if ('problem' in result) throw new Error(result.problem);
    const matcher = createAccessMatcher(result.format);
    const lines = await waitUntil(
      () => {
        const all = readFileSync(path, 'utf8').split('\n').slice(0, -1);
        return all.length === expected.length ? all : null;
      },
      { what: `the lines of ${name}` },
    );
    const found = lines.map((line) => {
      const read = readAccessLine(matcher, Buffer.from(`${line}\n`));
      if ('unmatched' in read) return read;
      return [read.status, ...read.attempts.map((a) => `${a.peer}${a.connectMs === null ? '-' : '+'}`)];
    });
    expect(found, name).toEqual(expected);
  }
});
