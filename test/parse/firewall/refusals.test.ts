/** Which rules of a firewall refuse nginx's connections, and which only look as if they did. */
import { describe, expect, test } from 'vitest';
import { parseIptables } from '../../../collector/parse/firewall/iptables.ts';
import { parseNft } from '../../../collector/parse/firewall/nft.ts';
import { type Connection, refusalsOf } from '../../../collector/parse/firewall/refusals.ts';

const remote: Connection = { host: '10.0.0.2', port: 8080, isUdp: false, uid: 33, user: 'www-data', isLocal: false };
const local: Connection = { ...remote, host: '127.0.0.1', isLocal: true };
const remote6: Connection = { ...remote, host: 'fd00::2' };

const said = (refusals: ReturnType<typeof refusalsOf>): readonly string[] =>
  refusals.map(({ does, isSure, text }) => `${isSure ? 'surely' : 'perhaps'} ${does}: ${text}`);

const chain = (hook: string, rules: string, policy = 'accept', more = ''): string =>
  `table inet filter {\n${more}\tchain c {\n\t\ttype filter hook ${hook} priority filter; policy ${policy};\n${rules
    .split('\n')
    .map((rule) => `\t\t${rule}`)
    .join('\n')}\n\t}\n}\n`;

const nft: Readonly<Record<string, readonly [string, Connection, readonly string[]]>> = {
  'another port': [chain('output', 'tcp dport 9999 reject'), remote, []],
  'another address': [chain('output', 'ip daddr 10.0.0.3 tcp dport 8080 drop'), remote, []],
  'another protocol': [
    chain('output', 'udp dport 8080 drop\nmeta l4proto udp drop\nicmp type echo-request drop'),
    remote,
    [],
  ],
  'the other family': [chain('output', 'ip6 daddr ::/0 drop\nmeta nfproto ipv6 drop'), remote, []],
  'another user': [chain('output', 'meta skuid 1000 reject\nmeta skuid "postgres" reject'), remote, []],
  'packets of no connection': [chain('input', 'ct state invalid drop'), remote, []],
  'what comes to this host, while the peer is another': [chain('input', 'tcp dport 8080 drop'), remote, []],
  'what passes through this host': [chain('forward', 'drop', 'drop'), remote, []],
  'another interface': [chain('output', 'oifname "lo" drop'), remote, []],
  'accepted before': [chain('output', 'tcp dport 8080 accept\ndrop'), remote, []],
  'accepted before, by a set': [
    chain(
      'output',
      'tcp dport @web accept\ndrop',
      'accept',
      '\tset web {\n\t\ttype inet_service\n\t\telements = { 80,\n\t\t\t     8000-8100 }\n\t}\n',
    ),
    remote,
    [],
  ],
  'its own port': [
    chain('output', 'tcp dport 8080 reject with tcp reset'),
    remote,
    ['surely reject: tcp dport 8080 reject with tcp reset'],
  ],
  'a counter, a log and a comment beside it': [
    chain(
      'output',
      'tcp dport 8080 counter packets 3 bytes 180 log prefix "no, drop " level warn reject comment "by ops, accept"',
    ),
    remote,
    [
      'surely reject: tcp dport 8080 counter packets 3 bytes 180 log prefix "no, drop " level warn reject comment "by ops, accept"',
    ],
  ],
  'a list and a range of ports': [
    chain('output', 'tcp dport { 22, 8000-8100 } drop'),
    remote,
    ['surely drop: tcp dport { 22, 8000-8100 } drop'],
  ],
  'all ports but one': [chain('output', 'tcp dport != 443 drop'), remote, ['surely drop: tcp dport != 443 drop']],
  'all ports but its own': [chain('output', 'tcp dport != { 80, 8080 } drop'), remote, []],
  'a network': [chain('output', 'ip daddr 10.0.0.0/24 drop'), remote, ['surely drop: ip daddr 10.0.0.0/24 drop']],
  'a set of intervals': [
    chain(
      'output',
      'ip daddr @bad drop',
      'accept',
      '\tset bad {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.0.0.0/24, 192.0.2.1-192.0.2.9 }\n\t}\n',
    ),
    remote,
    ['surely drop: ip daddr @bad drop'],
  ],
  'a set of others': [
    chain(
      'output',
      'ip daddr @bad drop',
      'accept',
      '\tset bad {\n\t\ttype ipv4_addr\n\t\tflags interval,timeout\n\t\telements = { 10.1.0.0/16, 192.0.2.1 timeout 1h expires 59m }\n\t}\n',
    ),
    remote,
    [],
  ],
  'an empty set': [
    chain('output', 'ip daddr @bad drop', 'accept', '\tset bad {\n\t\ttype ipv4_addr\n\t}\n'),
    remote,
    [],
  ],
  'address and port in one set': [
    chain('output', 'ip daddr . tcp dport { 10.0.0.2 . 8080, 10.0.0.3 . 80 } drop'),
    remote,
    ['surely drop: ip daddr . tcp dport { 10.0.0.2 . 8080, 10.0.0.3 . 80 } drop'],
  ],
  'address and another port in one set': [
    chain('output', 'ip daddr . tcp dport { 10.0.0.2 . 80, 10.0.0.3 . 8080 } drop'),
    remote,
    [],
  ],
  'a verdict map': [
    chain('output', 'tcp dport vmap { 22 : accept, 8080 : drop }'),
    remote,
    ['surely drop: tcp dport vmap { 22 : accept, 8080 : drop }'],
  ],
  'a verdict map that accepts it': [chain('output', 'tcp dport vmap { 22 : drop, 8080 : accept }\ndrop'), remote, []],
  'a named verdict map': [
    chain(
      'output',
      'tcp dport vmap @ports',
      'accept',
      '\tmap ports {\n\t\ttype inet_service : verdict\n\t\telements = { 22 : accept, 8080 : jump closed }\n\t}\n\tchain closed {\n\t\treject\n\t}\n',
    ),
    remote,
    ['surely reject: reject'],
  ],
  'a chain that is jumped to': [
    chain(
      'output',
      'ip daddr 10.0.0.0/8 jump closed',
      'accept',
      '\tchain closed {\n\t\ttcp dport 22 accept\n\t\tdrop\n\t}\n',
    ),
    remote,
    ['surely drop: drop'],
  ],
  'a chain that returns before': [
    chain('output', 'jump closed', 'accept', '\tchain closed {\n\t\ttcp dport 8080 return\n\t\tdrop\n\t}\n'),
    remote,
    [],
  ],
  'a chain that nothing jumps to': [
    chain('output', 'accept', 'accept', '\tchain closed {\n\t\tdrop\n\t}\n'),
    remote,
    [],
  ],
  'policy drop, nothing accepts it': [
    chain('output', 'tcp dport { 53, 443 } accept', 'drop'),
    remote,
    ['surely drop: policy drop (no rule of it accepts the connection)'],
  ],
  'policy drop, what is its own is accepted': [chain('output', 'tcp dport 8000-9000 accept', 'drop'), remote, []],
  'policy drop for what comes in, answers are accepted': [
    chain('input', 'ct state { established, related } accept', 'drop'),
    remote,
    [],
  ],
  'policy drop for what comes in, answers are not': [
    chain('input', 'tcp dport 22 accept', 'drop'),
    remote,
    ['surely drop: policy drop (no rule of it accepts the connection)'],
  ],
  'the usual server: loopback and answers are accepted': [
    chain('input', 'iif "lo" accept\nct state established,related accept\ntcp dport 22 accept', 'drop'),
    local,
    [],
  ],
  'the user of nginx, by number': [
    chain('output', 'meta skuid 33 tcp dport 8080 reject'),
    remote,
    ['surely reject: meta skuid 33 tcp dport 8080 reject'],
  ],
  'the user of nginx, by name': [
    chain('output', 'skuid "www-data" drop'),
    local,
    ['surely drop: skuid "www-data" drop'],
  ],
  'all users but root': [chain('output', 'meta skuid != 0 drop'), remote, ['surely drop: meta skuid != 0 drop']],
  'by mark: not known': [
    chain('output', 'meta mark 0x00000001 drop'),
    remote,
    ['perhaps drop: meta mark 0x00000001 drop'],
  ],
  'above a rate': [
    chain('output', 'tcp dport 8080 limit rate over 10/second burst 5 packets drop'),
    remote,
    ['perhaps drop: tcp dport 8080 limit rate over 10/second burst 5 packets drop'],
  ],
  'only what is sent on connections that are made': [
    chain('output', 'ct state established tcp dport 8080 drop'),
    remote,
    ['surely drop: ct state established tcp dport 8080 drop'],
  ],
  'the local peer, as it comes in': [
    chain('input', 'tcp dport 8080 reject'),
    local,
    ['surely reject: tcp dport 8080 reject'],
  ],
  IPv6: [
    chain('output', 'ip6 daddr fd00::/8 tcp dport 8080 reject with icmpv6 type admin-prohibited'),
    remote6,
    ['surely reject: ip6 daddr fd00::/8 tcp dport 8080 reject with icmpv6 type admin-prohibited'],
  ],
  'the address of the peer as a source: its answers': [
    chain('input', 'ip saddr 10.0.0.2 drop'),
    remote,
    ['surely drop: ip saddr 10.0.0.2 drop'],
  ],
  'a mark is set, nothing is refused': [chain('output', 'tcp dport 8080 meta mark set 0x1 counter'), remote, []],
  'words from a newer nft': [
    chain('output', 'socket cgroupv2 level 2 "system.slice/nginx.service" drop'),
    remote,
    ['perhaps drop: socket cgroupv2 level 2 "system.slice/nginx.service" drop'],
  ],
  'no rules': ['', remote, []],
  'no ruleset at all': ['Error: something\n}\n}}', remote, []],
};

const iptables: Readonly<Record<string, readonly [string, Connection, readonly string[]]>> = {
  'another port': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 9999 -j REJECT --reject-with icmp-port-unreachable',
    remote,
    [],
  ],
  'another address': [':OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 10.0.0.3/32 -p tcp -j DROP', remote, []],
  'its own address and port': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -d 10.0.0.2/32 -p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset',
    remote,
    ['surely reject: -d 10.0.0.2/32 -p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset'],
  ],
  'all but one network': [':OUTPUT ACCEPT [0:0]\n-A OUTPUT ! -d 10.0.0.0/8 -j DROP', remote, []],
  'several ports': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m multiport --dports 80,8000:8100 -j DROP',
    remote,
    ['surely drop: -p tcp -m multiport --dports 80,8000:8100 -j DROP'],
  ],
  'the user of nginx': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner --uid-owner 33 -j REJECT',
    remote,
    ['surely reject: -m owner --uid-owner 33 -j REJECT'],
  ],
  'another user': [':OUTPUT ACCEPT [0:0]\n-A OUTPUT -m owner ! --uid-owner 33 -j REJECT', remote, []],
  'a separate chain': [
    ':OUTPUT ACCEPT [0:0]\n:ufw-out - [0:0]\n-A OUTPUT -j ufw-out\n-A ufw-out -p udp -j DROP\n-A ufw-out -p tcp -j DROP',
    remote,
    ['surely drop: -p tcp -j DROP'],
  ],
  'policy DROP, answers accepted': [
    ':INPUT DROP [5:300]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    remote,
    [],
  ],
  'policy DROP, loopback not accepted': [
    ':INPUT DROP [5:300]\n-A INPUT -i eth0 -p tcp -m tcp --dport 80 -j ACCEPT',
    local,
    ['surely drop: policy drop (no rule of it accepts the connection)'],
  ],
  'a log, and a comment that says DROP': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m comment --comment "-j DROP all" -j LOG --log-prefix "x "',
    remote,
    [],
  ],
  'a set of ipset': [
    ':OUTPUT ACCEPT [0:0]\n-A OUTPUT -m set --match-set bad dst -j DROP',
    remote,
    ['perhaps drop: -m set --match-set bad dst -j DROP'],
  ],
  'what containers forward': [':FORWARD DROP [0:0]\n-A FORWARD -j DROP', remote, []],
};

describe('nft list ruleset', () => {
  test.each(Object.entries(nft))('%s', (_, [text, connection, expected]) => {
    expect(said(refusalsOf(parseNft(text), connection))).toEqual(expected);
  });
});

describe('iptables-save', () => {
  test.each(Object.entries(iptables))('%s', (_, [text, connection, expected]) => {
    const chains = parseIptables(`*filter\n${text}\nCOMMIT\n`, 4);
    expect(said(refusalsOf(chains, connection))).toEqual(expected);
  });
});
