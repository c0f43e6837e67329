/** What is to be typed, by the place where it must be typed: one table for each of them. */

import { describe, expect, test } from 'vitest';
import type { Facts, Owner, PeerFacts, TcpFacts, UnixFacts } from '../../collector/diagnose/facts/facts.ts';
import type { NginxFacts } from '../../collector/diagnose/facts/nginx-facts.ts';
import { judge } from '../../collector/diagnose/rules/judge.ts';
import type { Words } from '../../collector/diagnose/rules/subject.ts';
import { word } from '../../collector/diagnose/words/wording.ts';
import type { ConnectKind, PeerCause } from '../../collector/model.ts';
import {
  facts,
  failed,
  listener,
  nginx,
  nowMs,
  ofNginx,
  other,
  owner,
  peer,
  rememberedPeer,
  server,
  tcp,
  unix,
} from './facts-kit.ts';

/** The words of a cause, or of the first finding. */
function words(all: Facts, code: PeerCause | null = null): Words {
  const [judged] = judge(all, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  return word(code === null ? finding : { ...finding, code }, judged, all);
}

const address = '10.0.0.1:8080';
const inContainer: Partial<NginxFacts> = {
  sharesNetwork: false,
  sharesFiles: false,
  sharesResolver: false,
  command: 'docker exec c nginx',
  entry: 'docker exec c',
};
/** In another container than an engine's, of another user, and with its own /tmp only. */
const unentered: Partial<NginxFacts> = {
  ...inContainer,
  command: '# inside the container of pid 200: nginx',
  entry: '# inside the container of pid 200:',
};
const ofUser: Partial<NginxFacts> = {
  ...inContainer,
  command: '# as the user with uid 1000: nginx',
  entry: '# as the user with uid 1000:',
};
const ofService: Partial<NginxFacts> = { ...inContainer, command: 'nginx', entry: '' };

function tcpWords(code: PeerCause | null, of: Partial<TcpFacts>, some: Partial<NginxFacts> = {}, more = {}): Words {
  return words(facts([peer(address, { tcp: tcp(address, of), ...more })], { nginx: nginx(some) }), code);
}

function unixWords(kind: ConnectKind, of: Partial<UnixFacts>, some: Partial<NginxFacts> = {}, more = {}): Words {
  const one = peer('unix:/run/app/x.sock', { unix: unix({ path: '/run/app/x.sock', ...of }), ...more }, kind);
  return words(facts([one], { nginx: nginx(some) }));
}

/** A command without what is said behind it. */
const bare = (command: string): string => command.replace(/ {4}#.*/, '');
const typed = ({ next }: Words): readonly string[] => next.map(bare);
const reload = 'nginx -t && nginx -s reload';

function failing(kind: ConnectKind, errno: number): Partial<PeerFacts> {
  return { failures: new Map([[kind, failed({ errno })]]) };
}

test('a FastCGI program on its socket: the socket is shown, and the line to write', () => {
  const all = facts([
    peer('127.0.0.1:9000', { scheme: 'fastcgi', tcp: tcp('127.0.0.1:9000', { unixInstead: ['/run/php/a.sock'] }) }),
  ]);
  const { what, fix, next } = words(all);
  expect(what).toContain('listens on the unix socket /run/php/a.sock');
  expect(fix).toContain('fastcgi_pass unix:/run/php/a.sock;');
  expect(next[0]).toContain('ss -lxp | grep');
});

test('a UDP port is listed as one, and where no line was written yet none is shown', () => {
  expect(typed(words(facts([peer(address, { isUdp: true })])))[0]).toBe("ss -Hlunp 'sport = :8080'");
  const failures = new Map([['read_timeout', failed({ errno: null, message: '' })] as const]);
  const stuck = peer(address, { failures, sockets: { retried: 0, unacknowledged: 0, unread: 3 } });
  expect(words(facts([stuck])).next.join()).not.toContain('tail -n');
});

test.each([
  ['what nginx sends is lost: the network is suspected', { unacknowledged: 2, unread: 0 }, 'large ones do not', false],
  ['what arrived is not read: the application is', { unacknowledged: 2, unread: 2 }, 'does not answer in time', true],
  ['nothing is under way any more', { unacknowledged: 0, unread: 0 }, 'does not answer in time', true],
])('no answer in time: %s', (_, sockets, what, isNetworkOut) => {
  const failures = new Map([['read_timeout', failed({ errno: 110 })] as const]);
  const all = facts([peer(address, { failures, sockets: { retried: 0, ...sockets } })]);
  expect(words(all).what).toContain(what);
  const rulesOut = judge(all, String)[0]?.findings[0]?.rulesOut.join() ?? '';
  expect(rulesOut.includes('the network')).toBe(isNetworkOut);
});

describe('what nginx does is done where nginx is', () => {
  test.each<[PeerCause, ConnectKind, readonly string[], Partial<TcpFacts>]>([
    ['no_route', 'unreachable', ['ip route get 10.0.0.1', 'ip -br addr'], { home: 'elsewhere' }],
    ['host_down', 'unreachable', ['ping -c 3 10.0.0.1', 'ip neigh show 10.0.0.1'], { home: 'elsewhere' }],
    ['not_permitted', 'denied', ['ip route get 10.0.0.1', 'ip route show type prohibit'], { home: 'elsewhere' }],
    ['unknown', 'refused', ['curl -sv --connect-timeout 3 http://10.0.0.1:8080/ -o /dev/null'], {}],
    [
      'no_ports',
      'no_ports',
      [
        "ss -Htan dst '10.0.0.1:8080' | awk '{print $1}' | sort | uniq -c",
        'sysctl net.ipv4.ip_local_port_range',
        "sysctl -w net.ipv4.ip_local_port_range='10240 65535'",
      ],
      {},
    ],
  ])('%s', (code, kind, commands, of) => {
    const more = failing(kind, 0);
    expect(typed(tcpWords(code, of, {}, more)).slice(0, commands.length)).toEqual(commands);
    const there = typed(tcpWords(code, of, inContainer, more)).slice(0, commands.length);
    expect(there).toEqual(commands.map((each) => `nsenter -t 200 -n ${each}`));
    // Without a pid there is nothing to enter.
    const unseen = typed(tcpWords(code, of, { ...inContainer, masterPid: null }, more)).slice(0, commands.length);
    expect(unseen).toEqual(commands);
  });

  test('TLS is tried with TLS', () => {
    expect(typed(tcpWords(null, {}, {}, failing('tls', 0)))[0]).toBe(
      'timeout 5 openssl s_client -connect 10.0.0.1:8080 </dev/null',
    );
  });

  test('names are asked for as nginx would, the configuration read where it is', () => {
    const moved = server('app.test:8080', { name: 'app.test', now: ['10.0.0.9'], nowPeers: ['10.0.0.9:8080'] });
    const more = { servers: [moved] };
    expect(typed(tcpWords(null, { home: 'elsewhere' }, {}, more))).toEqual(['getent ahosts app.test', reload]);
    expect(typed(tcpWords(null, { home: 'elsewhere' }, inContainer, more))[0]).toBe(
      'docker exec c getent ahosts app.test',
    );
    expect(typed(tcpWords(null, { home: 'elsewhere' }, unentered, more))[0]).toBe(
      '# inside the container of pid 200: getent ahosts app.test',
    );
    expect(typed(tcpWords(null, { home: 'elsewhere' }, ofService, more))[0]).toBe(
      'cat /proc/200/root/etc/hosts /proc/200/root/etc/resolv.conf',
    );
    expect(typed(tcpWords(null, { home: 'elsewhere' }, { ...unentered, sharesResolver: true }, more))[0]).toBe(
      'nsenter -t 200 -n getent ahosts app.test',
    );
    expect(typed(tcpWords('wrong_bind_address', {}, inContainer))).toContain(
      'docker exec c sed -n 12p /etc/nginx/nginx.conf',
    );
  });
});

describe("a container's program never runs as root of the host", () => {
  const moved = { servers: [server('app.test:8080', { name: 'app.test', now: ['10.0.0.9'] })] };
  const unseen = { isShared: false };
  const causes: readonly (readonly [string, (nginx: Partial<NginxFacts>) => Words])[] = [
    ['name_moved', (some) => tcpWords(null, { home: 'elsewhere' }, some, moved)],
    ['wrong_bind_address', (some) => tcpWords('wrong_bind_address', {}, some)],
    ['no_local_address', (some) => tcpWords('no_local_address', {}, some)],
    ['no_files', (some) => tcpWords('no_files', {}, some)],
    ['worker_connections', (some) => tcpWords('worker_connections', {}, some)],
    ['breaks_after_connect', (some) => tcpWords('breaks_after_connect', {}, some)],
    ['application_error', (some) => tcpWords('application_error', {}, some)],
    ['socket_missing', (some) => unixWords('socket_missing', { file: 'missing', ...unseen }, some)],
    ['socket_stale', (some) => unixWords('refused', unseen, some)],
    ['socket_denied', (some) => unixWords('denied', unseen, some)],
  ];
  const places = [
    ['an engine', inContainer],
    ['no engine', unentered],
    ['another user', ofUser],
    ['its own /tmp', ofService],
  ] as const;
  test.each(causes.flatMap(([code, words]) => places.map(([place, some]) => [code, place, words(some).next] as const)))(
    '%s, %s',
    (_, place, next) => {
      expect(next).not.toEqual([]);
      for (const command of next) {
        expect(command).not.toMatch(/nsenter(?! -t \S+ -n )|chroot/);
        // Whoever owns a root puts a device or a link there: only where it is the host's own it is read.
        if (place !== 'its own /tmp') expect(command).not.toContain('/proc/200/root');
      }
    },
  );

  test('a container without an engine is only spoken of', () => {
    const { next } = unixWords('refused', unseen, unentered);
    expect(next.filter((each) => / rm | sed /.test(` ${each}`))).toEqual([
      expect.stringMatching(/^# inside the container of pid 200: sed -n 12p /),
      expect.stringMatching(/^# inside the container of pid 200: rm \/run\/app\/x\.sock/),
    ]);
    expect(typed(tcpWords('worker_connections', {}, unentered)).at(-1)).toBe('kill -HUP 200');
  });

  test('its own /tmp is read by programs of this host', () => {
    expect(typed(unixWords('socket_missing', { file: 'missing', ...unseen }, ofService))[0]).toBe(
      'ls -l /proc/200/root/run/app/',
    );
  });
});

describe('the rules of firewalls, by where the peer is', () => {
  const list = 'nft list ruleset';
  test.each<[string, Partial<TcpFacts>, Partial<NginxFacts>, readonly string[]]>([
    ['this host', {}, {}, [list]],
    ['a container: the host first', { home: other }, {}, [list, `nsenter -t 300 -n ${list}`]],
    ["nginx's own container", { home: ofNginx }, inContainer, [list, `nsenter -t 200 -n ${list}`]],
    ['two containers', { home: other }, inContainer, [list, `nsenter -t 300 -n ${list}`, `nsenter -t 200 -n ${list}`]],
    ['another host', { home: 'elsewhere' }, {}, ['ssh 10.0.0.1 "nft list ruleset || iptables-save"', list]],
  ])('%s', (_, of, some, commands) => {
    const rules = typed(tcpWords('firewall_reject', of, some));
    expect(rules.slice(0, -2)).toEqual(commands);
    expect(rules.at(-2)).toContain('ss -Hltnp');
    expect(rules.at(-1)).toContain('curl -sv --connect-timeout 3 http://10.0.0.1:8080/');
  });

  test('of another host, it says so', () => {
    const { what, fix, next } = tcpWords('firewall_reject', { home: 'elsewhere' });
    expect([what, fix]).toEqual([
      expect.stringContaining('on the host 10.0.0.1'),
      expect.stringContaining('on 10.0.0.1'),
    ]);
    expect(next.at(-2)).toBe(`ssh 10.0.0.1 "ss -Hltnp 'sport = :8080'"`);
  });

  test('no answer to ping proves nothing', () => {
    const { fix } = tcpWords(null, { home: 'elsewhere', probe: { is: 'silent' } }, {}, failing('timed_out', 110));
    expect(fix).toContain('No answer to ping proves nothing');
  });
});

describe('a process that is down', () => {
  const remembered = rememberedPeer({ inode: 1 });
  const id = 'abcdefabcdef';
  test.each<[string, Partial<Owner>, readonly string[]]>([
    ['a unit', {}, ['systemctl status app.service', 'systemctl start app.service', 'journalctl -u app.service -n 50']],
    [
      "a user's unit",
      { unitUser: 1000 },
      [
        'systemctl --user -M 1000@ status app.service',
        'systemctl --user -M 1000@ start app.service',
        'journalctl _UID=1000 _SYSTEMD_USER_UNIT=app.service -n 50',
      ],
    ],
    [
      'docker',
      { container: id, runtime: 'docker', isRemoved: false },
      [`docker ps -a --filter id=${id}`, `docker start ${id}`, `docker logs --tail 50 ${id}`],
    ],
    [
      'podman',
      { container: id, runtime: 'podman', isRemoved: false },
      [`podman ps -a --filter id=${id}`, `podman start ${id}`, `podman logs --tail 50 ${id}`],
    ],
    [
      'docker, by its name: a filter takes parts of names, too',
      { container: id, containerName: 'shop-app-1', runtime: 'docker', isRemoved: false },
      ["docker ps -a --filter 'name=^shop-app-1$'", 'docker start shop-app-1', 'docker logs --tail 50 shop-app-1'],
    ],
    [
      'docker, where it may be removed: nothing fails that is typed',
      { container: id, runtime: 'docker' },
      [
        `docker ps -a --filter id=${id}`,
        `docker ps -aq --filter id=${id} | xargs -r docker start`,
        `docker ps -aq --filter id=${id} | xargs -r docker logs --tail 50`,
      ],
    ],
    [
      'podman, which has removed it',
      { container: id, runtime: 'podman', isRemoved: true },
      ["podman ps -a --format '{{.Names}} {{.Status}} {{.Networks}}'"],
    ],
    [
      'Kubernetes',
      { container: id, runtime: 'crictl' },
      [`crictl ps -a --id ${id}`, 'kubectl get pods -A -o wide', `crictl logs --tail 50 ${id}`],
    ],
    ['nobody that is known', { unit: null }, ["ss -Hltnp 'sport = :8080'", 'systemctl --failed']],
  ])('was of %s', (_, of, commands) => {
    const more = { remembered: { ...remembered, owner: { ...owner, ...of } } };
    expect(typed(tcpWords(null, {}, {}, more))).toEqual(commands);
  });

  test('was a container whose address went with it', () => {
    const was = { ...owner, container: id, runtime: 'docker' as const, isRemoved: false };
    const more = { ...failing('unreachable', 113), remembered: { ...remembered, owner: was } };
    const said = tcpWords(null, { home: 'elsewhere', neighbour: false }, {}, more);
    expect(typed(said).slice(0, 2)).toEqual([`docker ps -a --filter id=${id}`, `docker start ${id}`]);
  });

  test('was killed because memory ran out', () => {
    const { fix, next } = tcpWords(null, {}, {}, { remembered: { ...remembered, owner, oomKills: 1 } });
    expect([fix, next.at(-1)]).toEqual([expect.stringContaining('more memory'), expect.stringContaining('dmesg')]);
  });

  test('serves again: nothing is started', () => {
    const more = {
      failures: new Map([['refused', failed({ firstMs: nowMs - 300_000, lastMs: nowMs - 60_000 })]]),
      remembered: { ...remembered, owner },
    };
    const said = tcpWords(null, { serving: [listener(address)], probe: { is: 'connected' } }, {}, more);
    expect(typed(said)).toEqual(['systemctl status app.service', 'journalctl -u app.service -n 50']);
  });

  test.each([
    ['docker-proxy', 'docker ps --filter publish=8080'],
    ['rootlessport', 'podman ps | grep -F :8080'],
    ['kube-proxy', 'kubectl get svc -A -o wide | grep -w 8080'],
  ])('behind a port that %s publishes', (command, first) => {
    const serving = [listener('0.0.0.0:8080', { owner: { ...owner, uid: 0, command } })];
    const all = typed(tcpWords(null, { serving }));
    expect(all[0]).toBe(first);
    for (const each of all) expect(each).not.toMatch(/CONTAINER/);
  });

  test('on another host only where that is known', () => {
    expect(tcpWords(null, { home: 'elsewhere' }).next[0]).toContain('ssh 10.0.0.1');
    const blind = facts([peer(address, { tcp: tcp(address, { home: null }) })], { missing: ['nginx_namespace'] });
    const { what, fix, next } = words(blind);
    expect([what, fix, next.map(bare)]).toEqual([
      expect.stringContaining('it is not known whether'),
      expect.stringContaining('again as root'),
      ['ip route get 10.0.0.1'],
    ]);
    expect(tcpWords(null, { home: null }).fix).toContain('Several containers');
    const silent = facts([peer(address, { ...failing('timed_out', 110), tcp: tcp(address, { home: null }) })]);
    expect(judge(silent, String)[0]?.findings[0]?.evidence.join()).not.toContain('another host:');
  });
});

describe('unix sockets', () => {
  const hidden = { isShared: false };
  test.each<[string, ConnectKind, Partial<UnixFacts>, readonly string[], readonly string[]]>([
    [
      'missing',
      'socket_missing',
      { file: 'missing' },
      ['ls -l /run/app/', 'ss -lxp | grep -F -e Recv-Q -e x.sock'],
      ['docker exec c ls -l /run/app/', 'nsenter -t 200 -n ss -lxp | grep -F -e Recv-Q -e x.sock'],
    ],
    [
      'stale',
      'refused',
      {},
      ['ss -lxp | grep -F -e Recv-Q -e /run/app/x.sock'],
      ['nsenter -t 200 -n ss -lxp | grep -F -e Recv-Q -e /run/app/x.sock'],
    ],
    [
      'denied',
      'denied',
      {},
      ['namei -l /run/app/x.sock', 'id www-data'],
      ['docker exec c ls -ldn / /run /run/app /run/app/x.sock', "grep -E '^(Uid|Gid|Groups):' /proc/201/status"],
    ],
    [
      'full, of another container',
      'backlog_full',
      { listening: true, home: other, owner: { ...owner, pid: 33 } },
      [
        'nsenter -t 300 -n ss -lxp | grep -F -e Recv-Q -e /run/app/x.sock',
        'ps -o pid,stat,wchan:24,etime,pcpu,args -p 33',
        'systemctl status app.service',
        'journalctl -u app.service -n 50',
        'systemctl restart app.service',
      ],
      [
        'nsenter -t 300 -n ss -lxp | grep -F -e Recv-Q -e /run/app/x.sock',
        'ps -o pid,stat,wchan:24,etime,pcpu,args -p 33',
      ],
    ],
  ])('%s', (_, kind, of, here, there) => {
    expect(typed(unixWords(kind, of)).slice(0, here.length)).toEqual(here);
    expect(typed(unixWords(kind, { ...of, ...hidden }, inContainer)).slice(0, there.length)).toEqual(there);
  });

  test('in /tmp: PrivateTmp is thought of', () => {
    const one = peer('unix:/tmp/x.sock', { unix: unix({ path: '/tmp/x.sock', file: 'missing' }) }, 'socket_missing');
    expect(words(facts([one])).fix).toContain('PrivateTmp');
    expect(unixWords('socket_missing', { file: 'missing' }).fix).not.toContain('PrivateTmp');
  });

  test('php-fpm of another version runs: its unit is not started, the line is shown', () => {
    const unit = { unit: 'php8.2-fpm.service', socket: null, isMasked: false, file: '/x' };
    const of = { file: 'missing', similar: ['/run/php/php8.2-fpm.sock'] } as const;
    const said = unixWords('socket_missing', of, {}, { unit });
    expect(said.fix).toMatch(/^\/run\/php\/php8\.2-fpm\.sock is there/);
    expect(typed(said).join()).not.toContain('systemctl');
  });

  test('one that listens where nginx does not see it is not to be started', () => {
    const said = unixWords('socket_missing', { file: 'missing', isShared: false, listening: true, owner }, inContainer);
    expect(said.what).toContain('though a process listens');
    expect(typed(said).join()).not.toContain('start');
  });

  test('after its rights were fixed, what makes the socket is started again, or nginx reloaded', () => {
    const said = unixWords('denied', { owner });
    expect(said.fix).toMatch(/restart it: it makes the socket again.*reload nginx/);
    expect(typed(said).slice(-2)).toEqual(['systemctl restart app.service', reload]);
  });

  test('a folder that keeps nginx out is named', () => {
    const barrier = { path: '/run/app', mode: 0o700, user: 'app', group: 'app' };
    expect(unixWords('denied', { barrier }).fix).toContain('the folder /run/app');
  });
});

describe('limits', () => {
  const own = (errno: number) =>
    words(facts([], { nginx: nginx({ failures: new Map([['no_files', failed({ errno })]]) }) }));
  test('errno 24 is the worker’s, 23 the host’s', () => {
    expect(own(24).fix).toContain('worker_rlimit_nofile 65535;');
    expect(typed(own(24))).toEqual(['grep -n worker_ /etc/nginx/nginx.conf', reload]);
    expect(own(23).what).toContain('this host has no free file descriptor');
    expect(own(23).fix).toContain('raise fs.file-max');
    expect(typed(own(23))[0]).toBe('cat /proc/sys/fs/file-nr');
  });
});

test('one other program listens, and nothing links it to the peer: who reads the fix knows whether it is meant', () => {
  const beside = tcp(address, { otherPorts: [listener('0.0.0.0:3000')] });
  expect(words(facts([peer(address, { tcp: beside })])).fix).toContain(
    'If it is what listens on 0.0.0.0:3000, write that port',
  );
  const known = peer(address, { tcp: beside, remembered: rememberedPeer({ listeningMs: nowMs - 90_000 }) });
  expect(words(facts([known])).fix).not.toContain('0.0.0.0:3000');
});

test('the program was moved to a unix socket: its path is shown, and the line to write', () => {
  const moved = tcp(address, { movedTo: ['/run/x.sock'] });
  const one = peer(address, { scheme: 'http', tcp: moved, remembered: rememberedPeer(), servers: [server(address)] });
  const { what, fix } = words(facts([one]));
  expect(what).toContain('its program listens on the unix socket /run/x.sock');
  expect(fix).toContain('server unix:/run/x.sock;');
});

describe('ejected', () => {
  const group = (servers: readonly ReturnType<typeof server>[]) =>
    facts([], { groups: [{ upstream: 'app', failures: failed({ errno: null }), servers }] });
  test('servers that are marked down are named', () => {
    const all = group([server('10.0.0.1:80'), server('10.0.0.2:80', { down: true })]);
    expect(words(all).fix).toContain('10.0.0.2:80: marked down in the configuration');
    expect(judge(all, String)[0]?.findings[0]?.evidence[0]).toContain('10.0.0.2:80 down');
  });
  test('why they are: connects that failed, max_conns, or answers that failed', () => {
    const servers = [server('10.0.0.1:80'), server('10.0.0.2:80')];
    const failing = { ...group(servers), peers: [peer(address)] };
    const [, ofGroup] = judge(failing, String);
    const [finding] = ofGroup?.findings ?? [];
    if (ofGroup === undefined || finding === undefined) throw new Error('nothing judged');
    expect(word(finding, ofGroup, failing).fix).toContain('their own verdicts');
    expect(words(group(servers)).fix).toContain('late or breaks off');
  });
  test('at max_conns a peer is skipped: it has not failed', () => {
    const busy = [server('10.0.0.1:80', { maxConns: 2 }), server('10.0.0.2:80', { maxConns: 2 })];
    const { what, fix } = words(group(busy));
    expect(what).toBe(
      'every peer of upstream app is at max_conns (2), the most connections nginx may have to it: further requests are refused',
    );
    expect(fix).toMatch(/^Raise max_conns/);
    // What one of them failed at minutes before put none of them out of use.
    const old = failed({ firstMs: nowMs - 300_000, lastMs: nowMs - 300_000 });
    const restarted = {
      ...group(busy),
      peers: [
        peer('10.0.0.1:80', {
          failures: new Map([['refused', old]]),
          servers: busy.map((each) => ({ ...each, upstream: 'app' })),
        }),
      ],
    };
    const ofGroup = judge(restarted, String).find(({ subject }) => subject.is === 'group');
    const [finding] = ofGroup?.findings ?? [];
    if (ofGroup === undefined || finding === undefined) throw new Error('nothing judged');
    expect(word(finding, ofGroup, restarted).what).toContain('is at max_conns (2)');
  });
  test('some at max_conns, others failed', () => {
    const mixed = [server('10.0.0.1:80', { maxConns: 2 }), server('10.0.0.2:80')];
    expect(words(group(mixed)).what).toContain('nor one that has max_conns connections');
  });
  test('where all are, that is it', () => {
    expect(words(group([server('10.0.0.1:80', { down: true })])).what).toContain('every server of upstream app is');
  });
});

test('a loopback upstream of an nginx on the host, whose application is in a container', () => {
  const there = { ...other, container: 'abcdefabcdef', runtime: 'podman' } as const;
  const loopback = '127.0.0.1:8080';
  const one = peer(loopback, {
    tcp: tcp(loopback, { otherNamespaces: [listener('0.0.0.0:8080', { namespace: there })] }),
  });
  expect(typed(words(facts([one])))[0]).toBe(
    "podman inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}' abcdefabcdef",
  );
});

describe('what stands in between', () => {
  const silent: Partial<TcpFacts> = { serving: [listener('0.0.0.0:8080')], probe: { is: 'silent' } };
  test('in one namespace a firewall drops; from one to another a route back may be missing', () => {
    const more = failing('timed_out', 110);
    expect(words(facts([peer(address, { tcp: tcp(address, silent), ...more })])).what).not.toContain('way back');
    const away = words(facts([peer(address, { tcp: tcp(address, { ...silent, home: other }), ...more })]));
    expect(away.what).toContain('or the answers find no way back');
    expect(typed(away)).toContain('nsenter -t 300 -n ip route');
  });

  test('errno 113 without a listener: the port may be passed on', () => {
    const said = (of: Partial<TcpFacts>) => tcpWords('firewall_reject', of, {}, failing('unreachable', 113)).fix;
    expect(said({})).toContain('dnat');
    expect(said(silent)).not.toContain('dnat');
  });

  test('a blackhole route is shown', () => {
    const said = tcpWords('no_route', { home: 'elsewhere' }, {}, failing('unreachable', 22));
    expect(typed(said)).toEqual(['ip route show type blackhole']);
  });

  test('refused though a socket listens, and no more is known: the rules are shown', () => {
    const one = tcpWords('unknown', { serving: [listener('0.0.0.0:8080')] });
    expect(typed(one).slice(1)).toEqual(['nft list ruleset']);
  });

  test('root is not asked to be root', () => {
    const unsure = (missing: Facts['missing']) =>
      words(facts([peer(address, failing('timed_out', 110))], { missing }), 'unknown').fix;
    expect([unsure([]), unsure(['socket_owner'])]).toEqual([
      expect.not.stringContaining('root'),
      expect.stringContaining('as root'),
    ]);
  });
});

test.each([
  [
    '3: Host not found',
    ['10.0.0.53'],
    'nsenter -t 200 -n dig +short +time=2 +tries=1 app.test @10.0.0.53',
    'does not exist',
  ],
  [
    '110: Operation timed out',
    ['[fd00::53]:5353'],
    'nsenter -t 200 -n dig +short +time=2 +tries=1 app.test @fd00::53 -p 5353',
    'answer',
  ],
  [
    '2: Server failure',
    ['127.0.0.11:53'],
    'nsenter -t 200 -n dig +short +time=2 +tries=1 app.test @127.0.0.11 -p 53',
    'its own log',
  ],
  ['no resolver defined', [], 'docker exec c getent ahosts app.test', 'Add a resolver line'],
  ['host not found', [], 'docker exec c getent ahosts app.test', 'does not exist'],
])('a name that does not resolve (%s): which resolver is asked, with the name', (reason, resolvers, dig, fix) => {
  const names = [{ name: 'app.test', reason, failures: failed({ errno: null }), servers: [] }];
  const said = words(facts([], { names, nginx: nginx({ resolvers, ...inContainer }) }));
  expect(typed(said)).toEqual([dig, "docker exec c nginx -T 2>/dev/null | grep -nwE 'resolver|app.test'"]);
  expect(said.fix).toContain(fix);
});

test('a name that nginx could not resolve at its start, with the port that it names there', () => {
  const names = [{ name: 'app:3000', reason: 'host not found', failures: failed({ errno: null }), servers: [] }];
  const said = words(facts([], { names, nginx: nginx(inContainer) }));
  expect(typed(said)[0]).toBe('docker exec c getent ahosts app');
});

test('where it is not known what served it, what failed is listed', () => {
  expect(typed(words(facts([peer(address)])))).toContain('systemctl --failed');
});

test('what ended is reported as ended, and nothing is to be done now', () => {
  const silent = facts([peer(address, failing('timed_out', 110))]);
  const [judged] = judge(silent, String);
  const [finding] = judged?.findings ?? [];
  if (judged === undefined || finding === undefined) throw new Error('nothing judged');
  const { what, fix } = word({ ...finding, isOver: true }, { ...judged, isOver: true }, silent);
  expect([what, fix]).toEqual([
    expect.stringMatching(/^ended 1 s ago: /),
    expect.stringMatching(/^Nothing to do now\./),
  ]);
});

test.each([
  ['a unix socket whose socket unit gave up', 'unix:/run/app.sock', 'shop.socket', false],
  ['a unix socket whose service is masked', 'unix:/run/app.sock', null, true],
  ['a port whose socket unit gave up', '127.0.0.1:8080', 'shop.socket', false],
  ['a port whose service is masked', '127.0.0.1:8080', null, true],
])('%s: what systemd needs first is printed before the start of the service', (_, name, socket, isMasked) => {
  const unit = { unit: 'shop.service', socket, isMasked, file: '/etc/systemd/system/shop.service' };
  const some = name.startsWith('unix:') ? { unix: unix({ file: 'socket', isShared: true }) } : {};
  const { next } = words(facts([peer(name, { ...some, unit })]));
  const first = socket === null ? 'systemctl unmask shop.service' : 'systemctl start shop.socket';
  const at = next.indexOf(first);
  expect(at).toBeGreaterThanOrEqual(0);
  expect(next.findIndex((each) => each.startsWith('systemctl start shop.service'))).toBeGreaterThan(at);
});
