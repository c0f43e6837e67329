/**
 * A real nginx for one test: a private prefix, no daemon, ended with the test.
 *
 *   const [front] = await freePorts(1);
 *   const nginx = await startNginx({
 *     http: `upstream app { server 127.0.0.1:${closed}; }
 *            server { listen 127.0.0.1:${front}; location / { proxy_pass http://app; } }`,
 *   });
 *   nginx.errorLog; nginx.accessLog; nginx.prefix; nginx.conf;      // absolute paths
 *   await request(`http://127.0.0.1:${front}/`);
 *   await nginx.errorLines(/\(111: /);                              // waits until one is there
 *   await nginx.reload({ http: '…' });                              // HUP, new configuration; resolves with new workers
 *   await nginx.reopen();                                           // USR1
 *   nginx.workers(); nginx.pid; nginx.version;                      // '1.22.1'
 *   await nginx.stop();
 *
 * It is ready when startNginx resolves: its sockets are bound before its pid file is written. What is not given gets
 * defaults: one worker, error_log logs/error.log at `error`, access_log logs/access.log (combined). Temporary folders
 * lie in the prefix; `stream`, `mail` load their modules. `text` replaces the entire configuration: then say
 * `daemon off;` is given, and `pid`, logs and temporary paths are yours (relative ones lie in the prefix).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, descendants, isAlive, start } from '../process.ts';
import { tempDir } from '../temp.ts';
import { waitUntil } from '../wait.ts';
import { modulePath, type Tool, tool } from './packages.ts';

export interface NginxConfig {
  /** What stands in http { }. */
  readonly http?: string;
  readonly stream?: string;
  readonly mail?: string;
  /** More in the main context. */
  readonly main?: string;
  /** In events { }; `worker_connections 256;` by default. */
  readonly events?: string;
  /** Worker processes; 1 by default. */
  readonly workers?: number;
  /** The main error_log's arguments, one directive each; `['logs/error.log error']` by default. */
  readonly errorLog?: readonly string[];
  /** http's access_log arguments; `['logs/access.log combined']` by default; `[]` leaves it out. */
  readonly accessLog?: readonly string[];
  /** Who the workers are, when root starts it; www-data or nobody by default. */
  readonly user?: string;
  /** The entire configuration, instead of all the above. */
  readonly text?: string;
}

export interface Nginx {
  readonly pid: number;
  readonly child: Child;
  readonly prefix: string;
  /** The configuration file. */
  readonly conf: string;
  readonly errorLog: string;
  readonly accessLog: string;
  /** As in `1.22.1`. */
  readonly version: string;
  readonly tool: Tool;
  /** Pids of the workers that serve; those that are shutting down are none. */
  workers(): number[];
  /** Lines of the error log that match, once there are at least `count` (1 by default). */
  errorLines(pattern: RegExp, count?: number): Promise<string[]>;
  accessLines(pattern?: RegExp, count?: number): Promise<string[]>;
  /**
   * Sends HUP, with a new configuration if given; resolves when only new workers serve. Rejects with NginxFailed when
   * nginx refuses the configuration, and continues with the old one.
   */
  reload(config?: NginxConfig): Promise<void>;
  /** Sends USR1; resolves when the logs that were renamed or removed are there again. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

export class NginxFailed extends Error {}

/**
 * Rejects with NginxFailed, and what nginx said, when it does not start. `within`: a command that runs it elsewhere and
 * becomes it, `['ip', 'netns', 'exec', NAME]`.
 */
export async function startNginx(
  config: NginxConfig,
  options: { readonly prefix?: string; readonly within?: readonly string[] } = {},
): Promise<Nginx> {
  const program = await tool('nginx');
  const prefix = options.prefix ?? tempDir('nginx');
  for (const name of ['logs', 'temp']) mkdirSync(join(prefix, name), { recursive: true });
  const conf = join(prefix, 'nginx.conf');
  const errorLog = join(prefix, 'logs/error.log');
  const accessLog = join(prefix, 'logs/access.log');
  writeFileSync(conf, configText(config, program, prefix));
  // -e: else it complains about the system's log, which it may not open.
  const [command = program.path, ...args] = [
    ...(options.within ?? []),
    ...[program.path, '-p', prefix, '-e', errorLog, '-c', conf],
  ];
  const child = start(command, args, { env: program.env, stdin: 'ignore' });
  const workers = (): number[] => descendants(child.pid).filter((pid) => isWorker(pid));
  const said = (): string => `${child.stderr()}${readText(errorLog)}`.slice(-3_000);
  await waitUntil(
    () => {
      if (child.exit()) return true;
      return readText(join(prefix, 'nginx.pid')).trim() === String(child.pid) && workers().length > 0;
    },
    { what: 'nginx to start', hint: said, interval: 10 },
  );
  if (child.exit()) throw new NginxFailed(`nginx did not start: ${said().trim()}`);
  return {
    pid: child.pid,
    child,
    prefix,
    conf,
    errorLog,
    accessLog,
    version: /nginx\/(\S+)/.exec(program.version)?.[1] ?? '',
    tool: program,
    workers,
    errorLines: (pattern, count) => lines(errorLog, pattern, count),
    accessLines: (pattern = /./, count = 1) => lines(accessLog, pattern, count),
    reload: async (next) => {
      if (next) writeFileSync(conf, configText(next, program, prefix));
      const before = new Set(workers());
      const size = readText(errorLog).length;
      const refused = (): boolean => readText(errorLog).slice(size).includes('[emerg]');
      child.signal('SIGHUP');
      await waitUntil(() => refused() || (workers().length > 0 && workers().every((pid) => !before.has(pid))), {
        what: 'nginx to reload',
        hint: said,
      });
      if (refused()) {
        throw new NginxFailed(`nginx refused to reload: ${said().trim()}`);
      }
    },
    reopen: async () => {
      const files = [errorLog, accessLog].filter((path) => readText(conf).includes(path) || existsSync(path));
      child.signal('SIGUSR1');
      await waitUntil(() => files.every((path) => existsSync(path)), { what: 'nginx to reopen its logs', hint: said });
    },
    stop: async () => {
      await child.stop();
    },
  };
}

/** The lines of a file that match, as soon as there are `count`. */
export function lines(path: string, pattern: RegExp, count = 1): Promise<string[]> {
  const matching = (): string[] =>
    readText(path)
      .split('\n')
      .filter((line) => pattern.test(line));
  return waitUntil(
    () => {
      const found = matching();
      return found.length >= count ? found : null;
    },
    { what: `${count} lines ${pattern} in ${path}`, hint: () => readText(path).slice(-2_000) },
  );
}

/** The complete text of nginx.conf, as startNginx writes it. */
export function configText(config: NginxConfig, program: Tool, prefix: string): string {
  if (config.text !== undefined) return config.text;
  const { http, stream, mail, main = '', events = 'worker_connections 256;', workers = 1 } = config;
  const errorLogs = config.errorLog ?? ['logs/error.log error'];
  const accessLogs = config.accessLog ?? ['logs/access.log combined'];
  const load = (name: string): string => {
    const path = modulePath(program.root, name);
    return existsSync(path) ? `load_module ${path};` : '';
  };
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${prefix}/temp/${of};`,
  );
  return [
    stream === undefined ? '' : load('stream'),
    mail === undefined ? '' : load('mail'),
    process.getuid?.() === 0 ? `user ${config.user ?? workerUser()};` : '',
    'daemon off;',
    `worker_processes ${workers};`,
    `pid ${prefix}/nginx.pid;`,
    ...errorLogs.map((log) => `error_log ${absolute(log, prefix)};`),
    main,
    `events { ${events} }`,
    http === undefined ? '' : 'http {',
    ...(http === undefined
      ? []
      : [...temp, ...accessLogs.map((log) => `access_log ${absolute(log, prefix)};`), http, '}']),
    stream === undefined ? '' : `stream { ${stream} }`,
    mail === undefined ? '' : `mail { ${mail} }`,
    '',
  ]
    .filter((line) => line !== '')
    .join('\n')
    .concat('\n');
}

/** Log paths in the configuration are absolute, so that whatever reads it finds them. */
const absolute = (log: string, prefix: string): string => (log.startsWith('logs/') ? `${prefix}/${log}` : log);

/** User and group that Debian's nginx, or else any system, has for programs without rights. */
function workerUser(): string {
  const passwd = readText('/etc/passwd');
  if (/^www-data:/m.test(passwd)) return 'www-data';
  return /^nogroup:/m.test(readText('/etc/group')) ? 'nobody nogroup' : 'nobody';
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** nginx names its processes by their role (src/os/unix/ngx_process_cycle.c); one that leaves says so. */
function isWorker(pid: number): boolean {
  const title = readText(`/proc/${pid}/cmdline`);
  return isAlive(pid) && title.startsWith('nginx: worker process') && !title.includes('shutting down');
}
