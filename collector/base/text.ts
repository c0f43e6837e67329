/** How counts, times and rights read. */

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** `07`, for clocks and dates. */
export const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** The permission bits of a file as people write them: `0640`. */
export const permissions = (bits: number): string => bits.toString(8).padStart(4, '0');

/** Capital digits, as the kernel prints them and a URL has them. */
export const hexadecimal = (value: number, digits = 2): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');
