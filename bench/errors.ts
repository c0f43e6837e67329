/** Error-log lines as nginx writes them in an outage, the same ones every time: about 240 bytes. */
import { randomNumbers } from './generate.ts';

export const groups = 5;
export const peersPerGroup = 10;

const messages = [
  ...Array.from({ length: 12 }, () => 'connect() failed (111: Connection refused) while connecting to upstream'),
  'upstream timed out (110: Connection timed out) while connecting to upstream',
  'upstream timed out (110: Connection timed out) while reading response header from upstream',
  'upstream prematurely closed connection while reading response header from upstream',
  'recv() failed (104: Connection reset by peer) while reading response header from upstream',
] as const;

export const peerOf = (group: number, peer: number): string => `10.0.${group}.${1 + peer}:8080`;

/** The groups of the lines, as nginx's configuration has them. */
export function nginxConf(errorLog: string, accessLog: string, format: string): string {
  const upstreams = Array.from({ length: groups }, (_, group) => {
    const servers = Array.from({ length: peersPerGroup }, (__, peer) => `    server ${peerOf(group, peer)};\n`);
    return `  upstream app${group} {\n${servers.join('')}  }\n`;
  });
  const locations = Array.from(
    { length: groups },
    (_, group) => `    location /${group}/ { proxy_pass http://app${group}; }\n`,
  );
  return (
    `error_log ${errorLog};\nevents {}\nhttp {\n  log_format bench '${format}';\n  access_log ${accessLog} bench;\n` +
    `${upstreams.join('')}  server {\n    listen 8000;\n${locations.join('')}  }\n}\n`
  );
}

const two = (value: number): string => String(value).padStart(2, '0');

/** When a line was written, as nginx's error log says it: local time. */
export function localStamp(date: Date): string {
  const day = `${date.getFullYear()}/${two(date.getMonth() + 1)}/${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export interface ErrorLines {
  readonly text: string;
  /** How many of them say that a peer refused. */
  readonly refused: number;
}

/** @param onlyRefused every line says that a peer refused */
export function errorLines(count: number, stamp: string, seed = 1, onlyRefused = false): ErrorLines {
  const below = randomNumbers(seed);
  const parts: string[] = [];
  let refused = 0;
  for (let i = 0; i < count; i++) {
    const group = below(groups);
    const message = onlyRefused ? messages[0] : (messages[below(messages.length)] ?? messages[0]);
    if (message === messages[0]) refused++;
    const path = `/${group}/items/${below(100_000)}?page=${below(50)}`;
    const referrer = below(3) === 0 ? `, referrer: "https://www.example.org/${below(1000)}"` : '';
    parts.push(
      `${stamp} [error] ${4000 + below(8)}#${4000 + below(8)}: *${1 + below(10_000_000)} ${message}, ` +
        `client: 192.0.2.${below(254)}, server: www.example.org, request: "GET ${path} HTTP/1.1", ` +
        `upstream: "http://${peerOf(group, below(peersPerGroup))}${path}", host: "www.example.org"${referrer}\n`,
    );
  }
  return { text: parts.join(''), refused };
}
