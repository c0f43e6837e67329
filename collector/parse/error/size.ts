/**
 * nginx cuts a line at the end of its buffer, anywhere, also inside a UTF-8 sequence (src/core/ngx_log.h:
 * NGX_MAX_ERROR_STR is 2048 with the line feed; OpenResty's larger_max_error_str patch makes it 4096).
 */
const cutLengths = [2047, 4095] as const;
export const longestRecord = 4095;
/** With the line feed. */
export const recordReach = longestRecord + 1;

/** A length in bytes, as a range. */
export interface ByteLength {
  readonly least: number;
  readonly most: number;
}

/**
 * The length of the text in UTF-8 bytes, as a range: a U+FFFD stands for one to three bytes that were no UTF-8, or for
 * itself.
 */
export function byteLength(text: string): ByteLength {
  let least = 0;
  let most = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0xfffd) {
      least += 1;
      most += 3;
    } else {
      const size = unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
      least += size;
      most += size;
    }
  }
  return { least, most };
}

/** Whether nginx cut the line at the end of its buffer. */
export function isBufferCut(line: string): boolean {
  // One UTF-16 unit is at most three bytes: most lines are decided here.
  if (line.length * 3 < cutLengths[0] || line.length > longestRecord) return false;
  return isCutLength(byteLength(line));
}

/** Whether a record may be so long because nginx cut it, without its line feed. */
export function isCutLength({ least, most }: ByteLength): boolean {
  return cutLengths.some((length) => least <= length && length <= most);
}
