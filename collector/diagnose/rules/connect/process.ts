/** Refused, and nothing serves the address: a process that is down, or one that is somewhere else. Pure. */
import type { ListenerFact, Owner, TcpFacts } from '../../facts/facts.ts';
import { dated, type Finding, found } from '../../finding.ts';
import { isPublished } from '../../places/published.ts';
import { type TcpCase, visibleHome } from '../case.ts';
import { endpoint, signs } from '../signs.ts';
import { noFirewall, notDown, onSocketInstead, onSocketNow } from './on-socket.ts';

/** Nothing serves the address in the peer's home, which can be seen. */
export function nobodyServes(one: TcpCase): readonly Finding[] {
  const { tcp } = one;
  // A container's runtime publishes a port for one family after the other, and its sockets are of one family only.
  const isNearly = tcp.samePort.length === 0 && tcp.perhapsServing.every(isPublished);
  if (!isNearly) return otherAddress(one);
  const moved = movedPort(one);
  if (moved !== null) return [moved];
  const apart = movedApart(one);
  if (apart !== null) return [apart];
  if ((tcp.movedTo ?? []).length > 0) return [onSocketNow(one)];
  const listenedBefore = one.peer.remembered?.listeningMs != null;
  if (listenedBefore) return [processDown(one, 'certain')];
  const takenMs = lastTakenMs(one);
  if (takenMs !== null) return tookBefore(one, takenMs);
  if (tcp.unixInstead.length > 0) return [onSocketInstead(one)];
  if (tcp.isLoopback && tcp.otherNamespaces.length > 0) return otherNamespace(one);
  return otherPort(one);
}

/** This very port took connections: what listened beside it then is another application, what began since may be it. */
function tookBefore(one: TcpCase, takenMs: number): readonly Finding[] {
  const { tcp } = one;
  const candidates = tcp.otherPorts.filter(({ port }) => !otherServices.has(port));
  // Since when it listens is not known of a process that cannot be seen: a slip of the hand only.
  const begun = candidates.filter(({ startedMs, port }) =>
    startedMs === null ? isSlip(port, tcp.port) : startedMs > takenMs - logsRound,
  );
  if (begun.length > 0) return otherPort({ ...one, tcp: { ...tcp, otherPorts: begun } }, true);
  // php-fpm may have been moved to one of its sockets: without its process nothing shows which.
  const isClear = candidates.length === 0 && tcp.unixInstead.length === 0;
  return [processDown(one, isClear ? 'certain' : 'likely')];
}

/** When nginx was last connected to it, by the access log; null where it has none such. */
function lastTakenMs({ peer: { answers } }: TcpCase): number | null {
  const ms = Math.max(answers?.lastConnectedMs ?? Number.NaN, answers?.lastTakenMs ?? Number.NEGATIVE_INFINITY);
  return Number.isFinite(ms) ? ms : null;
}

function lastTakenText(one: TcpCase) {
  const ms = lastTakenMs(one);
  if (ms === null || one.peer.remembered?.listeningMs != null) return null;
  return dated(`it took connections until ${one.time(ms)}, by the access log`);
}

function processDown(one: TcpCase, sureness: 'certain' | 'likely'): Finding {
  const { peer, tcp, time } = one;
  return found(
    'process_down',
    sureness,
    [
      signs.nothingListens(tcp),
      signs.lastListening(peer, time),
      lastTakenText(one),
      signs.oom(peer),
      signs.unit(peer),
      signs.neverListened(peer, time),
      tcp.otherPorts.length > 0 && sureness === 'likely' ? signs.otherPorts(tcp.otherPorts) : null,
      tcp.unixInstead.length > 0 && sureness === 'likely'
        ? `a FastCGI program listens on unix sockets: ${tcp.unixInstead.join(', ')}`
        : null,
      signs.probe(tcp.probe),
    ],
    [noFirewall],
  );
}

function isSameOwner(a: Owner, b: Owner): boolean {
  return a.unit !== null && b.unit !== null ? a.unit === b.unit : a.uid === b.uid;
}

function isUnitOf(a: Owner, b: Owner): boolean {
  return a.unit !== null && a.unit === b.unit;
}

/** Logs and the time of boot have full seconds. */
const logsRound = 2000;

/** Where its user has begun to listen since: what listened beside it all the while is another application. */
function movedPort(one: TcpCase): Finding | null {
  const { peer, tcp, time } = one;
  const { owner: before = null, listeningMs = null, besides = null } = peer.remembered ?? {};
  if (before === null || listeningMs === null || besides === null) return null;
  // Whose other ports are those of other containers.
  if (isPublished({ owner: before })) return null;
  const begun = tcp.otherPorts.filter(({ owner, port }) => owner.uid === before.uid && !besides.includes(port));
  // A process that ran beside the one that listened is another application: many are called node, python3 or java.
  const isLater = ({ owner, startedMs }: ListenerFact): boolean =>
    startedMs === null || startedMs > listeningMs - logsRound || owner.pid === before.pid || isUnitOf(owner, before);
  // Where its process was seen, one that cannot be seen is in another container.
  const wasSeen = before.pid !== null && !before.isGuess;
  const isNamed = ({ command }: Owner): boolean => command === before.command || (command === null && !wasSeen);
  const isOtherScript = ({ script }: Owner): boolean =>
    script != null && before.script != null && script !== before.script;
  const same = begun.filter((each) => isLater(each) && isNamed(each.owner) && !isOtherScript(each.owner));
  const [first] = same;
  if (first === undefined) return null;
  const isSeen = wasSeen && first.owner.pid !== null && !first.owner.isGuess;
  const isSame = isSeen && (first.owner.pid === before.pid || isUnitOf(first.owner, before));
  return found(
    'wrong_port',
    isSame ? 'certain' : 'likely',
    [
      signs.lastListening(peer, time),
      `the same program listens on ${same.map((each) => endpoint(each.host, each.port)).join(', ')} now, and did not before`,
      signs.nothingListens(tcp),
      signs.probe(tcp.probe),
    ],
    [noFirewall, notDown],
  );
}

/** The same service listens in its own network since: systemd's PrivateNetwork=. */
function movedApart({ peer, tcp, time }: TcpCase): Finding | null {
  const { owner: before = null, listeningMs = null } = peer.remembered ?? {};
  if (before === null || listeningMs === null) return null;
  const there = tcp.otherNamespaces.filter(
    ({ owner, startedMs, namespace: { container } }) =>
      container === null && isUnitOf(owner, before) && (startedMs === null || startedMs > listeningMs - logsRound),
  );
  if (there.length === 0) return null;
  const evidence = [signs.lastListening(peer, time), signs.inNamespace(there), signs.nothingListens(tcp)];
  return found('container_localhost', 'likely', [...evidence, signs.probe(tcp.probe)], [noFirewall, notDown]);
}

/** The name stands for both loopback addresses, by what nginx took or by what it resolves to now. */
function isBothFamilies({ peer }: TcpCase): boolean {
  return peer.servers.some(({ name, now, peers }) => {
    const all = [...now, ...peers.map((each) => each.replace(/:\d+$/, '').replace(/[[\]]/g, ''))];
    return name !== null && all.some((each) => each.startsWith('127.')) && all.includes('::1');
  });
}

function isOfLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === '0.0.0.0' || host === '::';
}

/** The port is listened on, but not for this address. */
function otherAddress(one: TcpCase): readonly Finding[] {
  const { peer, tcp, time } = one;
  const listeners = [...tcp.samePort, ...tcp.perhapsServing];
  const isIpv6 = tcp.host.includes(':');
  const isFamily =
    tcp.isLoopback &&
    isBothFamilies(one) &&
    listeners.every(({ host }) => isOfLoopback(host) && host.includes(':') !== isIpv6);
  const owner = peer.remembered?.owner ?? null;
  const isStranger = owner !== null && !listeners.some((each) => isSameOwner(each.owner, owner));
  // Without the right to see whose they are, sockets of its master's user may be nginx's own.
  const mayBeNginx = listeners.every(({ owner: { pid, uid } }) => pid === null && uid === one.facts.nginx.uid);
  const unproven = mayBeNginx || (tcp.samePort.length === 0 && tcp.probe.is !== 'refused');
  const evidence = [
    tcp.samePort.length > 0 ? signs.listensElsewhere(tcp.samePort) : signs.ipv6Only(tcp.perhapsServing),
    signs.lastListening(peer, time),
    signs.probe(tcp.probe),
  ];
  const code = isFamily ? 'localhost_family' : 'wrong_bind_address';
  const finding = found(code, isStranger || unproven ? 'likely' : 'certain', evidence, isStranger ? [] : [notDown]);
  return isStranger ? [processDown(one, 'likely'), finding] : [finding];
}

/** A loopback address means another one in every network namespace. */
function otherNamespace({ peer, tcp, time }: TcpCase): readonly Finding[] {
  const isHosts = tcp.otherNamespaces.some(({ namespace }) => namespace.is === 'host');
  // In a pod the application belongs into nginx's namespace, and the host may have the port by chance.
  const neverWas = peer.remembered !== null && peer.remembered.listeningMs === null;
  const sure = visibleHome(tcp)?.is === 'nginx' && isHosts && neverWas ? 'certain' : 'likely';
  const evidence = [
    signs.nothingListens(tcp),
    signs.inNamespace(tcp.otherNamespaces),
    signs.neverListened(peer, time),
    signs.probe(tcp.probe),
  ];
  return [found('container_localhost', sure, evidence, [noFirewall])];
}

/** One digit wrong, missing or too many, or two of them swapped: what a slip of the hand makes. */
export function isSlip(a: number, b: number): boolean {
  const [one, other] = [String(a), String(b)];
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (short.length !== long.length) return short.slice(at) === long.slice(at + 1);
  if (short.slice(at + 1) === long.slice(at + 1)) return true;
  return short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
}

/** Ports that no web application uses: naming them as what was meant would be noise. */
const otherServices: ReadonlySet<number> = new Set([
  20, 21, 22, 23, 25, 53, 67, 68, 69, 88, 110, 111, 123, 135, 137, 138, 139, 143, 161, 179, 389, 445, 465, 514, 515,
  546, 547, 587, 631, 636, 873, 993, 995, 1433, 1521, 1883, 2049, 2379, 2380, 3306, 3389, 4317, 4369, 5353, 5355, 5432,
  5672, 6379, 6432, 8125, 9042, 9092, 9100, 10050, 11211, 15672, 19999, 25672, 27017, 33060,
]);

/** Programs that run a host, and listen on ports that change: none of them is what nginx asks for. */
const hostPrograms =
  /^(?:containerd|dockerd|docker-proxy|conmon|kubelet|k3s|netdata|sshd|systemd|rpc\.|rpcbind|chronyd)/;

/** What may have been meant by another port. */
export function meantPorts({ otherPorts }: Pick<TcpFacts, 'otherPorts'>): readonly ListenerFact[] {
  return otherPorts.filter(({ port, owner }) => !otherServices.has(port) && !hostPrograms.test(owner.command ?? ''));
}

/** @param isSince what listens there has begun to since the peer took its last connection */
function otherPort(one: TcpCase, isSince = false): readonly Finding[] {
  const { peer, tcp, time } = one;
  // Where a unit's file names this very port, no neighbour is meant: only that unit itself may listen elsewhere.
  const meant = peer.unit === null ? null : peer.unit.unit;
  const candidates = meantPorts(tcp).filter(({ owner }) => meant === null || owner.unit === meant);
  const slips = candidates.filter(({ port }) => isSlip(port, tcp.port));
  const wrongPort = (listeners: readonly ListenerFact[]): Finding =>
    found(
      'wrong_port',
      'likely',
      [signs.nothingListens(tcp), signs.otherPorts(listeners), signs.neverListened(peer, time), signs.probe(tcp.probe)],
      [noFirewall],
    );
  // An instance of a template has its neighbours on the ports beside it.
  const isInstance = slips.some(({ owner }) => owner.unit?.includes('@') === true);
  if (slips.length > 0 && !isInstance) return [wrongPort(slips)];
  const down = processDown({ ...one, tcp: { ...tcp, otherPorts: candidates } }, 'likely');
  // Of many that listen there each may be meant, or none; one that nothing links to the peer is a neighbour.
  const isLinked = isSince || meant !== null;
  return candidates.length === 1 && isLinked ? [down, wrongPort(candidates)] : [down];
}
