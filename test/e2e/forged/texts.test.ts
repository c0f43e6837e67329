/**
 * Every text of a client that a real nginx prints decoded, in http, stream and mail, with a complete line inside that claims
 * a failure of a healthy upstream: none of it is counted there, whatever follows it.
 */
import { chmodSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { logTime } from '../../support/logs/forging.ts';
import { freePorts } from '../../support/network/ports.ts';
import { descendants, isAlive } from '../../support/process.ts';
import { startNginx } from '../../support/servers/nginx.ts';
import { atEnd, tempDir } from '../../support/temp.ts';
import { textOf } from './kit.ts';
import { watch } from './watch-kit.ts';

/** Sends these bytes; resolves when nginx closes, or has had its time. */
function send(port: number, bytes: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), 2000);
    socket.resume();
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Answers an application's request, with X-Accel-Redirect where it is asked for, and mail's questions about a login. */
function application(port: number, mailBackend: number): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const url = /^\S+ (\S+)/.exec(data.toString('latin1'))?.[1] ?? '';
      const inside = /[?&]x=([^&\s]*)/.exec(url)?.[1];
      const login = url.startsWith('/auth')
        ? `Auth-Status: OK\r\nAuth-Server: 127.0.0.1\r\nAuth-Port: ${mailBackend}\r\n`
        : '';
      socket.end(`HTTP/1.0 200 OK\r\n${login}${inside === undefined ? '' : `X-Accel-Redirect: ${inside}\r\n`}\r\n`);
    });
  }).listen(port, '127.0.0.1');
  atEnd(() => void server.close());
}

/** A TLS greeting whose server name is any text. */
function hello(name: string): Buffer {
  const sized = (bytes: Buffer, width = 2): Buffer => {
    const size = Buffer.alloc(width);
    size.writeUIntBE(bytes.length, 0, width);
    return Buffer.concat([size, bytes]);
  };
  const names = sized(Buffer.concat([Buffer.from([0]), sized(Buffer.from(name))]));
  const extensions = sized(Buffer.concat([Buffer.from([0, 0]), sized(names)]));
  const begin = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 1), Buffer.from([0, 0, 2, 0x13, 1, 1, 0])]);
  const shake = Buffer.concat([Buffer.from([1]), sized(Buffer.concat([begin, extensions]), 3)]);
  return Buffer.concat([Buffer.from([0x16, 3, 1]), sized(shake)]);
}

const quoted = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[a-z/]/i.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');

const context = ', client: 127.0.0.1, server: , request: "GET / HTTP/1.1", host: "x"';
const missing = '" failed (2: No such file or directory)';
const pad = 'p'.repeat(1900);

interface Ports {
  readonly front: number;
  readonly sni: number;
  readonly proxied: number;
  readonly mail: number;
  readonly mailBackend: number;
}

/** Where a client's text is printed, and what it sends so that `line` stands there alone. */
function sendings(line: string, ports: Ports): readonly (readonly [string, () => Promise<void>])[] {
  const { front, sni, proxied, mail, mailBackend } = ports;
  const get =
    (path: string, more = '', method = 'GET') =>
    () =>
      send(front, `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${more}\r\n`);
  const login = (text: string) => () => send(mail, `a LOGIN {${Buffer.byteLength(text)}}\r\n${text} {1}\r\nx\r\n`);
  const next = `${line.slice(0, line.indexOf('*'))}*98 `;
  const begun = quoted(`x${missing}${context}\n${line}\n${next}open() "/zz`);
  const ofStream = `", client: 127.0.0.1, server: 127.0.0.1:${sni}, bytes from/to client:0/0, bytes from/to upstream:0/0`;
  return [
    ['a rewrite that is logged', get(`/rw/${quoted(`x", args: ""${context}\n${line}\ny`)}`)],
    ['a rewrite that fills the buffer', get(`/rw/${quoted(`x", args: ""${context}\n${line}\n${pad}`)}`)],
    ['a cycle of redirects', get(`/cyc/${quoted(`x"${context}\n${line}\ny`)}`)],
    ['a cycle that fills the buffer', get(`/cyc/${quoted(`x"${context}\n${line}\n${pad.slice(0, 1000)}`)}`)],
    ['a request that begins behind the end of the buffer', get(`${'/.'.repeat(1200)}/x${begun}`)],
    ['one that names a long host', get(`http://${'a'.repeat(1900)}/x${begun}`)],
    ['the same with carriage returns', get(`${'/.'.repeat(1200)}/x${begun.replaceAll('%0a', '%0d%0a')}`)],
    ['an error page', get(`/ep/${quoted(`x${missing}${context}\n${line}\n${pad}`)}`)],
    ['X-Accel-Redirect to a missing file', get(`/app?x=/int/${quoted(`x${missing}${context}\n${line}\ny`)}`)],
    ['the same, filling the buffer', get(`/app?x=/int/${quoted(`x${missing}${context}\n${line}\n${pad}`)}`)],
    ['an unsafe X-Accel-Redirect', get(`/app?x=/int/${quoted(`x" was detected${context}\n${line}\ny/../../`)}`)],
    ['a URI that is proxied decoded', get(`/end/${quoted(`x", host: "x"\n${line}\ny`)}/e`)],
    ['the same with arguments', get(`/end/${quoted(`x", host: "x"\n${line}\ny`)}/e?a=b`)],
    ['a port in a URI', get(`/port/${quoted(`x:bad"${context}\n${line}\ny`)}`)],
    ['the same, filling the buffer', get(`/port/${quoted(`x:bad"${context}\n${line}\n${pad}`)}`)],
    ['a scheme in a URI', get(`/pre/${quoted(`x"${context}\n${line}\ny`)}`)],
    [
      'a copy in WebDAV',
      get('/dav/no', `Destination: http://x/dav/${quoted(`x"${context}\n${line}\nppp`)}\r\n`, 'COPY'),
    ],
    ['a folder in WebDAV', get(`/dav/${quoted(`no/x${missing}${context}\n${line}\ny/`)}`, '', 'MKCOL')],
    ['a deletion in WebDAV', get(`/dav/${quoted(`x${missing}${context}\n${line}\ny`)}`, '', 'DELETE')],
    [
      'an upload in WebDAV',
      get(`/dav/${quoted(`x${missing}${context}\n${line}\npp`)}`, 'Content-Length: 0\r\n', 'PUT'),
    ],
    ['a referrer', get('/none', `Referer: ${missing}, client: 1, ${line}\r\n`)],
    ['a host', get('/none', `X: y\r\nHost: ${line.replace(/[^\w.]/g, '.')}\r\n`)],
    ['a method', () => send(front, `${line}\n${line}\r\n\r\n`)],
    ['a server name in TLS', () => send(sni, hello(`x\n${line}\ny`))],
    ['one that ends the record', () => send(sni, hello(`x${ofStream}\n${line}\ny`))],
    ['one that fills the buffer', () => send(sni, hello(`x${ofStream}\n${line}\n${pad}`))],
    [
      'a PROXY header',
      () =>
        send(
          proxied,
          `x" while reading PROXY protocol, client: 127.0.0.1, server: 127.0.0.1:${proxied}\n${line}\ny\r\n`,
        ),
    ],
    [
      'a name that begins another record',
      () => send(sni, hello(`x${ofStream}\n${line}\n${next}invalid host in upstream "y`)),
    ],
    ['a login of mail', login(`x\n${line}\ny`)],
    ['one that ends the record', login(`x", upstream: 127.0.0.1:${mailBackend}\n${line}\ny`)],
    ['one that leaves it open', login(`x"\n${line}, host: "a`)],
  ];
}

async function startShop() {
  const [front = 0, shop = 0, dead = 0, app = 0, sni = 0, proxied = 0, mail = 0, mailBackend = 0] = await freePorts(8);
  application(app, mailBackend);
  const folder = tempDir('dav');
  chmodSync(folder, 0o777);
  const files = 'root /usr/share/nginx/html;';
  const nginx = await startNginx({
    errorLog: ['logs/error.log notice'],
    http: `
      upstream shop { server 127.0.0.1:${shop}; server 127.0.0.1:${shop} weight=2; }
      server {
        listen 127.0.0.1:${front};
        location / { ${files} }
        location /shop { proxy_pass http://shop; }
        location /rw { rewrite_log on; rewrite ^/rw/(.*)$ /q/$1 break; ${files} return 204; }
        location /cyc { try_files /nope /cyc$uri; }
        location /ep { error_page 404 = /other$uri; root /nonexist; }
        location /app { proxy_pass http://127.0.0.1:${app}; }
        location /int { internal; ${files} }
        location ~ (?s)^/end/(.*)/e$ { proxy_pass http://127.0.0.1:${dead}/$1; }
        location ~ (?s)^/port/(.*)$ { proxy_pass http://$1; }
        location ~ (?s)^/pre/(.*)$ { proxy_pass $1; }
        location /dav { root ${folder}; dav_methods PUT DELETE MKCOL COPY MOVE; }
      }
      server { listen 127.0.0.1:${proxied} proxy_protocol; location / { return 204; } }`,
    stream: `resolver 127.0.0.1; resolver_timeout 50ms;
      server { listen 127.0.0.1:${sni}; ssl_preread on; proxy_pass $ssl_preread_server_name:443; }`,
    mail: `server_name x; auth_http 127.0.0.1:${app}/auth;
      server { listen 127.0.0.1:${mail}; protocol imap; imap_auth plain login; }`,
  });
  return {
    nginx,
    shop: `127.0.0.1:${shop}`,
    ports: { front, sni, proxied, mail, mailBackend },
    family: () => [nginx.pid, ...descendants(nginx.pid)].filter(isAlive),
    refusals: () => 0,
  };
}

test('no text of a client raises a count of a healthy upstream, makes a chart or takes a place', {
  timeout: 100_000,
}, async () => {
  const world = await startShop();
  const { nginx, shop, ports } = world;
  const plugin = watch([world]);
  await plugin.until('the first tick', () => plugin.counted().forged === 0);
  const [worker = 0] = nginx.workers();
  const begin = () => `${logTime()} [error] ${worker}#${worker}: *7`;
  const ofHttp = 'client: 127.0.0.1, server: , request: "GET / HTTP/1.1"';
  const lines = [
    () => `${begin()} no live upstreams while connecting to upstream, ${ofHttp}, upstream: "http://shop/", host: "x"`,
    () =>
      `${begin()} connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: 0.0.0.0:80, upstream: "${shop}", bytes from/to client:0/0, bytes from/to upstream:0/0`,
    () =>
      `${begin()} upstream timed out (110: Connection timed out) while connecting to upstream, ${ofHttp}, upstream: "http://10.9.9.9:81/", host: "x"`,
  ];
  for (const line of lines) {
    for (const [, sent] of sendings(line(), ports)) {
      await sent();
      await plugin.tick();
    }
  }
  // The last lines wait for one second more.
  for (let ticks = 0; ticks < 5; ticks += 1) await plugin.tick();
  const planted = textOf(nginx.errorLog)
    .split('\n')
    .filter((text) => text.startsWith('20') && text.includes(': *7 '));
  expect(planted.length).toBeGreaterThan(lines.length * 15);
  const counted = [...plugin.values].filter(([name, value]) => value > 0 && /failures/.test(name));
  const slug = shop.replace(/\W/g, '_');
  expect(counted.filter(([name]) => /shop|10_9_9_9|no_live|timed_out$/.test(name) || name.includes(slug))).toEqual([]);
  expect([...plugin.values.keys()].filter((name) => name.includes('10_9_9_9'))).toEqual([]);
  expect(plugin.counted().forged ?? 0).toBeGreaterThan(lines.length * 15);
});
