import type { ErrorLineSink } from '../../../../collector/parse/error/reader.ts';

/** Lines in the shape that nginx gives them: the prefix, then the handler's context fields. */
export const head = (level = 'error', connection = '*7 '): string =>
  `2026/11/22 07:30:45 [${level}] 4027#4027: ${connection}`;

export const request = ', client: 192.0.2.7, server: www.example.org, request: "GET /a?b=c HTTP/1.1"';
export const headers = ', host: "www.example.org", referrer: "https://example.org/"';
export const peer = '127.0.0.1:21010';
export const upstream = `, upstream: "http://${peer}/a?b=c"`;
export const fields = request + upstream + headers;
export const streamFields =
  ', client: 192.0.2.7, server: 0.0.0.0:6443, upstream: "127.0.0.1:3306", bytes from/to client:0/0, bytes from/to upstream:0/0';

export const connecting = ' while connecting to upstream';
export const refused = `${head()}connect() failed (111: Connection refused)${connecting}${fields}`;

/** Says of each line what the reader took it for. */
export function tellingSink(tell: (state: string, text: string) => void): ErrorLineSink {
  return {
    line: (text) => tell('line', text),
    forged: (text) => tell('forged', text),
    continuation: (text) => tell('continuation', text),
    foreign: (text) => tell('foreign', text),
  };
}
