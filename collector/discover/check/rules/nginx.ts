/** Facts to findings: what nginx itself and its configuration lack. Pure. */
import { shellWord } from '../../../base/syntax/shell-word.ts';
import type { ProblemCode } from '../../../nginx/types.ts';
import type { NginxFound } from '../../find/find-nginx.ts';
import type { Master } from '../../find/processes.ts';
import type { CheckFacts } from '../facts.ts';
import { type FindingCode, finding, type UnwordedFinding } from '../finding.ts';
import type { LogState } from '../log-state.ts';
import { generatorOf } from './generated.ts';
import { logRules } from './logs.ts';
import { upstreamRules } from './upstreams.ts';

function problemCode(code: ProblemCode, unreached: boolean): FindingCode {
  if (code === 'too_large') return 'configuration_too_large';
  return code === 'include_unreadable' || unreached ? 'configuration_unreadable' : 'configuration_problem';
}

function configurationRules({ found, configuration, changedSince, dumped }: CheckFacts): readonly UnwordedFinding[] {
  const findings: UnwordedFinding[] = [];
  const unreached = configuration.files.length === 0;
  if (found.master === null && !dumped)
    findings.push(
      finding('nginx_not_running', found.confPath, null, { look: found.lookAfter ?? 'systemctl status nginx' }),
    );
  if (unreached && found.master?.container != null) {
    findings.push(
      finding('container_unreachable', found.master.container, null, {
        conf: found.confPath,
        output: found.view.output?.spec ?? '',
      }),
    );
    return findings;
  }
  for (const problem of configuration.problems) {
    findings.push(finding(problemCode(problem.code, unreached), problem.file, problem, { text: problem.text }));
  }
  if (changedSince !== null && changedSince.length > 0) {
    findings.push(finding('configuration_not_loaded', changedSince.join(', ')));
  }
  return findings;
}

function statusRules({ configuration, found, hasStatusPage }: CheckFacts): readonly UnwordedFinding[] {
  if (!configuration.protocols.includes('http') || hasStatusPage) return [];
  if (found.hasOwnNetwork === true) return [finding('stub_status_elsewhere', found.confPath)];
  const [best] = configuration.statusPages;
  if (best === undefined) {
    return [finding('stub_status_missing', found.confPath, null, { user: configuration.user ?? '' })];
  }
  return best.obstacle === null
    ? []
    : [finding('stub_status_unreachable', best.url, best, { obstacle: best.obstacle })];
}

/** stat() of /proc/PID/fd gives the number of descriptors since Linux 6.2. */
function kernelRules({ kernel }: CheckFacts): readonly UnwordedFinding[] {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return kernel === '' || major > 6 || (major === 6 && minor >= 2) ? [] : [finding('kernel_too_old', kernel)];
}

/**
 * What stands before a command for this master. What a container's engine runs stays in the container; entered in
 * another way (nsenter), a program of the container, or one that another user has chosen, would run with all rights of
 * root. There the line is a comment: it says what to do and does nothing when pasted.
 */
export function entryTo({ pid, uid, startedBy, container, runtime }: Master): string {
  if (startedBy === 'user') return `# as the user with uid ${uid}:`;
  if (container === null) return '';
  return runtime === null ? `# inside the container of pid ${pid}:` : `${runtime} exec ${shellWord(container)}`;
}

/** The command line that reaches this very nginx: -p and -c as it was started, inside its container if it has one. */
export function commandFor({ master, confPath }: NginxFound): string {
  if (master === null) return 'nginx';
  // The operator has named the main file; nothing else of what another user's process says is repeated.
  if (master.startedBy === 'user') return `${entryTo(master)} nginx -c ${shellWord(confPath)}`;
  const { program, prefix, conf, globals, errorLog } = master.args;
  const words = [
    entryTo(master),
    // The line is to be pasted by root.
    shellWord(program || 'nginx'),
    prefix === null ? '' : `-p ${shellWord(prefix)}`,
    errorLog === null ? '' : `-e ${shellWord(errorLog)}`,
    conf === null ? '' : `-c ${shellWord(conf)}`,
    // Of what -g says only the pid file matters to a signal.
    globals === null || !/\bpid\s/.test(globals) ? '' : `-g ${shellWord(globals)}`,
  ];
  return words.filter((each) => each !== '').join(' ');
}

/** The line that lets it load its configuration again; a signal where its own program must not be run. */
function reloadFor(found: NginxFound): string {
  const command = commandFor(found);
  return command.startsWith('#') ? `kill -HUP ${found.master?.pid}` : `${command} -t && ${command} -s reload`;
}

/** Everything that is missing for one nginx. */
export function judgeNginx(facts: CheckFacts): readonly UnwordedFinding[] {
  const commands = { nginx: commandFor(facts.found), reload: reloadFor(facts.found) };
  const findings = [
    ...configurationRules(facts),
    ...logRules(facts),
    ...upstreamRules(facts),
    ...statusRules(facts),
    ...kernelRules(facts),
  ];
  const generator = generatorOf(facts.configuration.upstreams) ?? '';
  return findings.map((each) => ({ ...each, values: { ...each.values, ...commands, generator } }));
}

function isUsable({ state }: { readonly state: LogState }): boolean {
  return state.is === 'readable' || state.is === 'pattern' || (state.is === 'syslog' && !state.unix);
}

/** Whether the plugin can show anything at all about this nginx. */
export function isAnythingUsable({ errorLogs, accessLogs, configured }: CheckFacts): boolean {
  return [...errorLogs, ...accessLogs, ...configured].some(isUsable);
}
