/** Words for applications that take connections and fail behind them, or do not stay up. */
import { shellWord } from '../../base/syntax/shell-word.ts';
import { lossOf, tlsReason } from '../rules/later.ts';
import { endpoint } from '../rules/signs.ts';
import { failuresOf, open, ownerOf, peerOf, type Subject, ss, type Wording, type Words } from '../rules/subject.ts';
import { asNginx, inside, lookAfter, onHost, processState, restart, withFiles } from './commands.ts';
import { when } from './when.ts';

type ServiceCause = 'crash_loop' | 'tls' | 'hangs' | 'breaks_after_connect' | 'application_error';

/** Its listener, where it can be checked; else how to look on its own host. */
function listenerCommand(one: Subject): string {
  if (one.port === 0) return open(one);
  const isElsewhere = peerOf(one)?.tcp?.home === 'elsewhere';
  return isElsewhere ? onHost(one.host, `ss -ltn 'sport = :${one.port}'`) : ss(one);
}

/** nginx's own lines about this peer, as it wrote them. */
function errorLines(one: Subject): string {
  const { nginx } = one.facts;
  const [log] = nginx.errorLogs;
  if (log === undefined) return open(one);
  return withFiles(
    nginx,
    nginx.sharesFiles,
    (at) => `tail -n 2000 ${at(log)} | grep -F ${shellWord(one.name)} | tail -n 3`,
  );
}

function handshake(one: Subject): string {
  // A port that does not answer the handshake would hold it for ever.
  const client = `timeout 5 openssl s_client -connect ${endpoint(one.host, one.port)} </dev/null`;
  return asNginx(one.facts.nginx, client);
}

const tlsFixes: readonly (readonly [RegExp, string])[] = [
  [
    /wrong version number|unknown protocol|packet length/,
    'The port does not speak TLS: write proxy_pass http://, or the port that does.',
  ],
  [/expired/, 'Renew the certificate of the application and let it load the new one.'],
  [
    /self.signed|unable to get (?:local )?issuer|certificate verify failed/,
    'Name the CA of the certificate in proxy_ssl_trusted_certificate, or give the application a certificate of a known CA.',
  ],
  [/does not match|hostname mismatch/, 'Set proxy_ssl_name to a name that the certificate has.'],
  [
    /unrecognized name|handshake failure/,
    'Send the name it expects (proxy_ssl_server_name on; proxy_ssl_name), or allow its versions and ciphers (proxy_ssl_protocols, proxy_ssl_ciphers).',
  ],
  [/protocol version|unsupported protocol/, 'Allow a TLS version that both have: proxy_ssl_protocols.'],
  [
    /certificate required|bad certificate/,
    'It asks for a client certificate: proxy_ssl_certificate and proxy_ssl_certificate_key.',
  ],
];

/** Nothing at the application's end is stuck, and what nginx sends does not arrive. */
function packetsLost(one: Subject, loss: 'large ones' | 'of all sizes'): Words {
  const { host, name, facts } = one;
  const family = host.includes(':') ? '-6 ' : '';
  const isLarge = loss === 'large ones';
  return {
    what: `${name} ${when(one, 'takes', 'took')} connections, and what nginx ${when(one, 'sends on them is', 'sent on them was')} lost${isLarge ? ': small packets arrive, large ones do not' : ''}`,
    fix: !isLarge
      ? 'A firewall drops packets of connections that are made (a rule by state, flags or content), or a link loses packets: find it here, on the way and there.'
      : 'A link on the way has a smaller MTU (a tunnel, a VPN), and a firewall drops the ICMP messages that say so: allow them, or lower the MTU of the route. A firewall that drops by length or state does the same.',
    next: [
      `${asNginx(facts.nginx, `ss -Htnoi dst ${endpoint(host, one.port)}`)}    # backoff and retrans: sent again and again${isLarge ? '; mss: the size that nginx tries' : ''}`,
      asNginx(facts.nginx, `ip ${family}route get ${host}`),
      `${asNginx(facts.nginx, 'nft list ruleset')}    # here, then on the way and there`,
    ],
  };
}

function workersStopped(one: Subject): Words {
  const { nginx } = one.facts;
  const pids = nginx.stoppedWorkers.join(' ');
  return {
    what: `nginx itself ${when(one, 'is', 'was')} stopped (SIGSTOP): its clients ${when(one, 'wait, and get', 'waited, and got')} no answer`,
    fix: 'Let its workers continue (kill -CONT). A debugger that is attached stops them as well: detach it.',
    next: [
      `kill -CONT ${pids}`,
      `grep -E '^(State|TracerPid):' /proc/${nginx.stoppedWorkers[0] ?? nginx.masterPid}/status`,
    ],
  };
}

export const serviceWords: Readonly<Record<ServiceCause, Wording>> = {
  crash_loop: (one) => {
    const owner = ownerOf(one);
    return {
      what: `the application behind ${one.name} ${when(one, 'does not stay up: it starts and ends', 'did not stay up: it started and ended')} again and again`,
      fix: 'Its log says why it ends; fix that. Restarting it again does not help.',
      // The process that ended has another pid than the one that runs now.
      next: [...lookAfter(owner, listenerCommand(one)), ...processState(peerOf(one)?.tcp?.serving[0]?.owner ?? null)],
    };
  },
  tls: (one) => {
    const message = failuresOf(one, 'tls')?.message ?? '';
    const reason = tlsReason(message);
    const fix = tlsFixes.find(([pattern]) => pattern.test(reason ?? message))?.[1];
    const isSilent = /timed out/.test(message);
    return {
      what: isSilent
        ? `${one.name} ${when(one, 'takes connections, but does not', 'took connections, but did not')} answer the TLS handshake`
        : `the TLS handshake with ${one.name} ${when(one, 'fails', 'failed')}${reason === null ? '' : `: ${reason}`}`,
      fix:
        fix ??
        (isSilent
          ? 'A port that does not speak TLS waits like this, and so does an application that hangs: write proxy_pass http:// for the first, restart the second.'
          : 'The line in the error log has the reason; the first command repeats the handshake.'),
      next: [...(one.port === 0 ? [] : [handshake(one)]), errorLines(one), open(one)],
    };
  },
  hangs: (one) => {
    const owner = ownerOf(one);
    if (one.judged.subject.is === 'nginx') return workersStopped(one);
    const loss = lossOf(one.finding.evidence);
    if (loss !== null) return packetsLost(one, loss);
    const isStopped = peerOf(one)?.tcp?.serving.some((each) => each.isStopped) === true || peerOf(one)?.unix?.isStopped;
    return {
      what: isStopped
        ? `the application behind ${one.name} ${when(one, 'is stopped (SIGSTOP): it takes connections and answers', 'was stopped (SIGSTOP): it took connections and answered')} none`
        : `${one.name} ${when(one, 'takes connections and does', 'took connections and did')} not answer in time`,
      fix: isStopped
        ? 'Let it continue (kill -CONT), or restart it.'
        : 'It hangs, or all its workers are busy (php-fpm: pm.max_children): check what it waits for, restart it if it hangs. If single requests may take this long, raise proxy_read_timeout.',
      next: [
        ...(isStopped && owner?.pid != null ? [`kill -CONT ${owner.pid}`] : []),
        listenerCommand(one),
        ...processState(owner),
        // Seen in the socket table: nginx has no line yet.
        ...lookAfter(owner, failuresOf(one, 'read_timeout')?.message === '' ? open(one) : errorLines(one)),
        ...restart(owner, 'if it hangs'),
      ],
    };
  },
  breaks_after_connect: (one) => {
    const owner = ownerOf(one);
    const isFormat = failuresOf(one, 'bad_response') !== null;
    return {
      what: isFormat
        ? `${one.name} ${when(one, 'answers in a way that nginx cannot', 'answered in a way that nginx could not')} use`
        : `${one.name} ${when(one, 'takes connections and breaks them before the answer is', 'took connections and broke them before the answer was')} complete`,
      fix: isFormat
        ? 'If the port speaks another protocol (TLS, gRPC, FastCGI), change the *_pass. If a header is too big, raise proxy_buffer_size.'
        : 'The application crashes at these requests, is being deployed, or closes idle connections earlier than nginx (keepalive_timeout): its log says which.',
      next: [errorLines(one), ...lookAfter(owner, listenerCommand(one)), ...processState(owner)],
    };
  },
  application_error: (one) => {
    const owner = ownerOf(one);
    const statuses = peerOf(one)?.answers?.statuses.join(', ') ?? '5xx';
    const [log] = one.facts.nginx.accessLogs;
    const { nginx } = one.facts;
    const lines =
      log === undefined
        ? []
        : [withFiles(nginx, nginx.sharesFiles, (at) => `grep ' 5[0-9][0-9] ' ${at(log)} | tail -n 3`)];
    return {
      what: `the application behind ${one.name} ${when(one, 'answers', 'answered')} ${statuses} itself: nginx and the network ${when(one, 'work', 'worked')}`,
      fix: "The application's own log has the reason.",
      next: [
        ...lines,
        ...lookAfter(owner, one.home === null ? open(one) : inside(one.home, `ss -Hltnp 'sport = :${one.port}'`)),
      ],
    };
  },
};
