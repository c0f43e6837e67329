/** HTTP GET as the sources see it: bounded in time and size, on connections kept alive, never throwing. */
import * as http from 'node:http';
import * as https from 'node:https';

export interface HttpTarget {
  readonly secure: boolean;
  /** What the Host header says, with a port where the URL has one. */
  readonly authority: string;
  readonly path: string;
  /** Where to connect: a unix socket, or a host and its port. */
  readonly connect: { readonly socketPath: string } | { readonly host: string; readonly port: number };
}

/** What came back. `error` is the system's code (`ECONNREFUSED`, `DEPTH_ZERO_SELF_SIGNED_CERT`, …). */
export type HttpAnswer =
  | { readonly is: 'answer'; readonly status: number; readonly location: string; readonly body: string }
  | { readonly is: 'failed'; readonly error: string }
  | { readonly is: 'late' };

export interface HttpClient {
  /**
   * Asks once; `done` is called once, later, at the latest after `timeoutMs`. A body is read up to 16 KiB, the rest is
   * not waited for.
   */
  get(target: HttpTarget, timeoutMs: number, done: (answer: HttpAnswer) => void): void;
  /** Closes what is kept alive; `done` of a request under way is not called any more. */
  close(): void;
}

const longestBody = 16_384;

/** One connection to each server, kept open: asking every second must not make a TIME-WAIT and a handshake a second. */
export function createHttpClient(): HttpClient {
  const plain = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const secure = new https.Agent({ keepAlive: true, maxSockets: 1 });
  let closed = false;

  const get: HttpClient['get'] = (target, timeoutMs, done) => {
    let settled = false;
    const settle = (answer: HttpAnswer) => {
      if (settled || closed) return;
      settled = true;
      clearTimeout(deadline);
      done(answer);
    };
    const giveUp = () => {
      settle({ is: 'late' });
      request.destroy();
    };
    // A deadline for everything: Node's own timeout starts anew with every byte, and a slow page would pass it. Timers
    // come before sockets in Node's loop: on a busy machine the answer may be there already, so that is read first.
    const deadline = setTimeout(() => setImmediate(giveUp), timeoutMs);
    let request = send(true);

    function send(mayRetry: boolean): http.ClientRequest {
      const call = (target.secure ? https : http).request(options(target), (response) => read(response, settle));
      call.on('error', (error: NodeJS.ErrnoException) => {
        // The server closed a kept connection just as it was used (Node: ClientRequest.reusedSocket): ask once more.
        if (mayRetry && !settled && !closed && call.reusedSocket && error.code === 'ECONNRESET') request = send(false);
        else settle({ is: 'failed', error: error.code ?? error.message });
      });
      call.end();
      return call;
    }
  };

  function options({ secure: tls, authority, path, connect }: HttpTarget): https.RequestOptions {
    const base = { method: 'GET', path, headers: { Host: authority, 'User-Agent': 'nginx-upstream.plugin' } };
    if ('socketPath' in connect)
      return { ...base, agent: tls ? secure : plain, socketPath: connect.socketPath, rejectUnauthorized: false };
    const { host, port } = connect;
    // A host need not prove to itself who it is, and the certificate is for the public name.
    const rejectUnauthorized = !/^(localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);
    return {
      ...base,
      agent: tls ? secure : plain,
      host,
      port,
      rejectUnauthorized,
      autoSelectFamily: true,
    } as https.RequestOptions;
  }

  return {
    get,
    close() {
      closed = true;
      plain.destroy();
      secure.destroy();
    },
  };
}

function read(response: http.IncomingMessage, settle: (answer: HttpAnswer) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  const end = () =>
    settle({
      is: 'answer',
      status: response.statusCode ?? 0,
      location: response.headers.location ?? '',
      body: Buffer.concat(parts).toString('latin1'),
    });
  response.on('data', (bytes: Buffer) => {
    parts.push(bytes);
    length += bytes.length;
    if (length <= longestBody) return;
    end();
    response.destroy();
  });
  response.on('end', end);
  response.on('error', (error: NodeJS.ErrnoException) => settle({ is: 'failed', error: error.code ?? error.message }));
}
