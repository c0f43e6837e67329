/**
 * Configurations that a controller writes: a line that is changed in the file is gone with the next change of an ingress or
 * a route. What is missing is named by the controller's own setting. Pure.
 */

import type { Upstream } from '../../../nginx/types.ts';
import { isLuaBalanced } from '../../../nginx/upstream-groups.ts';
import type { FindingCode } from '../finding.ts';
import { httpFormat, indented, publishedStatusServer, type RemedyValues } from '../words/remedies.ts';

export type Generator = 'ingress-nginx' | 'Kong' | 'APISIX';

/** Their one group, whose peers Lua chooses. */
const groups: Readonly<Record<string, Generator>> = {
  upstream_balancer: 'ingress-nginx',
  kong_upstream: 'Kong',
  apisix_backend: 'APISIX',
};

export function generatorOf(upstreams: readonly Pick<Upstream, 'name' | 'method'>[]): Generator | null {
  const found = upstreams.find((each) => isLuaBalanced(each) && Object.hasOwn(groups, each.name));
  return groups[found?.name ?? ''] ?? null;
}

/** As a value in YAML: the text of the format without its name. */
const formatText = httpFormat
  .replace(/^log_format \w+ /, '')
  .replace(/';$/, '')
  .replace(/'\s*\n\s*'/g, '')
  .replace(/^'/, '')
  .replace('host=$proxy_host', 'host=$proxy_upstream_name');

type Settings = Readonly<Record<'format' | 'level' | 'access' | 'server' | 'other', string>>;

const editConfigMap =
  'kubectl -n ingress-nginx edit configmap ingress-nginx-controller    # the name of your installation; ingress-nginx reloads automatically';

const settings: Readonly<Record<Generator, Settings>> = {
  'ingress-nginx': {
    format: `Set in the ConfigMap, under data:\n    log-format-upstream: '${formatText}'\n${editConfigMap}`,
    level: `Set in the ConfigMap, under data:\n    error-log-level: notice\n${editConfigMap}`,
    access: `Set in the ConfigMap, under data:\n    disable-access-log: "false"\n${editConfigMap}`,
    server: `Set in the ConfigMap, under data:\n    http-snippet: |\n${indented(indented(publishedStatusServer))}\n${editConfigMap}\nand name port 8099 of the pod (kubectl -n ingress-nginx get pods -o wide) as stub_status in nginx-upstream.conf`,
    other: `The file is generated from the ConfigMap and the ingresses: change it there.\n${editConfigMap}`,
  },
  Kong: {
    format: `Set in Kong's environment, and start it again:\n    KONG_NGINX_HTTP_LOG_FORMAT=nginx_upstream '${formatText.replace('$proxy_upstream_name', '$proxy_host')}'\n    KONG_PROXY_ACCESS_LOG=/dev/stdout nginx_upstream`,
    level: "Set in Kong's environment, and start it again:\n    KONG_LOG_LEVEL=notice",
    access: "Set in Kong's environment, and start it again:\n    KONG_PROXY_ACCESS_LOG=/dev/stdout",
    server:
      "The file is generated from Kong's settings: a page of stub_status needs a server block of your own template.",
    other: "The file is generated from Kong's settings: change it there (kong.conf, KONG_NGINX_…).",
  },
  APISIX: {
    format: `Set in conf/config.yaml, and reload it (apisix reload):\n    nginx_config:\n      http:\n        access_log_format: '${formatText.replace('$proxy_upstream_name', '$proxy_host')}'`,
    level: 'Set in conf/config.yaml, and reload it (apisix reload):\n    nginx_config:\n      error_log_level: notice',
    access:
      'Set in conf/config.yaml, and reload it (apisix reload):\n    nginx_config:\n      http:\n        enable_access_log: true',
    server:
      'The file is generated from conf/config.yaml: put the page into nginx_config.http_configuration_snippet there.',
    other: 'The file is generated from conf/config.yaml: change it there (nginx_config).',
  },
};

/** What a finding asks for; none of these: the line is not the file's, or no setting concerns it. */
const asked: Partial<Record<FindingCode, keyof Settings>> = {
  log_format_without_upstream: 'format',
  log_format_without_proxy_host: 'format',
  error_log_hides_refusals: 'level',
  error_log_hides_ejections: 'level',
  access_log_off: 'access',
  log_conditional: 'other',
  log_buffered: 'other',
  log_compressed: 'other',
  log_discarded: 'other',
  log_in_memory: 'other',
  stub_status_missing: 'server',
  stub_status_elsewhere: 'server',
};

/** The remedy in the controller's own terms; null where the file is an operator's own, or nothing in it has to change. */
export function generatedRemedy(code: FindingCode, { generator = '' }: RemedyValues): string | null {
  const setting = asked[code];
  return setting === undefined || !Object.hasOwn(settings, generator)
    ? null
    : settings[generator as Generator][setting];
}
