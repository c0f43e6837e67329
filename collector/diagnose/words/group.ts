/** Words for an upstream of which every peer is out of use. */
import type { ServerFact } from '../facts/facts.ts';
import { line, open, type Subject, type Words } from '../rules/subject.ts';

/** Also an answer that is late, or breaks off, is a failure that nginx counts. */
const otherFailures =
  "No connection to them failed: nginx counts an answer that is late or breaks off as a failure, too. The error log has those lines, the application's log their reason.";

/** So long before the last request without a live peer: what failed earlier put no peer out of use then. */
function countedMs(servers: readonly ServerFact[]): number {
  return 1000 * (5 + Math.max(10, ...servers.map(({ failTimeoutSeconds }) => failTimeoutSeconds)));
}

/** What failed at the peers at that time has put them out of use. */
function failsToConnect({ facts, name, judged }: Subject): boolean {
  return facts.peers.some(({ servers, failures }) => {
    const last = Math.max(...[...failures.values()].map(({ lastMs }) => lastMs));
    return servers.some(({ upstream }) => upstream === name) && last > judged.lastMs - countedMs(servers);
  });
}

function whyOut(one: Subject, busiest: number): string {
  if (failsToConnect(one)) return 'Fix what makes the peers fail (their own verdicts say what).';
  if (busiest === 0) return otherFailures;
  return 'Raise max_conns if the application can take more; otherwise find out why requests take so long.';
}

/** No peer failed: nginx skips a peer that has as many connections as it may have. */
function atTheirLimit(one: Subject, servers: readonly ServerFact[], busiest: number): Words | null {
  if (failsToConnect(one) || !servers.every(({ down, maxConns }) => down || maxConns > 0)) return null;
  const { isOver } = one.finding;
  return {
    what: isOver
      ? `every peer of upstream ${one.name} was at max_conns (${busiest}), the most connections nginx may have to it: further requests were refused`
      : `every peer of upstream ${one.name} is at max_conns (${busiest}), the most connections nginx may have to it: further requests are refused`,
    fix: isOver ? `It is over. To prevent it: ${whyOut(one, busiest)}` : whyOut(one, busiest),
    next: isOver ? [open(one)] : [open(one), one.reload],
  };
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
  const full = busiest > 0 ? atTheirLimit(one, servers, busiest) : null;
  if (full !== null) return full;
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
