/** What a file holds that is no text in UTF-8, by its first bytes. Pure. */

export interface Content {
  /** `is compressed with xz` */
  readonly what: string;
  /** The command that makes text of FILE. */
  readonly convert: string;
  /** The command that makes text of FILE and hands it to this one: `report -`. */
  readonly remedy: (command: string) => string;
}

/** What packs a log, and what unpacks it. This Node may not know zstd (22.15 and newer do). */
const magics: readonly (readonly [bytes: readonly number[], what: string, unpack: string])[] = [
  [[0x1f, 0x8b], 'gzip', 'gzip -dc'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'xz', 'xz -dc'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'zstd', 'zstd -dc'],
  [[0x42, 0x5a, 0x68], 'bzip2', 'bzip2 -dc'],
  [[0x04, 0x22, 0x4d, 0x18], 'lz4', 'lz4 -dc'],
  [[0x1f, 0x9d], 'compress', 'zcat'],
  [[0x50, 0x4b, 0x03, 0x04], 'zip', 'unzip -p'],
];

/** Of western text in UTF-16 every other byte is NUL; a run of NULs is what copytruncate leaves. */
function encodingOf(head: Buffer): string | null {
  const sample = head.subarray(0, 1024);
  const half = sample.length / 2;
  if (half < 4) return null;
  const zerosAt = (parity: number): number => sample.filter((byte, at) => byte === 0 && at % 2 === parity).length;
  const [even, odd] = [zerosAt(0), zerosAt(1)];
  if (odd > 0.8 * half && even < 0.2 * half) return 'UTF-16LE';
  return even > 0.8 * half && odd < 0.2 * half ? 'UTF-16BE' : null;
}

/** Where the first header of a tar archive says that it is one. */
const tarMark = 257;
const isTar = (head: Buffer): boolean => head.toString('latin1', tarMark, tarMark + 5) === 'ustar';

/** null: nothing that is known by its first bytes. */
export function contentOf(head: Buffer): Content | null {
  const encoding = encodingOf(head);
  if (encoding !== null) {
    const convert = `iconv -f ${encoding} -t UTF-8 FILE`;
    return {
      what: `is ${encoding} text`,
      convert,
      remedy: (command) => `convert it on the way: ${convert} | nginx-upstream ${command}`,
    };
  }
  if (isTar(head)) return packedBy('is a tar archive', 'tar -xOf FILE');
  const packed = magics.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
  if (packed === undefined) return null;
  const [, what, unpack] = packed;
  return packedBy(`is compressed with ${what}`, `${unpack} FILE`);
}

const packedBy = (what: string, convert: string): Content => ({
  what,
  convert,
  remedy: (command) => `unpack it on the way: ${convert} | nginx-upstream ${command}`,
});
