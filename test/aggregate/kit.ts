/** What counts of a job are made from: an error line, sources in which all is well, a plugin that costs nothing. */
import type { SourceHealth } from '../../collector/aggregate/job.ts';
import type { ErrorLine, Kind, PluginLoad } from '../../collector/model.ts';

export const fine: SourceHealth = {
  errorLogsFine: true,
  accessLogsFine: true,
  lines: { read: 0, unmatched: 0, foreign: 0, forged: 0, overlong: 0, lost: 0 },
  behindBytes: 0,
  ok: 1,
  failing: 0,
};

export const load: PluginLoad = { cpuUs: 0, residentBytes: 0, lateTicks: 0 };

export const errorLine = (kind: Kind, more: Partial<ErrorLine> = {}): ErrorLine => ({
  time: null,
  level: 'error',
  pid: 1,
  tid: 1,
  connection: 1,
  errno: 111,
  message: 'connect() failed (111: Connection refused)',
  kind,
  action: 'connecting to upstream',
  protocol: 'http',
  client: '127.0.0.1',
  server: '',
  request: 'GET / HTTP/1.1',
  subrequest: null,
  upstream: { scheme: 'http', peer: '10.0.0.1:80', uri: '/' },
  host: 'x',
  referrer: null,
  login: null,
  truncated: false,
  ...more,
});
