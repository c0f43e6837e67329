/** Words for what nginx or its host runs out of. */

import type { NginxFacts } from '../facts/nginx-facts.ts';
import { endpoint } from '../rules/signs.ts';
import { failuresOf, line, open, type Subject, type Wording, type Words } from '../rules/subject.ts';
import { asNginx, withFiles } from './commands.ts';
import { when } from './when.ts';

type LimitCause = 'no_ports' | 'no_local_address' | 'no_files' | 'worker_connections';

function grepLimits(nginx: NginxFacts): string {
  const conf = nginx.conf ?? '/etc/nginx/nginx.conf';
  return withFiles(nginx, nginx.sharesFiles, (at) => `grep -n worker_ ${at(conf)}`);
}

/** errno 23, ENFILE: the entire host has none left, and no setting of nginx helps. */
const hostWithoutFiles = (one: Subject): Words => ({
  what: `this host ${when(one, 'has', 'had')} no free file descriptor, for any process: nginx ${when(one, 'can', 'could')} neither accept nor connect`,
  fix: 'End or restart the process that holds the most, or raise fs.file-max; to keep that, write fs.file-max = NUMBER into /etc/sysctl.d/99-file-max.conf. worker_rlimit_nofile does not help here.',
  next: [
    'cat /proc/sys/fs/file-nr    # open now, 0, the most (fs.file-max)',
    `for p in /proc/[0-9]*; do echo "$(ls $p/fd 2>/dev/null | wc -l) $p $(cat $p/comm 2>/dev/null)"; done | sort -n | tail -n 5    # who holds them`,
    'sysctl -w fs.file-max=$(($(cut -f3 /proc/sys/fs/file-nr) * 2))    # at once, until the next boot',
  ],
});

export const limitWords: Readonly<Record<LimitCause, Wording>> = {
  no_ports: ({ name, host, port, facts: { nginx }, finding }) => ({
    what: `nginx ${when({ finding }, 'has', 'had')} no free local port for connections to ${name}`,
    fix: `Immediately: more ports, with the last command. Permanently: reuse connections: keepalive 32 in the upstream, proxy_http_version 1.1 and proxy_set_header Connection "".`,
    next: [
      ...(port === 0
        ? []
        : [asNginx(nginx, `ss -Htan dst '${endpoint(host, port)}' | awk '{print $1}' | sort | uniq -c`)]),
      asNginx(nginx, 'sysctl net.ipv4.ip_local_port_range'),
      `${asNginx(nginx, "sysctl -w net.ipv4.ip_local_port_range='10240 65535'")}    # until the next boot; keep it in /etc/sysctl.d/`,
    ],
  }),
  no_local_address: (one) => {
    const { host, facts, name } = one;
    const isIpv6 = host.includes(':') && failuresOf(one, 'no_ports')?.message.startsWith('bind(') !== true;
    const { nginx } = facts;
    if (failuresOf(one, 'no_ports')?.errno === 98) {
      return {
        what: `the local address and port that nginx ${when(one, 'connects', 'connected')} to ${name} from ${when(one, 'are', 'were')} in use`,
        fix: 'Remove the port from proxy_bind (or fastcgi_bind, uwsgi_bind, …), so that each connection gets its own; then reload nginx.',
        next: [`${nginx.command} -T 2>/dev/null | grep -nE '_bind '`, one.reload],
      };
    }
    if (failuresOf(one, 'no_ports') === null) {
      return {
        what: `nginx ${when(one, 'connects', 'connected')} to ${name} from a local address that ${when(one, 'does', 'did')} not lead there`,
        fix: 'Correct proxy_bind (or fastcgi_bind, uwsgi_bind, …): an address of the interface that leads to the peer, not loopback; then reload nginx.',
        next: [
          `${nginx.command} -T 2>/dev/null | grep -nE '_bind '`,
          `${asNginx(nginx, `ip route get ${host}`)}    # src: the address that leads there`,
          one.reload,
        ],
      };
    }
    return isIpv6
      ? {
          what: `nginx ${when(one, 'has', 'had')} no IPv6 address to connect to ${name} from`,
          fix: `Write an IPv4 address ${line(one)}, or enable IPv6 there; then reload nginx.`,
          next: [asNginx(nginx, 'sysctl net.ipv6.conf.all.disable_ipv6'), open(one), one.reload],
        }
      : {
          what: `the local address that nginx ${when(one, 'connects', 'connected')} to ${name} from ${when(one, 'does', 'did')} not exist on this host`,
          fix: 'Correct proxy_bind (or fastcgi_bind, uwsgi_bind, …): an address of this host, or remove it; then reload nginx.',
          next: [
            `${nginx.command} -T 2>/dev/null | grep -nE '_bind '`,
            `${asNginx(nginx, 'ip -br addr')}    # the addresses of this host`,
            one.reload,
          ],
        };
  },
  no_files: (one) => {
    const { nginx } = one.facts;
    if (failuresOf(one, 'no_files')?.errno === 23) return hostWithoutFiles(one);
    return {
      what: `nginx ${when(one, 'has no free file descriptor: it can', 'had no free file descriptor: it could')} neither accept nor connect`,
      fix: `Raise it: worker_rlimit_nofile ${Math.max(65535, (nginx.openFiles?.limit ?? 0) * 4)}; at the top of ${nginx.conf ?? 'nginx.conf'} (at least twice worker_connections${nginx.workerConnections === null ? '' : `, which is ${nginx.workerConnections}`}); then reload nginx.`,
      next: [grepLimits(nginx), one.reload],
    };
  },
  worker_connections: ({ facts: { nginx }, reload, finding }) => ({
    what: `nginx ${when({ finding }, 'has', 'had')} no free connection: worker_connections${nginx.workerConnections === null ? '' : ` ${nginx.workerConnections}`} ${when({ finding }, 'are', 'were')} used up`,
    fix: `Raise worker_connections in the events block of ${nginx.conf ?? 'nginx.conf'} (a proxied request takes two) and worker_rlimit_nofile with it; then reload nginx.`,
    next: [grepLimits(nginx), reload],
  }),
};
