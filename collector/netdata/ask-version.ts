import { createHttpClient } from '../system/network/http.ts';

const timeoutMs = 1_000;

/** The version of the Netdata that answers on this host, for who was not started by it; undefined when none does. */
export function askNetdataVersion(port = 19_999): Promise<string | undefined> {
  const client = createHttpClient();
  const target = {
    secure: false,
    authority: `127.0.0.1:${port}`,
    path: '/api/v1/info',
    connect: { host: '127.0.0.1', port },
  };
  return new Promise((resolve) => {
    client.get(target, timeoutMs, (answer) => {
      client.close();
      const body = answer.is === 'answer' && answer.status === 200 ? answer.body : '';
      resolve(/[{,]\s*"version"\s*:\s*"(v?\d[^"]*)"/.exec(body)?.[1]);
    });
  });
}
