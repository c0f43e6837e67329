import { describe, expect, test } from 'vitest';
import type { Kind } from '../../../collector/model.ts';
import { parseErrorLine, parseStrictErrorLine } from '../../../collector/parse/error/line.ts';
import { connecting, fields, head, headers, peer, request, streamFields, upstream } from './reader/lines.ts';

const unix = (path: string): string => `${request}, upstream: "fastcgi://unix:${path}:", host: "www.example.org"`;

/** level, message with errno, action and context, the kind, and the errno. */
type Row = readonly [name: string, level: string, text: string, kind: Kind, errno: number | null];

const header = ' while reading response header from upstream';
const sending = ' while sending request to upstream';
const reading = ' while reading upstream';
const handshake = ' while SSL handshaking to upstream';
const udp =
  ', udp client: 192.0.2.7, server: 0.0.0.0:53, upstream: "127.0.0.1:5353", bytes from/to client:30/0, bytes from/to upstream:0/30';
const mail = ', client: 192.0.2.7, server: 0.0.0.0:143, login: "bob", upstream: 127.0.0.1:14300';

const connect: readonly Row[] = [
  ['refused', 'error', `connect() failed (111: Connection refused)${connecting}${fields}`, 'refused', 111],
  ['refused, old strerror', 'error', `connect() failed (111: Unknown error)${connecting}${fields}`, 'refused', 111],
  [
    'refused, synchronous',
    'error',
    `connect() to 127.0.0.1:21010 failed (111: Connection refused)${connecting}${fields}`,
    'refused',
    111,
  ],
  [
    'refused, stale socket',
    'error',
    `connect() to unix:/run/x.sock failed (111: Connection refused)${connecting}${unix('/run/x.sock')}`,
    'refused',
    111,
  ],
  [
    'refused, kqueue',
    'error',
    `kevent() reported that connect() failed (61: Connection refused)${connecting}${fields}`,
    'refused',
    61,
  ],
  [
    'refused, Windows',
    'error',
    `connect() failed (10061: No connection could be made because the target machine actively refused it)${connecting}${fields}`,
    'refused',
    10061,
  ],
  [
    'refused, stream, client event first',
    'error',
    `connect() failed (111: Connection refused) while proxying connection${streamFields}`,
    'refused',
    111,
  ],
  [
    'refused, stream',
    'error',
    `connect() failed (111: Connection refused)${connecting}${streamFields}`,
    'refused',
    111,
  ],
  [
    'refused, udp',
    'error',
    `recv() failed (111: Connection refused) while proxying and reading from upstream${udp}`,
    'refused',
    111,
  ],
  [
    'refused, udp, sending',
    'error',
    `send() failed (111: Connection refused) while proxying and sending to upstream${udp}`,
    'refused',
    111,
  ],
  [
    'refused, mail',
    'error',
    `recv() failed (111: Connection refused) while reading response from upstream${mail}`,
    'refused',
    111,
  ],
  [
    'refused, mail auth_http',
    'error',
    'recv() failed (111: Connection refused) while in http auth state, client: 192.0.2.7, server: 0.0.0.0:143, login: "bob"',
    'refused',
    111,
  ],
  ['timed out', 'error', `upstream timed out (110: Connection timed out)${connecting}${fields}`, 'timed_out', 110],
  [
    'timed out, musl text',
    'error',
    `upstream timed out (110: Operation timed out)${connecting}${fields}`,
    'timed_out',
    110,
  ],
  ['timed out, macOS', 'error', `upstream timed out (60: Operation timed out)${connecting}${fields}`, 'timed_out', 60],
  [
    'timed out, Windows',
    'error',
    `upstream timed out (10060: A connection attempt failed because the connected party did not properly respond after a period of time, or established connection failed because connected host has failed to respond)${connecting}${fields}`,
    'timed_out',
    10060,
  ],
  [
    'timed out, by TCP',
    'error',
    `connect() failed (110: Connection timed out)${connecting}${fields}`,
    'timed_out',
    110,
  ],
  [
    'timed out, stream',
    'error',
    `upstream timed out (110: Connection timed out)${connecting}${streamFields}`,
    'timed_out',
    110,
  ],
  [
    'timed out, CONNECT module',
    'error',
    'proxy_connect: upstream connect timed out (peer:192.0.2.9:443) while connecting to upstream, client: 192.0.2.7, server: , request: "CONNECT a:443 HTTP/1.1", host: "a:443"',
    'timed_out',
    null,
  ],
  ['unreachable host', 'error', `connect() failed (113: No route to host)${connecting}${fields}`, 'unreachable', 113],
  [
    'unreachable host, musl',
    'error',
    `connect() failed (113: Host is unreachable)${connecting}${fields}`,
    'unreachable',
    113,
  ],
  [
    'unreachable, synchronous',
    'error',
    `connect() to 10.9.9.9:80 failed (113: No route to host)${connecting}${fields}`,
    'unreachable',
    113,
  ],
  [
    'unreachable net',
    'error',
    `connect() to [2001:db8::1]:80 failed (101: Network is unreachable)${connecting}${request}, upstream: "http://[2001:db8::1]:80/", host: "a"`,
    'unreachable',
    101,
  ],
  [
    'unreachable, BSD 51',
    'error',
    `connect() to 10.9.9.9:80 failed (51: Network is unreachable)${connecting}${fields}`,
    'unreachable',
    51,
  ],
  ['unreachable, BSD 65', 'error', `connect() failed (65: No route to host)${connecting}${fields}`, 'unreachable', 65],
  [
    'unreachable, Windows',
    'error',
    `connect() failed (10065: A socket operation was attempted to an unreachable host)${connecting}${fields}`,
    'unreachable',
    10065,
  ],
  [
    'unreachable net, Windows',
    'error',
    `connect() to 10.9.9.9:80 failed (10051: text)${connecting}${fields}`,
    'unreachable',
    10051,
  ],
  [
    'blackhole route',
    'crit',
    `connect() to 10.9.9.9:80 failed (22: Invalid argument)${connecting}${fields}`,
    'unreachable',
    22,
  ],
  [
    'backlog full',
    'error',
    `connect() to unix:/run/x.sock failed (11: Resource temporarily unavailable)${connecting}${unix('/run/x.sock')}`,
    'backlog_full',
    11,
  ],
  [
    'socket missing',
    'crit',
    `connect() to unix:/run/x.sock failed (2: No such file or directory)${connecting}${unix('/run/x.sock')}`,
    'socket_missing',
    2,
  ],
  [
    'denied, socket',
    'crit',
    `connect() to unix:/run/x.sock failed (13: Permission denied)${connecting}${unix('/run/x.sock')}`,
    'denied',
    13,
  ],
  [
    'denied, prohibit route',
    'crit',
    `connect() to 127.0.0.1:21010 failed (13: Permission denied)${connecting}${fields}`,
    'denied',
    13,
  ],
  [
    'no ports',
    'crit',
    `connect() to 127.0.0.1:21010 failed (99: Cannot assign requested address)${connecting}${fields}`,
    'no_ports',
    99,
  ],
  [
    'no ports, BSD',
    'crit',
    `connect() to 127.0.0.1:21010 failed (49: Can't assign requested address)${connecting}${fields}`,
    'no_ports',
    49,
  ],
  [
    'proxy_bind',
    'crit',
    `bind(192.0.2.99) failed (99: Cannot assign requested address)${connecting}${fields}`,
    'no_ports',
    99,
  ],
  [
    'descriptors, connecting',
    'alert',
    `socket() failed (24: Too many open files)${connecting}${fields}`,
    'no_files',
    24,
  ],
  ['descriptors, accept', 'crit', 'accept4() failed (24: Too many open files)', 'no_files', 24],
  ['descriptors, accept, musl', 'crit', 'accept4() failed (24: No file descriptors available)', 'no_files', 24],
  ['descriptors, old accept', 'crit', 'accept() failed (24: Too many open files)', 'no_files', 24],
  [
    'descriptors of the system',
    'alert',
    `socket() failed (23: Too many open files in system)${connecting}${fields}`,
    'no_files',
    23,
  ],
  ['descriptors, listening', 'emerg', 'socket() 192.0.2.1:80 failed (24: Too many open files)', 'no_files', 24],
  ['worker_connections', 'alert', '1024 worker_connections are not enough', 'worker_connections', null],
  [
    'worker_connections, connecting',
    'alert',
    `20 worker_connections are not enough${connecting}${fields}`,
    'worker_connections',
    null,
  ],
  [
    'worker_connections, reusing',
    'warn',
    '20 worker_connections are not enough, reusing connections',
    'worker_connections',
    null,
  ],
  [
    'no live',
    'error',
    `no live upstreams${connecting}${request}, upstream: "http://backend/a"${headers}`,
    'no_live',
    null,
  ],
  [
    'no live, stream',
    'error',
    `no live upstreams${connecting}, client: 192.0.2.7, server: 0.0.0.0:6443, upstream: "backend", bytes from/to client:0/0, bytes from/to upstream:0/0`,
    'no_live',
    null,
  ],
  [
    'resolve',
    'error',
    'api.invalid could not be resolved (3: Host not found), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  [
    'resolve, format',
    'error',
    'api.invalid could not be resolved (1: Format error), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  [
    'resolve, server failure',
    'error',
    'api.invalid could not be resolved (2: Server failure), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  [
    'resolve, timeout is no errno',
    'error',
    'api.invalid could not be resolved (110: Operation timed out), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  [
    'resolve, stream',
    'error',
    'api.invalid could not be resolved (5: Operation refused), client: 192.0.2.7, server: 0.0.0.0:6443, bytes from/to client:0/0, bytes from/to upstream:0/0',
    'resolve',
    null,
  ],
  [
    'resolve, lua',
    'error',
    '[lua] main.lua:28: request failed: example.com could not be resolved (110: Operation timed out), client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  [
    'no resolver',
    'error',
    'no resolver defined to resolve api.invalid, client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'resolve',
    null,
  ],
  ['host not found', 'emerg', 'host not found in upstream "backend:80" in /etc/nginx/nginx.conf:20', 'resolve', null],
  [
    'tls alert',
    'crit',
    `SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)${handshake}${fields}`,
    'tls',
    null,
  ],
  ['tls closed', 'error', `peer closed connection in SSL handshake${handshake}${fields}`, 'tls', null],
  [
    'tls reset',
    'error',
    `peer closed connection in SSL handshake (104: Connection reset by peer)${handshake}${fields}`,
    'tls',
    104,
  ],
  ['tls silent', 'error', `upstream timed out (110: Connection timed out)${handshake}${fields}`, 'tls', 110],
  ['tls recv reset', 'error', `recv() failed (104: Connection reset by peer)${handshake}${fields}`, 'tls', 104],
  [
    'certificate refused',
    'error',
    `upstream SSL certificate verify error: (18:self-signed certificate)${handshake}${fields}`,
    'tls',
    null,
  ],
  [
    'certificate of another name',
    'error',
    `upstream SSL certificate does not match "api.internal"${handshake}${fields}`,
    'tls',
    null,
  ],
];

const later: readonly Row[] = [
  ['reset, recv', 'error', `recv() failed (104: Connection reset by peer)${header}${fields}`, 'reset', 104],
  ['reset, readv', 'error', `readv() failed (104: Connection reset by peer)${reading}${fields}`, 'reset', 104],
  ['reset, writev 32', 'error', `writev() failed (32: Broken pipe)${sending}${fields}`, 'reset', 32],
  ['reset, send', 'error', `send() failed (104: Connection reset by peer)${sending}${fields}`, 'reset', 104],
  [
    'reset, BSD',
    'error',
    `kevent() reported about an closed connection (54: Connection reset by peer)${header}${fields}`,
    'reset',
    54,
  ],
  ['reset, BSD recv', 'error', `recv() failed (54: Connection reset by peer)${header}${fields}`, 'reset', 54],
  [
    'reset, Windows',
    'error',
    `WSARecv() failed (10054: An existing connection was forcibly closed by the remote host)${header}${fields}`,
    'reset',
    10054,
  ],
  [
    'reset, unbuffered',
    'error',
    `recv() failed (104: Connection reset by peer) while sending to client${fields}`,
    'reset',
    104,
  ],
  [
    'reset, stream',
    'error',
    `recv() failed (104: Connection reset by peer) while proxying and reading from upstream${streamFields}`,
    'reset',
    104,
  ],
  [
    'reset, upgraded',
    'error',
    `recv() failed (104: Connection reset by peer) while proxying upgraded connection${fields}`,
    'reset',
    104,
  ],
  ['reset, only an action left', 'error', `recv() failed (104: Unknown error)${reading},`, 'reset', 104],
  ['closed early, header', 'error', `upstream prematurely closed connection${header}${fields}`, 'closed_early', null],
  ['closed early, body', 'error', `upstream prematurely closed connection${reading}${fields}`, 'closed_early', null],
  [
    'closed early, unbuffered',
    'error',
    `upstream prematurely closed connection while sending to client${fields}`,
    'closed_early',
    null,
  ],
  [
    'closed early, FastCGI stdout',
    'error',
    `upstream prematurely closed FastCGI stdout${header}${fields}`,
    'closed_early',
    null,
  ],
  [
    'closed early, FastCGI request',
    'error',
    `upstream prematurely closed FastCGI request${reading}${fields}`,
    'closed_early',
    null,
  ],
  ['closed early, grpc', 'error', `upstream prematurely closed stream${reading}${fields}`, 'closed_early', null],
  [
    'read timeout, header',
    'error',
    `upstream timed out (110: Connection timed out)${header}${fields}`,
    'read_timeout',
    110,
  ],
  [
    'read timeout, body',
    'error',
    `upstream timed out (110: Connection timed out)${reading}${fields}`,
    'read_timeout',
    110,
  ],
  ['send timeout', 'error', `upstream timed out (110: Connection timed out)${sending}${fields}`, 'read_timeout', 110],
  [
    'timeout, upgraded',
    'error',
    `upstream timed out (110: Connection timed out) while proxying upgraded connection${fields}`,
    'read_timeout',
    110,
  ],
  ['timeout of TCP', 'error', `recv() failed (110: Connection timed out)${header}${fields}`, 'read_timeout', 110],
  ['too big header', 'error', `upstream sent too big header${header}${fields}`, 'bad_response', null],
  ['invalid header', 'error', `upstream sent invalid header${header}${fields}`, 'bad_response', null],
  [
    'invalid header, quoted',
    'error',
    `upstream sent invalid header: "X y, client: z\\x00..."${header}${fields}`,
    'bad_response',
    null,
  ],
  ['no valid header', 'error', `upstream sent no valid HTTP/1.0 header${header}${fields}`, 'bad_response', null],
  ['chunked', 'error', `upstream sent invalid chunked response${reading}${fields}`, 'bad_response', null],
  ['http2 frame', 'error', `upstream sent too large http2 frame: 4740180${header}${fields}`, 'bad_response', null],
  ['grpc rejected', 'error', `upstream rejected request with error 1${header}${fields}`, 'bad_response', null],
  [
    'FastCGI version',
    'error',
    `upstream sent unsupported FastCGI protocol version: 60${header}${fields}`,
    'bad_response',
    null,
  ],
  [
    'memcached',
    'error',
    `memcached sent invalid length in response "END" for key "/a"${header}${fields}`,
    'bad_response',
    null,
  ],
  [
    'mail',
    'error',
    'upstream sent invalid response: "-ERR" while reading response from upstream, client: 192.0.2.7, server: 0.0.0.0:110, login: "bob", upstream: 127.0.0.1:11000',
    'bad_response',
    null,
  ],
  [
    'no port',
    'error',
    'no port in upstream "backend", client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'other',
    null,
  ],
  [
    'invalid port',
    'error',
    'invalid port in upstream "backend:x", client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'other',
    null,
  ],
  [
    'invalid URL prefix',
    'error',
    'invalid URL prefix in "backend", client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "a"',
    'other',
    null,
  ],
  ['no servers', 'emerg', 'no servers are inside upstream in /etc/nginx/nginx.conf:3', 'other', null],
  ['port of a group', 'emerg', 'upstream "backend" may not have port 80 in /etc/nginx/nginx.conf:3', 'other', null],
  ['no path', 'emerg', 'no path in the unix domain socket in upstream "unix:"', 'other', null],
  [
    'tcp module',
    'error',
    `upstream servers are busy or encounter error!${connecting}, client: 192.0.2.7, server: 0.0.0.0:80`,
    'other',
    null,
  ],
  [
    'connect, another errno',
    'crit',
    `connect() to 10.9.9.9:80 failed (12: Cannot allocate memory)${connecting}${fields}`,
    'other',
    12,
  ],
  [
    'TLS after the handshake',
    'error',
    `SSL_read() failed (SSL: error:0A000126:SSL routines::unexpected eof while reading)${reading}${fields}`,
    'other',
    null,
  ],
];

const apart: readonly Row[] = [
  ['disabled', 'warn', `upstream server temporarily disabled${connecting}${fields}`, 'disabled', null],
  ['disabled, stream', 'warn', `upstream server temporarily disabled${connecting}${streamFields}`, 'disabled', null],
  ['disabled in the handshake', 'warn', `upstream server temporarily disabled${handshake}${fields}`, 'disabled', null],
  [
    'auth_request',
    'error',
    `auth request unexpected status: 502 while sending to client${request}, host: "a"`,
    'unrelated',
    null,
  ],
  ['client gone', 'info', `client prematurely closed connection${connecting}${fields}`, 'unrelated', null],
  [
    'client gone, epoll',
    'info',
    `epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too${connecting}${fields}`,
    'unrelated',
    null,
  ],
  [
    'client gone in the handshake',
    'info',
    `epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too${handshake}${fields}`,
    'unrelated',
    null,
  ],
  [
    'client timed out',
    'info',
    'client timed out (110: Connection timed out) while waiting for request, client: 192.0.2.7, server: 0.0.0.0:80',
    'unrelated',
    110,
  ],
  ['client reset', 'info', `recv() failed (104: Connection reset by peer)${sending}${fields}`, 'unrelated', 104],
  [
    'client reset while sending',
    'info',
    `writev() failed (104: Connection reset by peer) while sending to client${fields}`,
    'unrelated',
    104,
  ],
  [
    'client broken pipe, no level of use',
    'error',
    `sendfile() failed (32: Broken pipe) while sending to client${fields}`,
    'unrelated',
    32,
  ],
  [
    'client handshake',
    'crit',
    'SSL_do_handshake() failed (SSL: error:14209102:SSL routines:tls_early_post_process_client_hello:unsupported protocol) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443',
    'unrelated',
    null,
  ],
  [
    'client handshake reset',
    'info',
    'peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443',
    'unrelated',
    104,
  ],
  [
    'client of a stream',
    'error',
    `recv() failed (104: Connection reset by peer) while proxying and reading from client${streamFields}`,
    'unrelated',
    104,
  ],
  [
    'waiting',
    'info',
    'recv() failed (104: Connection reset by peer) while waiting for request, client: 192.0.2.7, server: 0.0.0.0:80',
    'unrelated',
    104,
  ],
  [
    'DNS refused',
    'error',
    'send() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53',
    'unrelated',
    111,
  ],
  [
    'DNS refused, recv',
    'error',
    'recv() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53',
    'unrelated',
    111,
  ],
  [
    'DNS unreachable',
    'crit',
    'connect() to [::1]:53 failed (101: Network is unreachable) while resolving, resolver: [::1]:53',
    'unrelated',
    101,
  ],
  [
    'syslog refused',
    'error',
    'send() failed (111: Connection refused) while logging to syslog, server: 127.0.0.1:514',
    'unrelated',
    111,
  ],
  [
    'syslog gone',
    'alert',
    'connect() to unix:/dev/log failed (2: No such file or directory) while logging to syslog, server: unix:/dev/log',
    'unrelated',
    2,
  ],
  [
    'OCSP',
    'error',
    'connect() failed (111: Connection refused) while requesting certificate status, responder: ocsp.example, peer: 192.0.2.3:80, certificate: "/c.pem"',
    'unrelated',
    111,
  ],
  ['bind at start', 'emerg', 'bind() to 0.0.0.0:80 failed (98: Address already in use)', 'unrelated', 98],
  [
    'bind at start, 99',
    'emerg',
    'bind() to 192.0.2.1:80 failed (99: Cannot assign requested address)',
    'unrelated',
    99,
  ],
  ['bind at start, 13', 'emerg', 'bind() to 0.0.0.0:80 failed (13: Permission denied)', 'unrelated', 13],
  ['still could not bind', 'emerg', 'still could not bind()', 'unrelated', null],
  ['open at start', 'emerg', 'open() "/var/log/nginx/a.log" failed (13: Permission denied)', 'unrelated', 13],
  ['static 404', 'error', `open() "/srv/a" failed (2: No such file or directory)${request}, host: "a"`, 'unrelated', 2],
  [
    'temp file denied',
    'crit',
    `open() "/var/lib/nginx/proxy/4/00/0000000004" failed (13: Permission denied)${reading}${fields}`,
    'unrelated',
    13,
  ],
  [
    'temp file, disk full',
    'crit',
    `pwritev() "/var/lib/nginx/proxy/4/00/0000000004" failed (28: No space left on device)${reading}${fields}`,
    'unrelated',
    28,
  ],
  [
    'temp file used',
    'warn',
    `an upstream response is buffered to a temporary file /var/lib/nginx/proxy/1/00/0000000001${reading}${fields}`,
    'unrelated',
    null,
  ],
  [
    'body buffered',
    'warn',
    `a client request body is buffered to a temporary file /var/lib/nginx/body/0000000001${request}, host: "a"`,
    'unrelated',
    null,
  ],
  [
    'header ignored',
    'warn',
    `upstream sent duplicate header line: "a: b", previous value: "a: c", ignored${header}${fields}`,
    'unrelated',
    null,
  ],
  ['bare send', 'error', 'send() failed (111: Connection refused)', 'unrelated', 111],
  ['bare recv', 'error', 'recv() failed (104: Connection reset by peer)', 'unrelated', 104],
  ['health check module', 'error', 'check protocol http error with peer: 127.0.0.1:80 ', 'unrelated', null],
  ['accept, connection aborted', 'error', 'accept4() failed (103: Software caused connection abort)', 'unrelated', 103],
  [
    'lua',
    'error',
    '[lua] redis.lua:12: connect(): failed to connect: connection refused, context: ngx.timer',
    'unrelated',
    null,
  ],
  // Sockets of Lua's and njs's own: neither ` while ` nor an upstream.
  ['Lua, refused', 'error', `connect() failed (111: Connection refused)${request}, host: "a"`, 'unrelated', 111],
  [
    'Lua, a full backlog',
    'error',
    `connect() to unix:/tmp/cache.sock failed (11: Resource temporarily unavailable)${request}, host: "a"`,
    'unrelated',
    11,
  ],
  ['Lua, a missing socket', 'crit', `connect() to unix:/tmp/x.sock failed (2: x)${request}, host: "a"`, 'unrelated', 2],
  ['Lua, no ports', 'crit', `connect() to 127.0.0.1:1 failed (99: x)${request}, host: "a"`, 'unrelated', 99],
  ['Lua, unreachable', 'error', `connect() to 10.0.0.1:1 failed (101: x)${request}, host: "a"`, 'unrelated', 101],
  ['Lua, no descriptors', 'alert', `socket() failed (24: Too many open files)${request}, host: "a"`, 'no_files', 24],
  ['Lua, recv()', 'error', `recv() failed (111: Connection refused)${request}, host: "a"`, 'unrelated', 111],
  ['Lua, reset', 'error', `recv() failed (104: Connection reset by peer)${request}, host: "a"`, 'unrelated', 104],
  ['Lua, TLS', 'error', `SSL_do_handshake() failed (SSL: error:1)${request}, host: "a"`, 'unrelated', null],
  [
    'Lua, its own words',
    'error',
    `lua tcp socket connect timed out, when connecting to 10.0.0.1:80${request}, host: "a"`,
    'unrelated',
    null,
  ],
  [
    'Lua, while a stream is read',
    'error',
    'connect() failed (111: Connection refused) while prereading client data, client: 192.0.2.7, server: 0.0.0.0:1, bytes from/to client:0/0, bytes from/to upstream:0/0',
    'unrelated',
    111,
  ],
  ['njs', 'error', `js: connect() failed (111: Connection refused)${request}, host: "a"`, 'unrelated', 111],
  [
    'nobody says who',
    'error',
    'connect() to unix:/var/sock/a.7 failed (11: Resource temporarily unavailable)',
    'unrelated',
    11,
  ],
  [
    'lua timer',
    'error',
    'connect() failed (111: Connection refused), context: ngx.timer, client: 192.0.2.7, server: 0.0.0.0:80',
    'unrelated',
    111,
  ],
  [
    'application output',
    'error',
    `FastCGI sent in stderr: "PHP message: connect() failed (111: Connection refused) while connecting to upstream"${header}${fields}`,
    'unrelated',
    null,
  ],
  ['start', 'notice', 'signal 15 (SIGTERM) received from 1, exiting', 'unrelated', null],
];

describe.each([
  ['connect', connect],
  ['later', later],
  ['apart', apart],
])('kinds: %s', (_, rows) => {
  test.each(rows)('%s', (_name, level, text, kind, errno) => {
    const line = parseErrorLine(head(level) + text);
    expect({ kind: line?.kind, errno: line?.errno, level: line?.level }).toEqual({ kind, errno, level });
  });
});

test('the errno decides, never its text', () => {
  for (const text of ['Connection refused', 'Permission denied', 'x', '', '(13: y)']) {
    const line = `${head()}connect() failed (113: ${text})${connecting}${fields}`;
    expect(parseErrorLine(line)).toMatchObject({ kind: 'unreachable', errno: 113 });
  }
});

test('every row about one peer names it', () => {
  for (const [name, level, text] of [...connect, ...later]) {
    if (!text.includes(upstream)) continue;
    expect([name, parseErrorLine(head(level) + text)?.upstream?.peer]).toEqual([name, peer]);
  }
});

/** Linux; BSD, macOS; Solaris, Linux on MIPS; Windows. The words are those of the systems, and decide nothing. */
const connectErrnos: Readonly<Partial<Record<Kind, readonly number[]>>> = {
  refused: [111, 61, 146, 10061],
  timed_out: [110, 60, 145, 10060],
  unreachable: [
    101, 51, 128, 10051, 113, 65, 148, 10065, 112, 64, 147, 10064, 100, 50, 127, 10050, 97, 47, 124, 10047, 22, 10022,
  ],
  reset: [104, 54, 131, 10054, 32, 103, 53, 130, 10053],
  no_ports: [99, 49, 126, 10049, 98, 48, 125, 10048, 10055],
  no_files: [24, 23, 10024],
  denied: [1, 13, 10013],
  socket_missing: [2, 20],
  backlog_full: [11, 35],
  other: [12, 9999],
};

test('every number of a failed connect, on every system', () => {
  for (const [kind, numbers] of Object.entries(connectErrnos)) {
    for (const errno of numbers) {
      for (const call of [
        'connect()',
        `connect() to ${peer}`,
        'kevent() reported that connect()',
        'socket()',
        'bind(10.0.0.1)',
      ]) {
        const text = `${head()}${call} failed (${errno}: x)${connecting}${fields}`;
        expect([errno, call, parseErrorLine(text)?.kind]).toEqual([errno, call, kind]);
      }
    }
  }
});

test('numbers that speak of a peer only when connecting', () => {
  const later = (errno: number) => parseErrorLine(`${head()}recv() failed (${errno}: x)${header}${fields}`)?.kind;
  expect([2, 11, 20, 22, 35, 48, 98].map(later)).toEqual(Array.from({ length: 7 }, () => 'other'));
  expect([104, 54, 131, 10054, 10053, 32, 53, 103].map(later)).toEqual(Array.from({ length: 8 }, () => 'reset'));
  expect([110, 60, 145, 10060].map(later)).toEqual(Array.from({ length: 4 }, () => 'read_timeout'));
});

describe('other programs of nginx’s family', () => {
  const at = (action: string) => ` while ${action}${fields}`;
  const client = ', client: 192.0.2.7, server: 0.0.0.0:443';
  test.each([
    ['Angie, HTTP/3', `upstream timed out (110: x)${at('QUIC handshaking to upstream')}`, 'timed_out'],
    ['Angie, HTTP/3', `recv() failed (111: x)${at('QUIC handshaking to upstream')}`, 'refused'],
    ['Angie, HTTP/3', `SSL_do_handshake() failed (SSL: error:1)${at('QUIC handshaking to upstream')}`, 'tls'],
    ['Angie, HTTP/3', `http3 connection timed out${at('QUIC handshaking to upstream')}`, 'other'],
    ['Angie, ACME', `send() failed (104: x) while sending response to ACME HTTP challenge${fields}`, 'unrelated'],
    ['freenginx', 'recv() failed (104: x) while reading request body, client: 192.0.2.7, server: a', 'unrelated'],
    [
      'OpenResty, proxy_ssl_verify_by_lua',
      `SSL_do_handshake() failed (SSL: x)${at('proxy pass SSL handshaking')}`,
      'tls',
    ],
    ['the same', `peer closed connection in SSL handshake${at('loading proxy ssl verify by lua')}`, 'tls'],
    [
      'OpenResty, a script’s socket',
      `connect() failed (111: x) while loading SSL certificate by lua${client}`,
      'unrelated',
    ],
    ['the same', `connect() failed (111: x) while fetching SSL session by lua${client}`, 'unrelated'],
    ['OpenResty, no peer', `lua balancer: no peer set${connecting}${fields}`, 'other'],
    ['OpenResty, a broken balancer', `failed to run balancer_by_lua*: x.lua:4: nil${connecting}${fields}`, 'other'],
    ['a script’s words', `[lua] x.lua:4: failed to set current peer: no memory${connecting}${fields}`, 'unrelated'],
    ['a script’s socket', `lua tcp socket connect timed out, when connecting to 10.0.0.9:6379${fields}`, 'unrelated'],
    ['a script’s socket', `attempt to send data on a closed socket: u:00, c:00, ft:0 eof:0${fields}`, 'unrelated'],
    [
      'proxy_connect',
      `proxy_connect: upstream connect timed out (peer:10.0.0.9:443)${connecting}${fields}`,
      'timed_out',
    ],
    ['proxy_connect', `proxy_connect: upstream read timed out (peer:10.0.0.9:443)${header}${fields}`, 'read_timeout'],
    ['proxy_connect', `proxy_connect: client read timed out${at('proxying connection')}`, 'unrelated'],
    ['proxy_connect', `proxy_connect: upstream connect failed (111: x)${connecting}${fields}`, 'refused'],
    ['proxy_connect', `proxy_connect: connection error${connecting}${fields}`, 'other'],
    ['an option that is refused', `setsockopt(IP_BINDANY) failed (22: x)${connecting}${fields}`, 'other'],
    ['an option without the right to it', `setsockopt(IP_TRANSPARENT) failed (1: x)${connecting}${fields}`, 'denied'],
  ])('%s: %s', (_, text, kind) => {
    expect(parseErrorLine(head() + text)?.kind).toBe(kind);
    expect(parseStrictErrorLine(head() + text)?.kind).toBe(kind);
  });
});

describe('active health checks of NGINX Plus', () => {
  const check = ', health check "ok" of peer 10.0.0.7:80 in upstream "app"';
  const line = (level: string, text: string) => parseErrorLine(`${head(level, '')}${text}${check}`);
  const named = { upstream: { scheme: null, peer: '10.0.0.7:80', uri: null }, truncated: false, checked: 'app' };
  test.each([
    ['error', `connect() failed (111: Connection refused)${connecting}`, 'refused'],
    ['error', `upstream timed out (110: Connection timed out)${connecting}`, 'timed_out'],
    ['error', `upstream timed out (110: Connection timed out)${header}`, 'read_timeout'],
    ['error', `recv() failed (104: Connection reset by peer)${header}`, 'reset'],
    ['error', `upstream prematurely closed connection${header}`, 'closed_early'],
    ['error', `upstream sent invalid header${header}`, 'bad_response'],
    ['error', `SSL_do_handshake() failed (SSL: error:0A000086:x)${handshake}`, 'tls'],
    ['warn', `peer is unhealthy${connecting}`, 'disabled'],
    ['warn', `peer is unhealthy${header}`, 'disabled'],
    ['notice', `peer is healthy${header}`, 'unrelated'],
  ] as const)('%s %s', (level, text, kind) => {
    const found = line(level, text);
    expect(found).toMatchObject({ kind, truncated: false });
    if (kind !== 'unrelated') expect(found).toMatchObject(named);
  });

  test('the peer has any form', () => {
    for (const address of ['[2001:db8::1]:80', 'unix:/run/app.sock']) {
      const text = `${head('error', '')}connect() failed (111: x)${connecting}${check.replace('10.0.0.7:80', address)}`;
      expect(parseErrorLine(text)?.upstream?.peer).toBe(address);
    }
  });

  test.each([
    ['error', `connect() failed (111: x)${connecting}`, 'refused'],
    ['warn', `peer is unhealthy while checking status code`, 'disabled'],
    ['warn', `peer is unhealthy while checking body`, 'disabled'],
  ] as const)('with the number of its connection: %s %s', (level, text, kind) => {
    const line = head(level) + text + check;
    expect(parseErrorLine(line)).toMatchObject({ kind, ...named });
    expect(parseStrictErrorLine(line)).toMatchObject({ kind, ...named });
  });

  test('a client that writes one makes none', () => {
    const behind = `${head()}connect() failed (111: x)${connecting}${check}${request}`;
    expect(parseErrorLine(behind)).toMatchObject({ upstream: null });
    expect(parseErrorLine(behind)).not.toHaveProperty('checked');
    const asked = `${head()}x${check} could not be resolved (3: Host not found)${request}`;
    expect(parseErrorLine(asked)).toMatchObject({ upstream: null });
    expect(parseErrorLine(asked)).not.toHaveProperty('checked');
    const inUri = `${head()}connect() failed (111: x)${connecting}, client: 1.2.3.4, server: a, request: "GET /${check}`;
    expect(parseErrorLine(inUri)).not.toHaveProperty('checked');
    const cut = `${head()}connect() failed (111: x)${connecting}${check.replace('"app"', `"${'a'.repeat(4000)}`)}`;
    expect(parseErrorLine(`${cut.slice(0, 2046)}"`)).not.toHaveProperty('checked');
    const referrer = `${head()}connect() failed (111: x)${connecting}${request}${upstream}, host: "a", referrer: "${check}"`;
    expect(parseErrorLine(referrer)?.upstream?.peer).toBe(peer);
    expect(parseErrorLine(referrer)).not.toHaveProperty('checked');
  });
});

describe('the limit of open files', () => {
  const full = '(24: Too many open files)';
  test.each([
    ['a static file', head('crit'), `open() "/srv/a.js" failed ${full}${request}, host: "a"`],
    [
      'a temporary file',
      head('crit'),
      `open() "/var/lib/nginx/proxy/1/00/01" failed ${full} while reading upstream${fields}`,
    ],
    ['a log', head('crit'), `open() "/var/log/nginx/a.log" failed ${full} while logging request${request}, host: "a"`],
    ['a reopened log', head('emerg', ''), `open() "/var/log/nginx/a.log" failed ${full}`],
    ['the system’s', head('crit'), `open() "/srv/a.js" failed (23: Too many open files in system)${request}`],
    ['a folder', head('crit'), `opendir() "/srv/a" failed ${full}${request}`],
    ['accept4', head('crit', ''), `accept4() failed ${full}`],
    ['accept', head('crit', ''), `accept() failed ${full}`],
    ['a socket', head('alert'), `socket() failed ${full}${connecting}${fields}`],
    ['a socket without a request', head('alert', ''), `socket() failed ${full}`],
    ['a pipe', head('alert', ''), `pipe() failed ${full}`],
    ['a pair of sockets', head('alert', ''), `socketpair() failed while spawning "worker process" ${full}`],
    ['another thread’s pipe', head('alert', ''), `eventfd() failed ${full}`],
    ['epoll', head('emerg', ''), `epoll_create() failed ${full}`],
  ])('%s', (_, prefix, text) => {
    expect(parseErrorLine(prefix + text)?.kind).toBe('no_files');
    expect(parseStrictErrorLine(prefix + text)?.kind).toBe('no_files');
  });
  const forged = `open() "/srv/x" failed ${full}`;
  test.each([
    ['in a URI', `${forged}" failed (2: No such file or directory)${request}, host: "a"`],
    ['with a context', `${forged}, client: 1.2.3.4, server: a" failed (2: No such file or directory)${request}`],
    ['before the end of the buffer', `${forged}, client: 1.2.3.4, server: ${'a'.repeat(4000)}`.slice(0, 1990)],
    ['of another kind', `FastCGI sent in stderr: "${forged}" while reading response header from upstream${request}`],
  ])('what a client writes %s makes none', (_, text) => {
    const cut = text.length > 1500 ? (head() + text.padEnd(3000, 'a')).slice(0, 2047) : head() + text;
    expect(parseErrorLine(cut)?.kind).toBe('unrelated');
    expect(parseStrictErrorLine(cut)?.kind).toBe('unrelated');
  });
});

describe('services, and the words of OpenSSL', () => {
  test.each([
    [
      'b1.example could not be resolved (3: Host not found) while resolving service _http._tcp of example',
      'resolve',
      'resolving service _http._tcp of example',
    ],
    ['service _http._tcp of example could not be resolved (110: Operation timed out)', 'resolve', null],
    ['pool.example could not be resolved (2: Server failure)', 'resolve', null],
  ])('%s', (text, kind, action) => {
    expect(parseErrorLine(head('error', '') + text)).toMatchObject({
      kind,
      action,
      errno: null,
      upstream: null,
      truncated: false,
    });
  });
  const eof = 'error:0A000126:SSL routines::unexpected eof while reading';
  test.each([
    `SSL_do_handshake() failed (SSL: ${eof} error:0A000438:SSL routines::tlsv1 alert internal error)`,
    `SSL_do_handshake() failed (SSL: error:0A000438:x ${eof})`,
    `SSL_do_handshake() failed (SSL: ${eof})`,
    `SSL_do_handshake() failed (SSL: error:0A000086:SSL routines::certificate verify failed:(self while reading) )`,
    `SSL_read() failed (SSL: ${eof})`,
  ])('%s', (text) => {
    const whole = `${head()}${text}${handshake}${fields}`;
    expect(parseErrorLine(whole)).toMatchObject({
      kind: 'tls',
      action: 'SSL handshaking to upstream',
      message: text,
      errno: null,
      upstream: { peer },
    });
    const ofClient = `${head('crit')}${text} while SSL handshaking, client: 192.0.2.7, server: 0.0.0.0:443`;
    expect(parseErrorLine(ofClient)).toMatchObject({ kind: 'unrelated', action: 'SSL handshaking', upstream: null });
  });
});
