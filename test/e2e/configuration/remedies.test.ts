/**
 * The lines that `check` prints, put where it says: the real nginx takes them, and read back they have changed what they
 * say and nothing else.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CheckFacts } from '../../../collector/discover/check/facts.ts';
import type { FindingCode } from '../../../collector/discover/check/finding.ts';
import type { LogState } from '../../../collector/discover/check/log-state.ts';
import { judgeNginx } from '../../../collector/discover/check/rules/nginx.ts';
import { wordFinding } from '../../../collector/discover/check/words/wording.ts';
import { readConfiguration } from '../../../collector/nginx/configuration.ts';
import { withAddresses } from '../../../collector/nginx/peers.ts';
import { readTree } from '../../../collector/nginx/syntax/tree.ts';
import type { Directive, NginxConfiguration } from '../../../collector/nginx/types.ts';
import { checkFacts, foundNginx } from '../../discover/check/kit.ts';
import { debianBuild, memoryFiles } from '../../nginx/memory-files.ts';
import { run } from '../../support/run.ts';
import { modulePath, tool } from '../../support/servers/packages.ts';
import { tempDir } from '../../support/temp.ts';

const readable: LogState = { is: 'readable' };
const localhost = new Map([['localhost', ['::1', '127.0.0.1']]]);

function read(conf: string): NginxConfiguration {
  const tree = readTree(conf, memoryFiles({ [conf]: readFileSync(conf, 'utf8') }));
  return withAddresses(readConfiguration(tree, debianBuild), localhost);
}

function factsOf(conf: string, state: LogState, code: FindingCode): CheckFacts {
  const states = code === 'log_in_memory' ? { error: state, access: readable } : { error: readable, access: state };
  return { ...checkFacts(read(conf), localhost, states), found: { ...foundNginx, confPath: conf } };
}

/** What has to be done by hand, done by the letter. */
function follow(remedy: string, conf: string): void {
  const lines = readFileSync(conf, 'utf8').split('\n');
  const added: { readonly after: number; readonly text: string }[] = [];
  let pasted = (_: string): void => undefined;
  for (const text of remedy.split('\n')) {
    const replaced = /eplace the (?:access_log )?line at \S+:(\d+) with$/.exec(text);
    const top = /^Put at the top of the (\w+) block$/.exec(text);
    const inside = /^Put into the http block of /.test(text);
    const below = /^Put below it, in the (\w+) block$/.exec(text);
    const block = /^Put into the block at \S+:(\d+)$/.exec(text);
    const whole = /^Put at the top of \S+$/.test(text);
    const beside = /^(?:Else a|A)dd beside (?:it|the line at \S+:(\d+))$/.exec(text);
    const named = /^ {4}\S+:(\d+) {2}(.*;)$/.exec(text) ?? /^ {4}(.*;) {4}# \S+:(\d+)$/.exec(text);
    const put = (after: number) => (line: string) => void added.push({ after, text: line });
    const openingOf = (name = '') => lines.findIndex((line) => line.startsWith(`${name} {`)) + 1;
    if (replaced) {
      const at = Number(replaced[1]) - 1;
      pasted = (line) => {
        // Other directives may stand on the same line: here each has its own.
        expect(lines[at]).toMatch(/^\s*\w+ [^{}]*;$/);
        lines[at] = line;
      };
    } else if (top ?? below) pasted = put(openingOf((top ?? below)?.[1]));
    else if (inside) pasted = put(openingOf('http'));
    else if (block) pasted = put(Number(block[1]));
    else if (whole) pasted = put(0);
    else if (beside) pasted = put(Number(beside[1] ?? 1));
    else if (named) {
      const [at = 0, line = ''] = /^\d+$/.test(named[1] ?? '') ? [named[1], named[2]] : [named[2], named[1]];
      lines[Number(at) - 1] = line;
    } else if (text.startsWith('    ') && !/^ {4}(docker|[a-z_]+): /.test(text)) pasted(text);
    else pasted = () => undefined;
  }
  for (const { after, text } of [...added].reverse().sort((a, b) => b.after - a.after)) lines.splice(after, 0, text);
  writeFileSync(conf, lines.join('\n'));
}

/** Every directive as one line: what was there before and after is compared by it. */
function outline(directives: readonly Directive[], indent = ''): string[] {
  return directives.flatMap(({ name, args, block }) => [
    `${indent}${JSON.stringify([name, ...args])}`,
    ...outline(block ?? [], `${indent}  `),
  ]);
}

const full = `log_format full '$status $request_time $proxy_host $upstream_addr $upstream_status $upstream_connect_time $upstream_response_time';`;

interface Case {
  readonly code: FindingCode;
  readonly what: string;
  readonly text: string;
  readonly state?: LogState;
  /** Lines of the outline that go, and that come. */
  readonly gone: readonly (readonly string[])[];
  readonly come: readonly (readonly string[])[];
}

const pass = 'server {\nlocation / {\nproxy_pass http://10.0.0.1;\n}\n}';
const http = (log: string, more = ''): string => `events {\n}\nhttp {\n${full}\n${more}\n${log}\n${pass}\n}`;
const stream = (text: string): string =>
  `events {\n}\nstream {\n${text}\nserver {\nlisten 127.0.0.1:18099;\nproxy_pass 10.0.0.1:80;\n}\n}`;
const group = (...servers: string[]): string =>
  http('access_log a.log full;', `upstream app {\nzone app 64k;\n${servers.join('\n')}\n}`);
const format = 'log_format';

const cases: readonly Case[] = [
  {
    code: 'max_fails_one',
    what: 'parameters of every kind are kept',
    text: group('server 10.0.0.1:80 weight=5 max_conns=100 max_fails=1;', 'server 10.0.0.2 fail_timeout=10 backup;'),
    gone: [
      ['server', '10.0.0.1:80', 'weight=5', 'max_conns=100', 'max_fails=1'],
      ['server', '10.0.0.2', 'fail_timeout=10', 'backup'],
    ],
    come: [
      ['server', '10.0.0.1:80', 'weight=5', 'max_conns=100', 'max_fails=3'],
      ['server', '10.0.0.2', 'fail_timeout=10', 'backup', 'max_fails=3'],
    ],
  },
  {
    code: 'max_fails_one',
    what: 'where it stands it is changed there',
    text: group('server unix:/run/a.sock max_fails=1 weight=2;', 'server "10.0.0.2:81" weight=3 max_fails=1;'),
    gone: [
      ['server', 'unix:/run/a.sock', 'max_fails=1', 'weight=2'],
      ['server', '10.0.0.2:81', 'weight=3', 'max_fails=1'],
    ],
    come: [
      ['server', 'unix:/run/a.sock', 'max_fails=3', 'weight=2'],
      ['server', '10.0.0.2:81', 'weight=3', 'max_fails=3'],
    ],
  },
  {
    code: 'single_server',
    what: 'one server with parameters',
    text: group('server 10.0.0.1:80 max_conns=8 fail_timeout=30s;'),
    gone: [['server', '10.0.0.1:80', 'max_conns=8', 'fail_timeout=30s']],
    come: [['server', '10.0.0.1:80', 'max_conns=8', 'fail_timeout=30s', 'max_fails=0']],
  },
  {
    code: 'localhost_two_addresses',
    what: 'a server of a group',
    text: group('server localhost:3000 weight=2 max_fails=2;', 'server 10.0.0.2 max_fails=2;'),
    gone: [['server', 'localhost:3000', 'weight=2', 'max_fails=2']],
    come: [['server', '127.0.0.1:3000', 'weight=2', 'max_fails=2']],
  },
  {
    code: 'localhost_two_addresses',
    what: 'a proxy_pass with its path',
    text: http(
      'access_log a.log full;',
      'server {\nlocation /x/ {\nproxy_pass http://localhost:3000/localhost/;\n}\n}',
    ),
    gone: [['proxy_pass', 'http://localhost:3000/localhost/']],
    come: [['proxy_pass', 'http://127.0.0.1:3000/localhost/']],
  },
  {
    code: 'log_format_without_upstream',
    what: 'buffer, flush and if stay',
    text: http('access_log a.log combined buffer=32k flush=1s if=$status;'),
    gone: [['access_log', 'a.log', 'combined', 'buffer=32k', 'flush=1s', 'if=$status']],
    come: [['access_log', 'a.log', 'full', 'buffer=32k', 'flush=1s', 'if=$status']],
  },
  {
    code: 'log_format_without_upstream',
    what: 'a syslog server, and not a file called syslog',
    text: http('access_log syslog:server=127.0.0.1:5514,facility=local3,tag=web,nohostname combined;'),
    gone: [['access_log', 'syslog:server=127.0.0.1:5514,facility=local3,tag=web,nohostname', 'combined']],
    come: [['access_log', 'syslog:server=127.0.0.1:5514,facility=local3,tag=web,nohostname', 'full']],
  },
  {
    code: 'log_format_without_upstream',
    what: 'a path with variables and a blank',
    text: http('access_log "logs/$host a.log";'),
    gone: [['access_log', 'logs/$host a.log']],
    come: [['access_log', 'logs/$host a.log', 'full']],
  },
  {
    code: 'log_format_without_upstream',
    what: 'no format that says all: ours comes first, by a name that is free',
    text: `events {\n}\nhttp {\nlog_format nginx_upstream $status;\naccess_log a.log nginx_upstream gzip;\n${pass}\n}`.replace(
      ' gzip',
      ' buffer=4k flush=1s',
    ),
    gone: [['access_log', 'a.log', 'nginx_upstream', 'buffer=4k', 'flush=1s']],
    come: [
      ['access_log', 'a.log', 'nginx_upstream_2', 'buffer=4k', 'flush=1s'],
      [format, 'nginx_upstream_2'],
    ],
  },
  {
    code: 'log_format_without_upstream',
    what: 'nothing is written: the default',
    text: `events {\n}\nhttp {\n${pass}\n}`,
    gone: [],
    come: [
      [format, 'nginx_upstream'],
      ['access_log', '/var/log/nginx/access.log', 'nginx_upstream'],
    ],
  },
  {
    code: 'log_format_without_upstream',
    what: 'stream',
    text: stream("log_format s '$status';\naccess_log a.log s buffer=8k flush=1s;"),
    gone: [['access_log', 'a.log', 's', 'buffer=8k', 'flush=1s']],
    come: [
      ['access_log', 'a.log', 'nginx_upstream', 'buffer=8k', 'flush=1s'],
      [format, 'nginx_upstream'],
    ],
  },
  {
    code: 'log_conditional',
    what: 'only the condition goes',
    text: http('access_log a.log full buffer=32k if=$status flush=1s;'),
    gone: [['access_log', 'a.log', 'full', 'buffer=32k', 'if=$status', 'flush=1s']],
    come: [['access_log', 'a.log', 'full', 'buffer=32k', 'flush=1s']],
  },
  {
    code: 'log_buffered',
    what: 'flush is added',
    text: http('access_log a.log full if=$status buffer=32k;'),
    gone: [['access_log', 'a.log', 'full', 'if=$status', 'buffer=32k']],
    come: [['access_log', 'a.log', 'full', 'if=$status', 'buffer=32k', 'flush=1s']],
  },
  {
    code: 'log_buffered',
    what: 'flush is changed',
    text: http('access_log a.log full flush=5m buffer=32k;'),
    gone: [['access_log', 'a.log', 'full', 'flush=5m', 'buffer=32k']],
    come: [['access_log', 'a.log', 'full', 'flush=1s', 'buffer=32k']],
  },
  {
    code: 'log_compressed',
    what: 'gzip goes, buffer stays',
    text: http('access_log a.log full gzip=9 flush=1s;'),
    gone: [['access_log', 'a.log', 'full', 'gzip=9', 'flush=1s']],
    come: [['access_log', 'a.log', 'full', 'flush=1s', 'buffer=64k']],
  },
  {
    code: 'log_discarded',
    what: '/dev/null becomes a file, and no format is offered for it',
    text: http('access_log /dev/null full buffer=4k flush=1s;'),
    state: { is: 'discarded' },
    gone: [['access_log', '/dev/null', 'full', 'buffer=4k', 'flush=1s']],
    come: [['access_log', '/var/log/nginx/access.log', 'full', 'buffer=4k', 'flush=1s']],
  },
  {
    code: 'log_syslog_unix',
    what: 'facility, tag and format stay',
    text: http('access_log syslog:server=unix:/dev/log,facility=local3,tag=web full if=$status;'),
    state: { is: 'syslog', server: 'unix:/dev/log', unix: true },
    gone: [['access_log', 'syslog:server=unix:/dev/log,facility=local3,tag=web', 'full', 'if=$status']],
    come: [['access_log', 'syslog:server=127.0.0.1:5514,facility=local3,tag=web', 'full', 'if=$status']],
  },
  {
    code: 'log_syslog_remote',
    what: 'one more, with the same tag',
    text: http('access_log syslog:server=10.9.9.9:5140,tag=web full;'),
    state: { is: 'syslog', server: '10.9.9.9:5140', unix: false },
    gone: [],
    come: [['access_log', 'syslog:server=127.0.0.1:5514,tag=web', 'full']],
  },
  {
    code: 'access_log_off',
    what: 'off in the block itself goes',
    text: `events {\n}\nhttp {\n${full}\nserver {\nlocation / {\naccess_log off;\nproxy_pass http://10.0.0.1;\n}\n}\n}`,
    gone: [['access_log', 'off']],
    come: [['access_log', '/var/log/nginx/access.log', 'full']],
  },
  {
    code: 'access_log_off',
    what: 'off further out stays',
    text: `events {\n}\nhttp {\nserver {\naccess_log off;\nlocation / {\nproxy_pass http://10.0.0.1;\n}\n}\n}`,
    gone: [],
    come: [
      [format, 'nginx_upstream'],
      ['access_log', '/var/log/nginx/access.log', 'nginx_upstream'],
    ],
  },
  {
    code: 'access_log_off',
    what: 'stream says nothing',
    text: stream(''),
    gone: [],
    come: [
      [format, 'nginx_upstream'],
      ['access_log', '/var/log/nginx/access.log', 'nginx_upstream'],
    ],
  },
  {
    code: 'error_log_hides_refusals',
    what: 'only the level changes',
    text: `error_log "e log.txt" crit;\n${http('access_log a.log full;')}`,
    gone: [['error_log', 'e log.txt', 'crit']],
    come: [['error_log', 'e log.txt', 'warn']],
  },
  {
    code: 'error_log_hides_ejections',
    what: 'syslog stays as it is',
    text: `error_log syslog:server=127.0.0.1:5514,tag=e,severity=info error;\n${http('access_log a.log full;')}`,
    gone: [['error_log', 'syslog:server=127.0.0.1:5514,tag=e,severity=info', 'error']],
    come: [['error_log', 'syslog:server=127.0.0.1:5514,tag=e,severity=info', 'warn']],
  },
  {
    code: 'error_log_hides_ejections',
    what: 'nothing is written',
    text: http('access_log a.log full;'),
    gone: [],
    come: [['error_log', 'stderr', 'warn']],
  },
  {
    code: 'log_in_memory',
    what: 'a file beside it',
    text: `error_log memory:1m debug;\n${http('access_log a.log full;')}`,
    state: { is: 'memory' },
    gone: [],
    come: [['error_log', '/var/log/nginx/error.log', 'warn']],
  },
  {
    code: 'stub_status_missing',
    what: 'its own server',
    text: http('access_log a.log full;'),
    gone: [],
    come: [['listen', '127.0.0.1:8099'], ['stub_status']],
  },
];

test.each(cases)('$code: $what', async ({ code, text, state = readable, gone, come }) => {
  const nginx = await tool('nginx');
  const root = tempDir('remedy');
  mkdirSync(join(root, 'logs'));
  const conf = join(root, 'nginx.conf');
  const module = text.includes('stream {') ? `load_module ${modulePath(nginx.root, 'stream')};\n` : '';
  writeFileSync(conf, `${module}${text}\n`);
  const before = outline(readTree(conf, memoryFiles({ [conf]: readFileSync(conf, 'utf8') })).directives);
  const found = judgeNginx(factsOf(conf, state, code)).filter((each) => each.code === code);
  expect(found.map((each) => each.code)).toEqual([code]);
  follow(wordFinding(found[0] as (typeof found)[number]).remedy, conf);

  const after = readFileSync(conf, 'utf8');
  // This nginx may not write there, or lacks the module that a parameter needs: the path is another, the words are not.
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((of) => `${of}_temp_path ${of};`).join('');
  const tried = after
    .replaceAll('/var/log/nginx/', `${root}/logs/`)
    .replace('http {', `http { ${temporary} access_log logs/default.log;`);
  writeFileSync(join(root, 'tried.conf'), tried);
  const args = [
    '-t',
    '-p',
    root,
    '-e',
    join(root, 'e.log'),
    '-c',
    join(root, 'tried.conf'),
    '-g',
    `pid ${root}/x.pid;`,
  ];
  const { stderr } = await run(nginx.path, args, { env: nginx.env });
  expect(stderr, after).toContain('test is successful');

  const now = outline(readTree(conf, memoryFiles({ [conf]: after })).directives);
  const difference = (a: readonly string[], b: readonly string[]): string[] => {
    const left = [...b];
    return a.filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const plain = (lines: readonly string[]) => lines.map((line) => JSON.parse(line.trim()) as string[]);
  const shown = (lines: readonly (readonly string[])[]) =>
    lines.map((words) => words.slice(0, words[0] === format ? 2 : 9).join(' ')).sort();
  expect(shown(plain(difference(before, now)))).toEqual(shown(gone));
  const added = plain(difference(now, before));
  if (code === 'stub_status_missing') expect(shown(added)).toEqual(expect.arrayContaining(shown(come)));
  else expect(shown(added)).toEqual(shown(come));
  // And what it was about is gone.
  const left = judgeNginx(factsOf(conf, state, code)).filter((each) => each.code === code);
  if (state === readable) expect(left).toEqual([]);
});
