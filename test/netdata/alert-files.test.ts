import { describe, expect, test } from 'vitest';
import { alertFileProblem } from '../../collector/netdata/alert-files.ts';
import { adaptedAlerts } from '../support/netdata.ts';

const path = '/etc/netdata/health.d/nginx_upstream.conf';
const braced = ` info: x ${'$'}{label:upstream} y\n`;
const plain = ' info: x $label:upstream y\n';

test.each<[string, string, string | undefined, RegExp | null]>([
  ['new texts, new Netdata', braced, 'v2.11.0', null],
  ['old texts, old Netdata', plain, 'v1.37.1', null],
  ['Netdata was upgraded', plain, 'v2.10.4', /another version of Netdata.*install\.sh/],
  ['Netdata was upgraded to the first with the new form', plain, 'v1.38.0', /another version/],
  ['Netdata was replaced by an old one', braced, 'v1.37.1', /another version/],
  ['a nightly', braced, 'v2.11.0-12-nightly', null],
  ['outside Netdata', plain, undefined, null],
  ['of an earlier version of ours', '   lookup: sum -1m unaligned of refused\n', 'v2.11.0', /earlier version.*\.new/],
  ['of an earlier version, outside Netdata', '   lookup: sum -1m of refused\n', undefined, /earlier version/],
])('%s', (_name, text, version, words) => {
  const problem = alertFileProblem(path, text, version);
  if (words === null) expect(problem).toBeNull();
  else expect(problem).toMatch(words);
});

describe('what is shipped is fine where it was adapted for, and told elsewhere', () => {
  test.each(['1.37.1', '1.38.0', '2.11.0'])('%s', (version) => {
    for (const [name, text] of Object.entries(adaptedAlerts(version))) {
      expect(alertFileProblem(name, text, `v${version}`), name).toBeNull();
    }
    const other = version === '1.37.1' ? 'v2.11.0' : 'v1.37.1';
    const upstreams = adaptedAlerts(version)['nginx_upstream.conf'] ?? '';
    expect(alertFileProblem('x', upstreams, other)).toContain('another version');
  });
});
