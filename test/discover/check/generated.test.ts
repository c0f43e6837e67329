import { expect, test } from 'vitest';
import { finding } from '../../../collector/discover/check/finding.ts';
import { generatedRemedy, generatorOf } from '../../../collector/discover/check/rules/generated.ts';
import { wordFinding } from '../../../collector/discover/check/words/wording.ts';
import { readLogFormat } from '../../../collector/parse/access/format/log-format.ts';

const lua = { method: 'balancer_by_lua_block' };
const plain = { method: 'round_robin' };

test.each([
  ['ingress-nginx', [{ name: 'upstream_balancer', ...lua }]],
  ['Kong', [{ name: 'kong_upstream', ...lua }]],
  [
    'APISIX',
    [
      { name: 'other', ...plain },
      { name: 'apisix_backend', ...lua },
    ],
  ],
  [null, [{ name: 'upstream_balancer', ...plain }]],
  [null, [{ name: 'shop', ...lua }]],
  [null, [{ name: 'constructor', ...lua }]],
  [null, []],
] as const)('%s', (generator, upstreams) => {
  expect(generatorOf(upstreams)).toBe(generator);
});

const at = { file: '/etc/nginx/nginx.conf', line: 5 };
const codes = [
  'log_format_without_upstream',
  'error_log_hides_refusals',
  'access_log_off',
  'log_conditional',
  'stub_status_missing',
  'stub_status_elsewhere',
] as const;

test.each(codes)('%s of ingress-nginx: the ConfigMap is changed, not the file', (code) => {
  const { remedy } = wordFinding(finding(code, 'x', at, { generator: 'ingress-nginx', nginx: 'crictl exec ab nginx' }));
  expect(remedy).toMatch(/ConfigMap/);
  expect(remedy).not.toMatch(/nginx\.conf:5|crictl|Replace the/);
  expect(wordFinding(finding(code, 'x', at, { generator: '' })).remedy).not.toMatch(/ConfigMap|kubectl/);
});

test.each(['ingress-nginx', 'Kong', 'APISIX'] as const)('the format that is printed for %s is one', (generator) => {
  const remedy = generatedRemedy('log_format_without_upstream', { generator }) ?? '';
  const [, text = ''] = /'(\$remote_addr.*)'/.exec(remedy) ?? [];
  const format = readLogFormat(text);
  expect('problem' in format).toBe(false);
  for (const name of ['upstream_connect_time', 'upstream_addr', 'status']) expect(text).toContain(`$${name}`);
  expect(text).toContain(generator === 'ingress-nginx' ? '$proxy_upstream_name' : '$proxy_host');
});

test('a finding that is not about the file keeps its remedy', () => {
  expect(generatedRemedy('log_unreadable', { generator: 'ingress-nginx' })).toBe(null);
});
