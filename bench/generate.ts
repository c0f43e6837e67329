/** Access-log lines as a busy proxy writes them, the same ones every time: about 200 bytes, with lists of attempts. */

/** The log_format of the lines. */
export const format =
  '$remote_addr [$time_local] "$request" $status $body_bytes_sent "$http_user_agent" rt=$request_time ' +
  'up=$proxy_host ua="$upstream_addr" us="$upstream_status" uct="$upstream_connect_time" ' +
  'uht="$upstream_header_time" urt="$upstream_response_time"';

const upstreams = 5;
const peersPerUpstream = 10;

/** Park and Miller's generator: small, and the same everywhere. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const seconds = (ms: number): string => `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}`;

/** `count` lines, from the same seed always the same: 90 % answered at once, the others retried, refused or late. */
export function lines(count: number, seed = 1): string {
  const below = randomNumbers(seed);
  const parts: string[] = [];
  for (let i = 0; i < count; i++) parts.push(line(below));
  return `${parts.join('\n')}\n`;
}

function line(below: (limit: number) => number): string {
  const upstream = below(upstreams);
  const peer = () => `10.0.${upstream}.${1 + below(peersPerUpstream)}:8080`;
  const fate = below(1000);
  const tries = fate < 60 ? 2 : fate < 65 ? 3 : 1;
  const failsAll = fate >= 990;
  const peers: string[] = [];
  const [statuses, connects, headers, responses]: [string[], string[], string[], string[]] = [[], [], [], []];
  for (let i = 0; i < tries; i++) {
    const refused = failsAll || i < tries - 1;
    const connect = below(3) === 0 ? 0 : below(20) === 0 ? 20 + below(300) : 1 + below(3);
    const header = connect + 1 + below(60);
    peers.push(peer());
    statuses.push(refused ? '502' : '200');
    connects.push(refused ? '-' : seconds(connect));
    headers.push(refused ? '-' : seconds(header));
    responses.push(seconds(refused ? 0 : header + below(5)));
  }
  const total = seconds(10 + below(400));
  const minute = String(below(60)).padStart(2, '0');
  return (
    `192.0.2.${below(254)} [22/Nov/2026:07:${minute}:00 +0000] "GET /api/v1/items/${below(100_000)} HTTP/1.1" ` +
    `${failsAll ? 502 : 200} ${100 + below(9000)} "curl/7.88.${below(9)}" rt=${total} up=app${upstream} ` +
    `ua="${peers.join(', ')}" us="${statuses.join(', ')}" uct="${connects.join(', ')}" ` +
    `uht="${headers.join(', ')}" urt="${responses.join(', ')}"`
  );
}
