/** Words for names: one that leads elsewhere than nginx does, one that leads nowhere. */
import { shellWord } from '../../base/syntax/shell-word.ts';
import { line, open, type Subject, type Words } from '../rules/subject.ts';
import { asNginx, asResolver } from './commands.ts';
import { when } from './when.ts';

export function staleName(one: Subject): Words {
  const name = one.server?.name ?? '';
  const isOver = one.finding.isOver;
  const follow = `To let it follow without a reload: a resolver, a zone, and the parameter resolve ${line(one)} (nginx 1.27.3 and newer), or a variable in proxy_pass (older).`;
  return {
    what: isOver
      ? `nginx used ${one.host} until it was reloaded, and ${name || 'the name'} had moved`
      : `nginx still uses ${one.host}, but its name now has another address`,
    fix: isOver ? follow : `If the name has the right address, reload nginx: it resolves the name again. ${follow}`,
    next: [asResolver(one.facts.nginx, name), ...(isOver ? [] : [one.reload])],
  };
}

/** A port other than 53 goes with -p. */
function digServer(server: string): string {
  const [, v6, host = server, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(server) ?? [];
  return `@${v6 ?? host}${port === undefined ? '' : ` -p ${port}`}`;
}

const resolverFixes: readonly (readonly [RegExp, string])[] = [
  [
    /not found/i,
    'The name does not exist in that DNS: correct it, or add it there. /etc/hosts does not count for names in variables.',
  ],
  [/timed out/i, 'The resolver does not answer: start it, or name one that does in the resolver line.'],
  [/no resolver/i, 'Add a resolver line: names in variables are resolved with each request.'],
  [
    /server failure|refused/i,
    'The resolver answers with an error: its own log says why; or name another one in the resolver line.',
  ],
];

export function unresolvedNameWords(one: Subject): Words {
  const { subject } = one.judged;
  const { nginx } = one.facts;
  const reason = subject.is === 'name' ? subject.name.reason : '';
  const [resolver] = nginx.resolvers;
  // At its start nginx names the port as well.
  const name = shellWord(one.name.replace(/:\d+$/, ''));
  const dig = `dig +short +time=2 +tries=1 ${name} ${digServer(resolver ?? '')}`;
  return {
    what: `nginx ${when(one, 'cannot', 'could not')} resolve ${one.name}: ${reason.replace(/^\d+: /, '')}`,
    fix: resolverFixes.find(([pattern]) => pattern.test(reason))?.[1] ?? 'The resolver gives no address for it.',
    next: [
      resolver === undefined ? asResolver(nginx, one.name.replace(/:\d+$/, '')) : asNginx(nginx, dig),
      `${nginx.command} -T 2>/dev/null | grep -nwE 'resolver|${one.name.replace(/[^\w.-]/g, '.')}'`,
      ...(one.at === '' ? [] : [open(one)]),
    ],
  };
}
