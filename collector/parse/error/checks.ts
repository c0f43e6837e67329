/**
 * Peers that active health checks of modules and of Lua's libraries take out of rotation: an ejection, as nginx's own. Each
 * message is the module's from its first word to its last: no client's text is in it.
 */
const ejections: readonly RegExp[] = [
  // nginx_upstream_check_module, Tengine
  /^disable check peer: (\S+)$/,
  // ngx_dynamic_healthcheck
  /^\[(?:http|stream)\] \S+: \S+ addr=(\S+) down$/,
  // lua-resty-upstream-healthcheck
  /^\[lua\] healthcheck\.lua:\d+: (?:\w+\(\): )?healthcheck: peer (\S+) is turned down after \d+ failure\(s\)(?: in upstream \S+)?$/,
  // lua-resty-healthcheck, of Kong and APISIX: the count that reaches its limit
  /^\[lua\] healthcheck\.lua:\d+: (?:\w+\(\): )?\[healthcheck\] \(\S+\) unhealthy [A-Z]+ increment \((?<count>\d+)\/\k<count>\) for '[^'\s()]*\((?<peer>[^'\s()]+)\)'$/,
];

/** The peer that a check has taken out of rotation, or null. */
export function ejectedPeer(message: string): string | null {
  // Most messages are known to be none by their first letter.
  if (message[0] !== 'd' && message[0] !== '[') return null;
  const end = message.trimEnd();
  const found = ejections.map((each) => each.exec(end)).find((match) => match !== null);
  return found?.groups?.['peer'] ?? found?.[1] ?? null;
}
