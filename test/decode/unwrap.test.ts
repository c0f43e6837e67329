/** One error line and one access line of nginx's, in everything that people's files have around them. */
import { describe, expect, test } from 'vitest';
import { createUnwrapper } from '../../collector/decode/unwrap.ts';

const error =
  '2026/11/22 07:30:45 [error] 7#7: *1 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: a, request: "GET /\\"x HTTP/1.1", upstream: "http://127.0.0.1:80/", host: "a"';
const access = '192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/8.0"';
const read = (lines: readonly string[]) => {
  const unwrapper = createUnwrapper();
  return lines.map((line) => unwrapper.line(line)).filter((line) => line !== null);
};
const inLogfmt = (text: string) => text.replace(/["\\]/g, (c) => `\\${c}`);

describe.each([
  ['an error line', error],
  ['an access line', access],
])('%s', (_, line) => {
  const json = (key: string) => JSON.stringify({ level: 'info', [key]: line, host: 'a' });
  test.each([
    ['nothing', [line]],
    ['docker’s json-file', [JSON.stringify({ log: `${line}\n`, stream: 'stderr', time: '2026-11-22T07:30:45Z' })]],
    ['the same, CR LF', [JSON.stringify({ log: `${line}\r\n`, stream: 'stdout', time: '2026-11-22T07:30:45Z' })]],
    ['CRI', [`2026-11-22T07:30:45.123456789Z stderr F ${line}`]],
    ['CRI with tags', [`2026-11-22T07:30:45.123456789+01:00 stdout F:x ${line}`]],
    [
      'CRI in parts',
      [`2026-11-22T07:30:45Z stderr P ${line.slice(0, 40)}`, `2026-11-22T07:30:45Z stderr F ${line.slice(40)}`],
    ],
    ['journalctl -o json', [JSON.stringify({ __CURSOR: 's=1', _HOSTNAME: 'h', MESSAGE: line })]],
    ['the same, as bytes', [JSON.stringify({ __CURSOR: 's=1', MESSAGE: [...Buffer.from(line)] })]],
    ['journalctl -o export', ['__CURSOR=s=1', '__REALTIME_TIMESTAMP=1', '_PID=7', `MESSAGE=${line}`, '_UID=0', '']],
    ['the same, as a binary field', ['__CURSOR=s=1', 'MESSAGE', `\u0010\u0001\0\0\0\0\0\0${line}`, '_UID=0', '']],
    ['JSON with message', [json('message')]],
    ['JSON with log', [json('log')]],
    ['JSON with msg', [json('msg')]],
    ['JSON with MESSAGE', [json('MESSAGE')]],
    ['logcli’s JSON lines', [JSON.stringify({ labels: { app: 'nginx' }, line, timestamp: '2026-11-22T07:30:45Z' })]],
    ['logcli', [`2026-11-22T07:30:45Z {app="nginx", pod="a-1"} ${line}`]],
    ['logfmt', [`ts=2026-11-22T07:30:45Z level=info app="my nginx" msg="${inLogfmt(line)}"`]],
    ['kubectl with prefixes', [`[pod/nginx-7d5/nginx] ${line}`]],
    ['fluentd', [`2026-11-22 07:30:45.000000000 +0000 docker.nginx: ${JSON.stringify({ log: `${line}\n` })}`]],
    ['Elasticsearch', [JSON.stringify({ _index: 'a', _source: { '@timestamp': 'x', message: line } })]],
    ['Google’s textPayload', [JSON.stringify({ logName: 'a', textPayload: `${line}\n`, severity: 'ERROR' })]],
    ['Google’s jsonPayload', [JSON.stringify({ jsonPayload: { message: line }, logName: 'a' })]],
    ['CloudWatch Insights', [JSON.stringify({ '@timestamp': 'x', '@message': line })]],
    ['GELF', [JSON.stringify({ version: '1.1', host: 'h', short_message: line, level: 3 })]],
    ['GELF, a long one', [JSON.stringify({ version: '1.1', short_message: line.slice(0, 40), full_message: line })]],
    ['Splunk’s HTTP event collector', [JSON.stringify({ time: 1.1, event: line, sourcetype: 'nginx' })]],
    ['Datadog', [JSON.stringify({ id: 'x', content: { message: line, service: 'nginx' } })]],
    ['Splunk', [JSON.stringify({ preview: false, result: { _raw: line } })]],
    ['OpenTelemetry', [JSON.stringify({ timestamp: 'x', body: line, attributes: {} })]],
    ['JSON inside JSON', [JSON.stringify({ message: JSON.stringify({ log: `${line}\n`, stream: 'stderr' }) })]],
    ['a member of printed JSON', [`      "message" : ${JSON.stringify(line)},`]],
    ['an element of a list', [`  ${JSON.stringify(`${line}\n`)},`]],
    ['a string', [JSON.stringify(line)]],
    ['logfmt with line', [`level=error ts=1 line="${inLogfmt(line)}"`]],
    ['a terminal’s colours', [`\u001b[36mnginx-1  | \u001b[0m${line}`.replace('nginx-1  | ', '')]],
    ['a mark of UTF-8', [`\ufeff${line}`]],
    [
      'journalctl -o verbose',
      ['Sun 2026-11-22 07:30:45.1 UTC [s=0a;i=1;b=2]', '    _PID=7', `    MESSAGE=${line}`, ''],
    ],
    ['tail over two files', ['==> /var/log/nginx/error.log <==', line]],
    [
      'RFC 5424 with data',
      [`<187>1 2026-11-22T07:30:45Z web nginx 7 ID47 [ex@1 a="b" c="x \\] y"][o@2 z="1"] ${line}`],
    ],
    ['the same as rsyslog stores it', [`2026-11-22T07:30:45.1+01:00 web nginx - - [ex@1 a="b"] \ufeff${line}`]],
    ['RFC 5424 with its length', [`312 <187>1 2026-11-22T07:30:45Z web nginx 7 - [ex@1 a="["] ${line}`]],
    ['journalctl -o json-sse', [`data: ${JSON.stringify({ __CURSOR: 's=1', MESSAGE: line })}`]],
    ['journalctl -o json-seq', [`\u001e${JSON.stringify({ __CURSOR: 's=1', MESSAGE: line })}`]],
    ['JSON behind docker compose', [`nginx-1  | ${json('message')}`]],
    ['JSON behind syslog', [`Nov 22 07:30:45 web nginx[12]: ${json('message')}`]],
    ['JSON behind syslog’s mark', [`Nov 22 07:30:45 web nginx: @cee: ${json('msg')}`]],
    ['JSON behind a time and a tag of fluentd’s', [`2026-11-22T07:30:45+00:00\tdocker.nginx\t${json('log')}`]],
    ['JSON that is indented', [`  ${json('log')}`]],
    ['an object of a list', [`${json('message')},`]],
    ['the first object of a list', [`[${json('message')},`]],
    ['OpenTelemetry’s own JSON', [JSON.stringify({ timeUnixNano: '1', body: { stringValue: line } })]],
    ['Azure', [JSON.stringify({ LogEntry: `${line}\n`, ContainerID: 'x' })]],
    ['Elastic’s original', [JSON.stringify({ event: { original: line, module: 'nginx' } })]],
    ['Azure’s second version', [JSON.stringify({ LogMessage: line, PodName: 'x' })]],
    ['JSON with Message', [json('Message')]],
    ['a terminal’s colours to its end', [`\u001b[31m${line}\u001b[0m`]],
    [
      'docker inside the journal',
      [JSON.stringify({ MESSAGE: JSON.stringify({ log: `${line}\n`, stream: 'stdout' }) })],
    ],
  ])('%s', (__, lines) => {
    expect(read(lines)).toEqual([line]);
  });
});

describe('other people’s copies', () => {
  const shared = error.replace('/\\"x', '/x');
  test('quotes escaped as in JSON, a cut end', () => {
    expect(read([inLogfmt(shared)])).toEqual([shared]);
    expect(read([inLogfmt(shared).slice(0, -1)])).toEqual([shared]);
  });
  test.each([
    ['fluent-bit', `[0] kube.a_b.log: [1795332645.210102861, {"log"=>"LINE\\n", "stream"=>"stderr"}]`],
    ['fluent-bit behind a name', `fluent-bit-1: [12] docker.a: [1795332645.2, {"log"=>"LINE`],
    ['fluent-bit 2.1', `[0] docker.a: [[1795332645.2, {}], {"source"=>"stderr", "log"=>"LINE", "x"=>"y"}]`],
  ])('%s', (_, text) => {
    expect(read([text.replace('LINE', () => shared)])).toEqual([shared]);
  });
});

describe('copies out of pages', () => {
  const bare = error.replace('/\\"x', '/x');
  test.each([
    ['curly quotes', (line: string) => line.replaceAll(/"([^"]*)"/g, '\u201c$1\u201d')],
    ['wrong curly quotes', (line: string) => line.replaceAll('"', '\u201d')],
    ['primes', (line: string) => line.replaceAll('"', '\u2033')],
    ['entities', (line: string) => line.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
    ['numbers of entities', (line: string) => line.replaceAll('"', '&#34;')],
  ])('%s', (_, copy) => {
    for (const line of [bare, access, bare.replace('/x', '/x?a=1&b=2')]) expect(read([copy(line)])).toEqual([line]);
  });
  test.each([
    ['a client’s curly quotes', bare.replace('/x', '/\u201cx, upstream: \u201chttp://evil/\u201d')],
    ['a client’s entities', access.replace('curl/8.0', 'x] &quot;GET / HTTP/1.1&quot;')],
  ])('%s stay', (_, line) => {
    expect(read([line])).toEqual([line]);
  });
});

describe('rows of comma-separated values', () => {
  const inCsv = (text: string) => `"${text.replaceAll('"', '""')}"`;
  test.each([error, access])('%s', (line) => {
    expect(read([`2026-11-22T07:30:45Z,${inCsv(line)}`])).toEqual([line]);
    expect(read([`"1795332645000","nginx",${inCsv(line)},""`])).toEqual([line]);
    expect(read([`1795332645000,${inCsv(line)}`])).toEqual([line]);
  });
});

describe('lines between plain quotes', () => {
  const bare = error.replace('/\\"x', '/x');
  test.each([
    ['plain', `"${bare}"`],
    ['with a comma behind', `"${bare}",`],
    ['indented', `   "${bare}"`],
    ['without the last', `"${bare}`],
    ['single', `'${bare}'`],
    ['backticks', `\`${bare}\``],
    ['curly', `\u201c${bare.replaceAll(/"([^"]*)"/g, '\u201c$1\u201d')}\u201d`],
    ['French', `\u00ab${bare}\u00bb`],
    ['CSV, another mark', `2026-11-22T07:30:45Z;"${bare.replaceAll('"', '""')}"`],
    ['CSV, tabs', `"app"\t"${bare.replaceAll('"', '""')}"\t1`],
  ])('%s', (_, text) => {
    expect(read([text])).toEqual([bare]);
  });
  test('of an access log', () => {
    expect(read([`"${access}"`, `"${access}",`])).toEqual([access, access]);
  });
  test.each([
    ['a notice', '2026/11/22 07:30:45 [notice] 1#1: signal process started'],
    ['a name in the configuration', '2026/11/22 07:30:45 [emerg] 1#1: host not found in upstream app in /etc/a.conf:3'],
  ])('a cell with no quotes inside: %s', (_, line) => {
    expect(read([`"1795332645000","${line}"`, `1795332645000,nginx,"${line}"`])).toEqual([line, line]);
  });
});

describe('what is no wrapping stays as it is', () => {
  test.each([
    [
      'a client in a row of an access log',
      `192.0.2.7,"GET / HTTP/1.1",502,"2026/11/22 07:30:45 [error] 7#7: *1 no live"`,
    ],
    ['a format that begins and ends with quotes', '"192.0.2.7" "GET / HTTP/1.1" "502"'],
    ['an error line that quotes one', `${error.replace('"a"', '"a", referrer: "msg="x""')}`],
    ['an access log in JSON', '{"status":200,"request":"GET / HTTP/1.1","upstream_addr":"127.0.0.1:80"}'],
    ['no JSON', '{"log":"x'],
    ['an access log in JSON behind compose', 'nginx-1  | {"status":200,"request":"GET / HTTP/1.1"}'],
    [
      'a message that holds JSON',
      '2026/11/22 07:30:45 [error] 7#7: *1 FastCGI sent in stderr: {"log":"x","stream":"stderr","message":"y"}',
    ],
    ['a client that writes JSON', '192.0.2.7 "GET / HTTP/1.1" 502 {"message":"x"}'],
    ['an object in an access line', '192.0.2.7 {"message":"x"} 502'],
    [
      'a user’s name like syslog’s data',
      '2026-11-22T07:30:45Z 192.0.2.7 - a b [c] [22/Nov/2026:07:30:45 +0000] "GET /',
    ],
    [
      'a client that writes logfmt',
      `192.0.2.7 - - [22/Nov/2026:07:30:45 +0000] "GET / HTTP/1.1" 200 1 "-" "x" msg="y"`,
    ],
    ['a client that writes Ruby', `${access} {"log"=>"x"}`],
    ['a client that escapes quotes', error.replace('GET /', 'GET /, upstream: \\"http://evil/')],
    ['a client that sends colours', error.replace('host: "a"', 'host: "\u001b[31ma"')],
    ['a line about a string', '"a" is no directory'],
    ['an empty field in an access line', '192.0.2.7,"",502'],
    ['text', 'nothing to see'],
    ['nothing', ''],
  ])('%s', (_, line) => {
    expect(read([line])).toEqual([line]);
  });

  test('a line feed inside makes no second line', () => {
    expect(read([JSON.stringify({ message: `a\n${error}` })])).toEqual([`a ${error}`]);
    expect(read([`level=info msg="a\\n${inLogfmt(error)}"`])).toEqual([`a ${error}`]);
  });

  test('parts without an end take bounded memory', () => {
    const unwrapper = createUnwrapper();
    const part = `2026-11-22T07:30:45Z stderr P ${'x'.repeat(100_000)}`;
    for (let n = 0; n < 20; n++) expect(unwrapper.line(part)).toBeNull();
    expect(unwrapper.line('2026-11-22T07:30:45Z stderr F y')?.length).toBeLessThan(400_000);
  });
});
