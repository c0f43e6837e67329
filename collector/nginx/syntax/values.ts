/** nginx's number formats (src/core/ngx_parse.c). */

const seconds: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** `10`, `10s`, `1m30s`, `1h 5m` in seconds (ngx_parse_time); null when nginx would refuse it. */
export function parseSeconds(text: string): number | null {
  if (!/^\s*(\d+[smhdwMy]?\s*)+$/.test(text)) {
    return null;
  }
  let total = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([smhdwMy]?)/g)) {
    total += Number(digits) * (seconds[unit || 's'] ?? 1);
  }
  return total;
}

/** An integer without sign, or null. */
export function parseCount(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
