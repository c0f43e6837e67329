/** Words for an upstream of which every peer is out of use. */
import { line, open, type Subject, type Words } from '../rules/subject.ts';

/** Also an answer that is late, or breaks off, is a failure that nginx counts. */
const otherFailures =
  "No connection to them failed: nginx counts an answer that is late or breaks off as a failure, too. The error log has those lines, the application's log their reason.";

function failsToConnect({ facts, name }: Subject): boolean {
  return facts.peers.some(({ servers }) => servers.some(({ upstream }) => upstream === name));
}

function whyOut(one: Subject, busiest: number): string {
  if (failsToConnect(one)) return 'Fix what makes the peers fail (their own verdicts say what).';
  if (busiest === 0) return otherFailures;
  return 'No connection to them failed: check max_conns first. Raise it if the application can take more; otherwise find out why requests take so long.';
}

export function ejected(one: Subject): Words {
  const { isOver } = one.finding;
  const servers = one.judged.subject.is === 'group' ? one.judged.subject.group.servers : [];
  if (servers.length > 0 && servers.every(({ down }) => down)) {
    return {
      what: `every server of upstream ${one.name} is marked down in the configuration`,
      fix: `Remove the parameter down from servers that should take traffic ${line(one)}, and reload nginx.`,
      next: [open(one), one.reload],
    };
  }
  const busiest = Math.max(0, ...servers.map(({ maxConns }) => maxConns));
  const down = servers.filter((each) => each.down).map(({ address }) => address);
  const marked = down.length === 0 ? '' : ` ${down.join(', ')}: marked down in the configuration, never asked.`;
  // Without a failed connection, and with servers that are marked so, the marks may have been more before.
  if (isOver && !failsToConnect(one) && down.length > 0 && busiest === 0) {
    return {
      what: `upstream ${one.name} had no server in use: all were marked down, or late answers had put the others out of use`,
      fix: `It is over: nginx asks them again.${marked}`,
      next: [open(one)],
    };
  }
  return {
    what: `every peer of upstream ${one.name} ${isOver ? 'was' : 'is'} out of use: after max_fails failures nginx does not ask a peer for fail_timeout${busiest > 0 ? ', nor one that has max_conns connections' : ''}`,
    fix: `${isOver ? 'It is over: nginx asks them again.' : whyOut(one, busiest)}${marked} To survive short failures: more than one server, max_fails=3 or more, fail_timeout=5s, a health endpoint that answers while the application is busy.`,
    next: isOver ? [open(one)] : [open(one), `${one.reload}    # puts all peers back to use at once`],
  };
}
