/** Complete lines that a client had nginx print, among real ones: which count. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseErrorLine } from '../../../../collector/parse/error/line.ts';
import { errorLineReader } from '../../../../collector/parse/error/reader.ts';
import { isCutLength } from '../../../../collector/parse/error/size.ts';
import { plausible as claim, escaped, forgeries, notFoundRecord, shapes } from '../../../support/logs/forging.ts';
import { fields, head, peer, refused, tellingSink, upstream } from './lines.ts';

const root = `${head()}open() "/usr/share/nginx/html`;
const missing = (path: string): string => notFoundRecord(path, claim);
const other = `${head()}upstream timed out (110: Connection timed out) while connecting to upstream${fields}`;

function read(lines: readonly string[], parse?: typeof parseErrorLine) {
  const told = new Map<string, string[]>();
  const reader = errorLineReader(
    tellingSink((state, text) => told.set(state, [...(told.get(state) ?? []), text])),
    parse,
  );
  for (const line of lines.join('\n').split('\n')) reader.read(line);
  reader.end();
  const counted = (told.get('line') ?? []).filter((text) => {
    const line = parseErrorLine(text);
    return line?.kind !== 'unrelated' || line.connection === null;
  });
  return { counted, forged: told.get('forged') ?? [] };
}

describe.each(Object.entries(shapes))('%s', (_name, shape) => {
  test.each(Object.entries(forgeries))('%s', (_, forge) => {
    for (const connection of ['*7 ', '']) {
      const line = forge({ ...claim, connection });
      const record = missing(shape(line, root.length));
      for (const parse of [undefined, parseErrorLine]) {
        // By chance the first of the others stands where a record would have been cut: the last one vouches for it.
        const lines = [refused, record, refused, other, record, record, refused, 'x'.repeat(4000), other];
        const { counted, forged } = read(lines, parse);
        expect(counted.sort()).toEqual([refused, refused, refused, other, other].sort());
        expect(forged.some((text) => text.startsWith(line.slice(0, 60)))).toBe(true);
      }
    }
  });
});

describe('other ways to have nginx print a line', () => {
  const line = forgeries['refused']?.(claim) ?? '';
  const live = forgeries['no_live']?.(claim) ?? '';
  const asked = (target: string) => `, client: 192.0.2.9, server: , request: "GET ${target} HTTP/1.1", host: "a"`;
  const whole = asked('/x').replace('192.0.2.9', '127.0.0.1');
  const tcp = ', client: 192.0.2.9, server: 0.0.0.0:443, bytes from/to client:0/0, bytes from/to upstream:0/0';
  const login = `${head()}recv() failed (111: Connection refused) while reading response from upstream, client: 192.0.2.9, server: 0.0.0.0:143, login: "`;
  test.each([
    [
      'what PHP says',
      `${head()}FastCGI sent in stderr: "PHP message: x" while reading response header from upstream${whole}\n${line}\nx" while reading response header from upstream${asked('/')}`,
    ],
    [
      'what PHP says, left open',
      `${head()}FastCGI sent in stderr: "PHP message: x\n${line}\nx" while reading response header from upstream${asked('/')}`,
    ],
    ['what Lua says', `${head()}[lua] a.lua:1: x${whole}\n${line}\nx${asked('/?a=1')}`],
    ['what Lua says, left open', `${head()}[lua] a.lua:1: x\n${line}\nx${asked('/?a=1')}`],
    [
      'a name to resolve, the first line forged as well',
      `${head()}${line.slice(line.indexOf('connect()'))}\nx could not be resolved (3: Host not found)${asked(escaped(`/${line.slice(line.indexOf('connect()'))}\nx`))}`,
    ],
    [
      'a name to resolve, in one line',
      `${head()}${line.slice(line.indexOf('connect()'), -1)} could not be resolved (3: Host not found)${asked('/x')}`,
    ],
    [
      'a URI that is proxied decoded',
      `${head()}connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.9, server: , request: "GET ${escaped(`/x", host: "a"\n${live}\nx`)} HTTP/1.1", upstream: "http://127.0.0.1:81/x", host: "a"\n${live}\nx", host: "a"`,
    ],
    [
      'a URI that is proxied decoded, whose host continues',
      `${head()}connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.9, server: , request: "GET ${escaped(`/x", host: "a"\n${live.slice(0, -11)}`)} HTTP/1.1", upstream: "http://127.0.0.1:81/x", host: "a"\n${live.slice(0, -11)}", host: "a"`,
    ],
    [
      'a URI of X-Accel-Redirect',
      `${head()}unsafe URI "/x" was detected while reading response header from upstream${whole}\n${line}\ny/../../" was detected while reading response header from upstream${asked('/app?x=1')}, upstream: "http://10.0.0.5:1/app"`,
    ],
    [
      'a redirection that never ends, cut at the end of the buffer',
      `${head()}rewrite or internal redirection cycle while internally redirecting to "/x"${whole}\n${line}\n${'p'.repeat(2047)}`.slice(
        0,
        2047,
      ),
    ],
    ["a name out of a stream's TLS handshake", `${head()}invalid host in upstream "x"${tcp}\n${line}\ny:443"${tcp}`],
    [
      'the same, cut at the end of the buffer',
      `${head()}invalid host in upstream "x"${tcp}\n${line}\n${'p'.repeat(2047)}`.slice(0, 2047),
    ],
    [
      'what is no PROXY header',
      `${head()}broken header: "x" while reading PROXY protocol, client: 192.0.2.9, server: 0.0.0.0:80\n${line}\ny\n" while reading PROXY protocol, client: 192.0.2.9, server: 0.0.0.0:80`,
    ],
    ['a login of mail', `${login}x", upstream: 10.0.0.9:143\n${line}\ny", upstream: 10.0.0.9:143`],
    ['a login of mail, left open', `${login}x\n${line}\ny", upstream: 10.0.0.9:143`],
    ['a login of mail, whose end is the line itself', `${login}x"\n${line.slice(0, -1)}", upstream: 10.0.0.9:143`],
    ['a login of mail at a level without failures', `${login.replace('[error]', '[info]')}x"\n${line}\ny"`],
    ['what njs throws', `${head()}js exception: Error: x${whole}\n${line}\ny${asked('/?a=1')}`],
    ['what Perl says', `${head()}perl: x${whole}\n${line}\ny${asked('/?a=1')}`],
    ['what Lua throws while logging', `${head()}failed to run log_by_lua*: x${whole}\n${line}\ny${asked('/?a=1')}`],
  ])('%s', (_, record) => {
    const strange = read([refused, record, other]).counted.filter((text) => text !== refused && text !== other);
    // A real line of mail's that a client's text broke up is no forged one.
    expect(strange.filter((text) => !text.startsWith(login))).toEqual([]);
  });
});

describe('real lines count, whatever stands around them', () => {
  const scanner = refused.replaceAll('/a?b=c', '/%0d%0aSet-Cookie:%20x%0a');
  const notFound = missing('/nothing');
  const php = `${head()}FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught x in /a.php:1\nStack trace:\n#0 {main}\n  thrown in /a.php on line 1" while reading response header from upstream${fields}`;
  const lua = `${head()}lua entry thread aborted: runtime error: a.lua:1: x\nstack traceback:\ncoroutine 0:\n\ta.lua: in function <a.lua:1>${fields}`;
  const atStart = `${head('error', '')}[lua] a.lua:1: x\nstack traceback:\n\t[C]: in ?`;
  const long = refused.replaceAll('/a?b=c', `/${'a'.repeat(1800)}`).slice(0, 2047);
  const accept = `${head('alert', '')}64 worker_connections are not enough`;
  const denied = (path: string) =>
    `${head()}access forbidden by rule${fields.replace(upstream, '').replaceAll('/a?b=c', path)}`;
  const stopped = `${head('error')}connect() failed (111: Connection refused) while connecting to upstream, client: 1.1.1.1, server: a, request: "GET /`;
  const all = [
    refused,
    scanner,
    notFound,
    php,
    lua,
    atStart,
    long,
    accept,
    other,
    stopped,
    'another program says this',
    '',
  ];
  const matter = (lines: readonly string[]) =>
    lines.filter((text) => [refused, scanner, long, accept, other, stopped].includes(text)).sort();

  /** Where a line ends just as far behind the beginning of another one as nginx's buffer is long, the two may be one record that nginx cut. */
  const endsByChance = (lines: readonly string[]): boolean => {
    const physical = lines.join('\n').split('\n');
    return physical.some((begin, from) => {
      let bytes = -1;
      const ends = physical.slice(from).map((text) => {
        bytes += text.length + 1;
        return bytes;
      });
      return begin !== long && begin.startsWith('2026/') && ends.some((end) => isCutLength({ least: end, most: end }));
    });
  };

  test('in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...all), { maxLength: 40 }), (lines) => {
        // Once at the end in no doubt, so that those count that are.
        const padded = [...lines, ...[refused, accept, other].flatMap((text) => ['x'.repeat(4000), text])];
        fc.pre(!endsByChance(padded));
        expect(matter(read(padded).counted)).toEqual(matter(padded));
      }),
      { numRuns: 300, interruptAfterTimeLimit: 3000 },
    );
  });

  test.each([
    ['behind a line that names it', (asks: string) => [refused, denied(asks), refused, other, refused]],
    ['behind a refused one', (asks: string) => [refused, refused.replaceAll('/a?b=c', asks), other, refused]],
    ['in two lines', (asks: string) => [refused, denied(`/x%0a${asks.slice(1)}`), refused, refused, other]],
  ])('a client that guesses how the lines of others begin hides none: %s', (_, lines) => {
    const beginning = escaped(refused.slice(0, 60)).replaceAll('/', '%2f');
    for (const first of ['', '%22', escaped('x", host: "www.example.org"')]) {
      const all = lines(`/${first}%0a${beginning}`);
      expect(read(all).counted).toEqual(all.filter((text) => !text.includes('forbidden')));
    }
  });

  test('a client whose referrer ends a record of another one hides none', () => {
    const own = refused.replace('https://example.org/', '" failed (2: x), client: 1, server: y');
    expect(read([notFound, refused, refused, own, refused, other]).counted.sort()).toEqual(
      [refused, refused, refused, other].sort(),
    );
  });

  test("a stack trace of Lua's or njs's hides none before it", () => {
    for (const words of [
      'failed to run log_by_lua*: a.lua:1: x\nstack traceback:',
      'js exception: Error: x\n    at a.js:1',
    ]) {
      const trace = `${head()}${words}\n\t[C]: in ? "x"${fields}`;
      expect(read([notFound, refused, trace, other]).counted).toEqual([refused, other]);
    }
  });

  test('health checks of NGINX Plus, which have no connection', () => {
    const check = ', health check "ok" of peer 10.0.0.7:80 in upstream "app"';
    const lines = [
      'connect() failed (111: Connection refused) while connecting to upstream',
      'upstream timed out (110: Connection timed out) while connecting to upstream',
      'recv() failed (104: Connection reset by peer) while reading response header from upstream',
      'peer is unhealthy while connecting to upstream',
    ].map((message) => `${head('error', '')}${message}${check}`);
    expect(read(lines).counted).toEqual(lines);
  });

  test('one that by chance ends where a record would have been cut, as soon as another one says the same', () => {
    const length = 2047 - Buffer.byteLength(notFound) - 1;
    const line = refused
      .replaceAll('/a?b=c', '/')
      .replace('GET /', `GET /${'a'.repeat(length - refused.replaceAll('/a?b=c', '/').length)}`);
    expect(read([notFound, line]).counted).toEqual([]);
    expect(read([notFound, line, 'x'.repeat(4000), refused]).counted.sort()).toEqual([line, refused].sort());
    expect(read([refused, 'x'.repeat(4000), notFound, line]).counted.sort()).toEqual([line, refused].sort());
    expect(read([notFound, line, 'x'.repeat(4000), refused.replaceAll(peer, '10.9.9.9:80')]).counted).toHaveLength(1);
  });
});

describe('a record of which no rest without a prefix is left, for its end completes a line of the client', () => {
  const missingFile = '" failed (2: No such file or directory)';
  const ends = `${missingFile}, client: 1.2.3.4, server: , request: "GET /x HTTP/1.1", host: "a"`;
  const begins = `${head('error', '*98 ')}open() "/zz`;
  const live = forgeries['no_live']?.(claim) ?? '';
  const tcp = ', bytes from/to client:0/0, bytes from/to upstream:0/0';
  const lives = `${head()}no live upstreams while connecting to upstream, client: 10.9.8.7, server: 0.0.0.0:1, upstream: "shop"${tcp}`;
  const cut = (text: string, length = 2047) => Buffer.from(text).subarray(0, length).toString();
  /** What nginx prints of a path whose request is longer than its buffer. */
  const record = (path: string, target = `${'/.'.repeat(2200)}/x`) =>
    `${root}${path}${missingFile}, client: 192.0.2.9, server: , request: "GET ${target} HTTP/1.1", host: "a"`;
  const gone = `${head()}open() "/x`;

  test.each([
    ['dot segments before it', cut(record(`/x${ends}\n${lives}\n${begins}`))],
    ['a name in the request', cut(record(`/x${ends}\n${live}\n${begins}`, `http://${'a'.repeat(1900)}/x`))],
    ['the buffer of OpenResty', cut(record(`/x${ends}\n${lives}\n${begins}`), 4095)],
    ['several lines', cut(record(`/x${ends}\n${live}\n${lives}\n${lives}\n${begins}`))],
    ['lines that end with a carriage return', cut(record(`/x${ends}\r\n${lives}\r\n${begins}`))],
    ['bytes that are no ASCII', cut(record(`/é€${ends}\n${lives}\n${begins}`))],
    [
      'a complete context in the line that it completes',
      cut(record(`/x${ends}\n${lives}\n${begins}${ends.slice(0, -3)}`)),
    ],
    ['that line left open', cut(record(`/x${ends}\n${lives}\n${begins}\nx`))],
    ['its own end before', cut(record(`/x${ends}\n${live}\nx${ends}\n${lives}\n${begins}`))],
    ['a line with two contexts before', cut(record(`/x${ends}\n${live}${ends}\n${lives}\n${begins}`))],
    ['a failure that it chose as the last line', cut(record(`/x${ends}\n${lives}\n${live.slice(0, -12)}`))],
  ])('%s, cut at the end of the buffer', (_, text) => {
    expect([2047, 4095]).toContain(Buffer.byteLength(text));
    expect(read([other, text, other]).counted.filter((each) => each !== other)).toEqual([]);
    expect(read([refused, notFoundRecord('/nothing', claim), text, other, refused]).counted.sort()).toEqual(
      [refused, other, refused].sort(),
    );
  });

  const proxied = '" while reading PROXY protocol, client: 192.0.2.9, server: 0.0.0.0:80';
  const broken = `${head()}broken header: "x`;
  const named = `${head()}invalid host in upstream "x`;
  const stream = `", client: 192.0.2.9, server: 0.0.0.0:443${tcp}`;
  test.each([
    ['a PROXY header', `${broken}${proxied}\n${lives}\n${head()}broken header: "zz${proxied}`],
    [
      'another client in its own end',
      `${broken}${proxied.replace('192.', '8.')}\n${lives}\n${head()}broken header: "zz${proxied}`,
    ],
    ['a line of another kind completed', `${broken}${proxied}\n${lives}\n${begins}${proxied}`],
    ['a line with its own context completed', `${broken}${proxied}\n${lives}\n${begins}${ends}, x: "${proxied}`],
    ['a request in its first line', `${broken}${ends}\n${lives}\n${begins}${proxied}`],
    [
      'another worker',
      `${broken}${proxied}\n${lives}\n${head().replaceAll('4027', '4028')}broken header: "zz${proxied}`,
    ],
    ['that line left open', `${broken}${proxied}\n${lives}\n${head()}broken header: "zz\n${proxied}`],
    ["a name out of a stream's TLS handshake", `${named}${stream}\n${lives}\n${head()}no port in upstream "y${stream}`],
  ])('without any request: %s', (_, text) => {
    expect(read([other, text, other]).counted.filter((each) => each !== other)).toEqual([]);
  });

  test('records that quote a client and hold no request hide no failure of another read', () => {
    const told: string[] = [];
    const reader = errorLineReader(tellingSink((state, text) => state === 'line' && told.push(text)));
    for (const text of [`${broken}${proxied}`, lives, `${broken}${proxied}`]) {
      reader.read(text);
      reader.pause(true);
    }
    reader.pause(true);
    expect(told).toContain(lives);
  });

  test('nor one that also stands outside of them', () => {
    const flood = Array.from({ length: 50 }, () => [`${broken}${proxied}`, lives]).flat();
    expect(read([...flood, 'x'.repeat(4000), lives]).counted).toHaveLength(51);
    expect(read([gone + ends, lives, gone + ends]).counted).toEqual([lives]);
  });
});
