/** What the commands of `diagnose` claim to show, by their form: `sed -n 12p` shows the line to change. */
import { existsSync } from 'node:fs';
import type { Site, Verdict } from '../../e2e/diagnose/world.ts';

export interface Claim {
  readonly exits: readonly number[];
  readonly shows: RegExp;
}

/** A word that a person would have to replace before the command runs. */
export const placeholder = /^(?:[^#]|#\{)*(?:\b(?:NAME|ADDRESS|CONTAINER|NUMBER|PID|UNIT|PORT|HOST)\b|<[a-z ]+>|…)/;

const comment = / {2,}#.*$/;
const anything = /(?:)/;

/** Programs that have no counterpart on a test's machine: another host, an init system. */
export const neverHere: readonly string[] = [
  'ssh',
  ...(existsSync('/run/systemd/system') ? [] : ['systemctl', 'journalctl']),
];

/** What must be on the screen after all commands of a verdict. */
export function together({ cause, over }: Verdict): RegExp {
  return !over && (cause === 'firewall_reject' || cause === 'no_answer') ? /reject|drop/ : anything;
}

const words = new Set(['sh', 'if', 'for', 'do', 'done', '{', '}', '!']);

/** The programs that a command runs, also behind nsenter and pipes. */
export function programsOf(command: string): readonly string[] {
  const plain = command
    .replace(comment, '')
    .replace(/'[^']*'|"[^"]*"/g, "''")
    .replace(/nsenter -t \S+ -n /g, 'nsenter; ')
    .replace(/timeout \d+ /g, 'timeout; ');
  return plain
    .split(/&&|\|\||[|;]/)
    .flatMap((part) => /^\s*([\w./-]+)/.exec(part)?.[1] ?? [])
    .filter((program) => !words.has(program));
}

const ok = (shows: RegExp = anything): Claim => ({ exits: [0], shows });

/** Whether something listens on the port when its verdict is given. */
const nobodyListens: ReadonlySet<string> = new Set(['process_down', 'container_localhost', 'unknown', 'wrong_port']);

type Form = readonly [RegExp, (site: Site, verdict: Verdict) => Claim];

/** By the first form that fits. Each says how the command ends, and what must be on the screen. */
const forms: readonly Form[] = [
  [/nginx\S* .*-t && .*-s reload/, () => ok(/syntax is ok[\s\S]*test is successful/)],
  [/nginx\S* .*-T .*\| grep /, () => ok(/^\d+:|\S/)],
  [
    /ss -Hltnp 'sport = :\d+'/,
    ({ port }, { cause, over }) => ok(nobodyListens.has(cause) && !over ? /^$/ : new RegExp(`:${port}\\b`)),
  ],
  [/ss -ltnp? 'sport = :\d+'/, ({ port }) => ok(new RegExp(`Recv-Q[\\s\\S]*:${port}\\b`))],
  [/ss -ltnp$/, () => ok(/Recv-Q[\s\S]*:\d+/)],
  // The line that names the columns is always there.
  [/ss -Hlunp /, () => ok(/^$/)],
  [/ss -Htnoi dst /, () => ok(/retrans|backoff|^$/)],
  [
    /ss -lxp \| grep/,
    (_, { cause }) => ok(cause === 'socket_backlog_full' || cause === 'wrong_port' ? /Recv-Q[\s\S]*\.sock/ : /Recv-Q/),
  ],
  [/ss -Htan dst/, () => ok(/\d+ [A-Z-]+/)],
  [/sed -n \d+p /, () => ok(/(?:server|_pass|auth_http|down|proxy_bind) ?\S/)],
  // Of several, for here and there, one shows the rule: see `together`.
  [/nft list ruleset/, () => ok()],
  [/nft -a list chain /, () => ok(/chain .* # handle/)],
  [/ip6?tables -t \S+ -S/, () => ok(/^-[PA] /m)],
  [/ip route get /, (_, { cause }) => ({ exits: cause === 'no_route' ? [2] : [0], shows: /dev|unreachable/ })],
  [/ip route(?: show default)?(?: {2,}#.*)?$/, () => ok()],
  [/ip neigh show /, () => ok(/FAILED|INCOMPLETE|lladdr|^$/)],
  [/ip -br addr/, () => ok(/\blo\b/)],
  [/ps -o pid,/, () => ok(/PID[\s\S]*\d+/)],
  [/ps -o/, () => ok()],
  [/kill -CONT \d+/, () => ok()],
  [/grep -E '\^\(State\|TracerPid\):' \/proc\/\d+\/status/, () => ok(/^State:[\s\S]*TracerPid:/)],
  [/ip (?:-6 )?route show type (?:unreachable|blackhole)/, () => ok(/^(?:unreachable|blackhole) /)],
  [/grep -n worker_ /, () => ok(/worker_/)],
  [/grep ' 5\[0-9\]\[0-9\] '/, () => ok(/ 5\d\d /)],
  [/tail -n 2000 .*\| grep -F /, () => ok(/\[error\]/)],
  [/ls -l /, () => ok(/total/)],
  [/ls -ldn /, () => ok(/^[d]/m)],
  [/namei -l /, () => ok(/drw/)],
  [/^id /, () => ok(/uid=/)],
  [/^rm /, () => ok(/^$/)],
  [/openssl s_client/, () => ({ exits: [0, 1, 124], shows: /CONNECTED|Connecting|^$/ })],
  [/getent ahosts /, (_, { cause }) => ({ exits: cause === 'unresolved' ? [2] : [0], shows: anything })],
  [/^cat \/proc\//, () => ok(/\d/)],
  [/dmesg -T \| grep/, () => ({ exits: [0, 1], shows: anything })],
  [/sysctl /, () => ok(/ = /)],
  [/curl -sv /, ({ port }) => ({ exits: [0, 7, 28, 52, 56], shows: new RegExp(String(port)) })],
  [/dig \+short/, () => ({ exits: [0, 9], shows: /./ })],
  [/ping -c 3 /, () => ({ exits: [0, 1], shows: /packets transmitted/ })],
];

export function claimOf(command: string, site: Site, verdict: Verdict): Claim | null {
  const form = forms.find(([pattern]) => pattern.test(command));
  return form === undefined ? null : form[1](site, verdict);
}
