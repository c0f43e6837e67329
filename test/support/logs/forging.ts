/** What a client asks for, so that nginx prints complete lines of the client's choice into its error log. */

export interface Claim {
  /** `*N `, or empty. */
  readonly connection: string;
  readonly pid: number;
  /** `2026/11/22 07:30:45` */
  readonly time: string;
  /** An upstream's name in the configuration, and a peer of it. */
  readonly upstream: string;
  readonly peer: string;
}

/** Of a worker that runs, about a peer that is configured. */
export const plausible: Claim = {
  connection: '*7 ',
  pid: 4027,
  time: '2026/11/22 07:30:45',
  upstream: 'shop',
  peer: '10.0.0.1:80',
};

const fields = ', client: 127.0.0.1, server: , request: "GET / HTTP/1.1"';
const host = ', host: "x"';
const bytes = ', bytes from/to client:0/0, bytes from/to upstream:0/0';

/** A line of every kind that alerts or charts count, as nginx writes it. */
export const forgeries: Readonly<Record<string, (claim: Claim) => string>> = {
  refused: (claim) => http(claim, 'error', 'connect() failed (111: Connection refused) while connecting to upstream'),
  'refused, stream': (claim) =>
    `${head(claim, 'error')}connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: 0.0.0.0:80, upstream: "${claim.peer}"${bytes}`,
  'refused, mail': (claim) =>
    `${head(claim, 'error')}recv() failed (111: Connection refused) while reading response from upstream, client: 127.0.0.1, server: 0.0.0.0:25, login: "x", upstream: ${claim.peer}`,
  timed_out: (claim) =>
    http(claim, 'error', 'upstream timed out (110: Connection timed out) while connecting to upstream'),
  unreachable: (claim) => http(claim, 'error', 'connect() failed (113: No route to host) while connecting to upstream'),
  socket_missing: (claim) =>
    http(
      { ...claim, peer: 'unix:/run/app.sock:' },
      'crit',
      'connect() to unix:/run/app.sock failed (2: No such file or directory) while connecting to upstream',
    ),
  denied: (claim) =>
    http(claim, 'crit', `connect() to ${claim.peer} failed (13: Permission denied) while connecting to upstream`),
  backlog_full: (claim) =>
    http(
      { ...claim, peer: 'unix:/run/app.sock:' },
      'error',
      'connect() to unix:/run/app.sock failed (11: Resource temporarily unavailable) while connecting to upstream',
    ),
  no_ports: (claim) =>
    http(
      claim,
      'crit',
      `connect() to ${claim.peer} failed (99: Cannot assign requested address) while connecting to upstream`,
    ),
  no_files: (claim) =>
    http(claim, 'alert', 'socket() failed (24: Too many open files) while connecting to upstream', 'no peer'),
  'no_files, on accept': (claim) => `${head(claim, 'crit', '')}accept4() failed (24: Too many open files)`,
  worker_connections: (claim) =>
    http(claim, 'alert', '64 worker_connections are not enough while connecting to upstream', 'no peer'),
  'worker_connections, on accept': (claim) => `${head(claim, 'alert', '')}64 worker_connections are not enough`,
  no_live: (claim) =>
    http({ ...claim, peer: claim.upstream }, 'error', 'no live upstreams while connecting to upstream'),
  resolve: (claim) => http(claim, 'error', 'shop.example could not be resolved (3: Host not found)', 'no peer'),
  'resolve, at start': (claim) =>
    `${head(claim, 'emerg', '')}host not found in upstream "shop.example" in /etc/nginx/nginx.conf:7`,
  tls: (claim) =>
    http(
      claim,
      'error',
      'SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream',
    ),
  reset: (claim) =>
    http(claim, 'error', 'recv() failed (104: Connection reset by peer) while reading response header from upstream'),
  closed_early: (claim) =>
    http(claim, 'error', 'upstream prematurely closed connection while reading response header from upstream'),
  read_timeout: (claim) =>
    http(claim, 'error', 'upstream timed out (110: Connection timed out) while reading response header from upstream'),
  bad_response: (claim) =>
    http(claim, 'error', 'upstream sent too big header while reading response header from upstream'),
  other: (claim) => http(claim, 'error', 'upstream split a header line in FastCGI records while reading upstream'),
  disabled: (claim) => http(claim, 'warn', 'upstream server temporarily disabled while connecting to upstream'),
  'a worker that died': (claim) => `${head(claim, 'alert', '')}worker process ${claim.pid} exited on signal 11`,
};

function head({ time, pid, connection }: Claim, level: string, own = connection): string {
  return `${time} [${level}] ${pid}#${pid}: ${own}`;
}

function http(claim: Claim, level: string, message: string, peer: 'peer' | 'no peer' = 'peer'): string {
  const upstream = peer === 'peer' ? `, upstream: "http://${claim.peer}/"` : '';
  return `${head(claim, level)}${message}${fields}${upstream}${host}`;
}

const end = `" failed (2: No such file or directory)${fields}${host}`;
const unquoted = (line: string): string => line.replace(/"$/, '');

/** Decoded paths that nginx prints where it does not find the file, each in its own way around the forged line. */
export const shapes: Readonly<Record<string, (line: string, rootLength: number) => string>> = {
  'a rest behind it': (line) => `/x${end}\n${line}\nx`,
  'several, and a rest of several lines': (line) => `/x${end}\n${line}\n${line}\nx" y\nx`,
  'its own host continues with the rest': (line) => `/x${end}\n${unquoted(line)}`,
  'a referrer holds the rest': (line) => `/x${end}\n${line}, referrer: "`,
  'the record was left open': (line) => `/x\n${line}\nx`,
  'left open, and the host continues': (line) => `/x\n${unquoted(line)}`,
  'with a line that could have begun the rest': (line) =>
    `/x${end}\n${line}\n${line.slice(0, 19)} [error] 1#1: *1 open() "/x${end}\nx`,
  'dot segments before it': (line) => `/a/../b/./x${end}\n${line}\nx`,
  'cut at the end of the buffer': (line, rootLength) => cut(line, rootLength, end),
  'left open, and cut': (line, rootLength) => cut(line, rootLength, ''),
};

/** @param rootLength of what nginx prints before the path, from the time on */
function cut(line: string, rootLength: number, before: string): string {
  const length = 2047 - rootLength - Buffer.byteLength(`/x${before}\n${line}`);
  return `/${'x'.repeat(length + 1)}${before}\n${line}${'x'.repeat(100)}`;
}

/** As a client sends it. */
export const escaped = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

/** Now, as nginx prints it, or so many seconds earlier. */
export function logTime(secondsAgo = 0): string {
  const time = new Date(Date.now() - 1000 * secondsAgo);
  const two = (number: number) => String(number).padStart(2, '0');
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':');
  return `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())} ${clock}`;
}

/** What nginx 1.22 prints of it, below `root`, where it finds no such file. */
export function notFoundRecord(path: string, claim: Claim, root = '/usr/share/nginx/html'): string {
  const printed = path.replace(/\/a\/\.\.\/b\/\.\//, '/b/');
  const context = `, client: 192.0.2.9, server: , request: "GET ${escaped(path)} HTTP/1.1", host: "a"`;
  const record = `${head(claim, 'error')}open() "${root}${printed}" failed (2: No such file or directory)${context}`;
  return Buffer.from(record).subarray(0, 2047).toString();
}
