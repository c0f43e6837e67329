/** What a configuration means: the tree with nginx's rules of inheritance and defaults applied. */

import { completePath } from '../base/paths.ts';
import { bounds, createProblems, limited, type Problems } from './bounds.ts';
import { readFormats } from './logs/formats.ts';
import { readAccessLogs, readErrorLogs } from './logs/logs.ts';
import { readPassPlaces } from './pass-places.ts';
import { readPasses } from './passes.ts';
import { inherited, ownOf, type Scope, scopesOf } from './scopes.ts';
import { readStatusPages } from './status-pages.ts';
import { parseCount } from './syntax/values.ts';
import { readVariables } from './syntax/variables.ts';
import type { BuildDefaults, ConfigurationTree, NginxConfiguration, OpenTarget, Protocol, Upstream } from './types.ts';
import { readGroups } from './upstream-groups.ts';

const protocols = ['http', 'stream', 'mail'] as const;

/** nginx's own default (ngx_event.c: DEFAULT_CONNECTIONS). */
const defaultConnections = 512;

function readUpstreams(
  scopes: readonly Scope[],
  problems: Problems,
): Pick<NginxConfiguration, 'upstreams' | 'undecided' | 'openTargets'> {
  const variables = readVariables(scopes);
  const upstreams: Upstream[] = [];
  const undecided: NginxConfiguration['undecided'][number][] = [];
  const openTargets: OpenTarget[] = [];
  for (const protocol of ['http', 'stream'] satisfies Protocol[]) {
    const groups = scopes
      .filter((scope) => scope.kind === protocol)
      .flatMap((scope) => readGroups(scope, protocol, problems));
    const passes = readPasses(scopes, protocol, groups, variables);
    upstreams.push(...groups, ...passes.implicit);
    undecided.push(...passes.undecided);
    openTargets.push(...passes.open);
  }
  return {
    upstreams: withinServers(limited(upstreams, bounds.upstreams, 'upstreams', problems), problems),
    undecided: undecided.slice(0, bounds.upstreams),
    openTargets: openTargets.slice(0, bounds.upstreams),
  };
}

function withinServers(upstreams: readonly Upstream[], problems: Problems): readonly Upstream[] {
  let room: number = bounds.servers;
  return upstreams.map((upstream) => {
    const before = room;
    room -= upstream.servers.length;
    if (room >= 0) return upstream;
    if (before < 0) return { ...upstream, servers: [] };
    return { ...upstream, servers: limited(upstream.servers, before, `servers up to here`, problems) };
  });
}

function readConnections(main: Scope): number {
  const events = ownOf(main, 'events').flatMap((directive) => directive.block ?? []);
  return parseCount(events.find(({ name }) => name === 'worker_connections')?.args[0]) ?? defaultConnections;
}

/** Never throws: what is wrong in the configuration is in `problems`, beside what the tree already had. */
export function readConfiguration(tree: ConfigurationTree, build: BuildDefaults): NginxConfiguration {
  const scopes = scopesOf(tree.directives);
  const [main] = scopes;
  const problems = createProblems();
  const value = (name: string): string | undefined => (main && inherited(main, name))?.[0]?.args[0];
  const formats = scopes.flatMap((scope) =>
    scope.kind === 'http' || scope.kind === 'stream' ? readFormats(scope, scope.kind, problems) : [],
  );
  const access = readAccessLogs(scopes, formats, build, problems);
  const errors = readErrorLogs(scopes, { file: tree.files[0] ?? build.confPath, line: 1 }, build, problems);
  const processes = value('worker_processes') ?? '1';
  const pid = value('pid');
  const reading = readUpstreams(scopes, problems);
  return {
    files: tree.files,
    unread: tree.unread,
    folders: tree.folders,
    user: value('user') ?? null,
    workerProcesses: processes === 'auto' ? 'auto' : (parseCount(processes) ?? 1),
    workerConnections: main === undefined ? defaultConnections : readConnections(main),
    workerRlimitNofile: parseCount(value('worker_rlimit_nofile')),
    pidFile: pid === undefined ? null : completePath(build.prefix, pid),
    resolvers: [...new Set(scopes.flatMap((scope) => ownOf(scope, 'resolver').flatMap(({ args }) => args)))].filter(
      (arg) => !arg.includes('='),
    ),
    mailAuth: scopes.flatMap((scope) =>
      ownOf(scope, 'auth_http').map(({ file, line, args }) => ({ file, line, text: args[0] ?? '' })),
    ),
    protocols: protocols.filter((protocol) => scopes.some((scope) => scope.kind === protocol)),
    errorLogs: errors.logs,
    errorSets: errors.sets,
    accessLogs: access.logs,
    accessSets: access.sets,
    silent: access.silent,
    formats,
    ...reading,
    passPlaces: readPassPlaces(scopes, reading.upstreams, access.logs),
    statusPages: readStatusPages(scopes),
    problems: [...tree.problems, ...problems.all()],
  };
}
