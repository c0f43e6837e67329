/** Names found in a log, by number. Interned by their bytes, so that a known name costs no string and no garbage. */
export interface Names {
  /** The number of the name in bytes `[start, end)`. */
  idOf(bytes: DataView, start: number, end: number): number;
  /** Invalid UTF-8 reads as U+FFFD. The text is a copy: it pins no chunk. */
  text(id: number): string;
  /** To be called between lines: empties a table that is full, and all numbers given before become invalid. */
  makeRoom(): void;
  /** Grows when the numbers given before have become invalid. */
  generation(): number;
}

const slots = 16_384;
/** Emptied when a quarter is taken: addresses in a log are few unless someone makes them many. */
const capacity = slots / 4;
const longestName = 512;

/** Of the length and the last eight bytes: where names of one log differ. Four bytes are read as one number. */
function hashOf(bytes: DataView, start: number, end: number): number {
  let hash = end - start;
  if (hash >= 8) {
    hash ^= Math.imul(bytes.getInt32(end - 8, true), 0x9e3779b1) ^ bytes.getInt32(end - 4, true);
    hash = Math.imul(hash, 0x85ebca6b);
  } else for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + bytes.getUint8(i);
  return hash ^ (hash >>> 15);
}

/** Whether two pieces of `length` bytes are the same. */
function isSame(a: DataView, i: number, b: DataView, j: number, length: number): boolean {
  const last = length - 4;
  if (last < 0) {
    for (let k = 0; k < length; k++) if (a.getUint8(i + k) !== b.getUint8(j + k)) return false;
    return true;
  }
  for (let k = 0; k < last; k += 4) if (a.getInt32(i + k, true) !== b.getInt32(j + k, true)) return false;
  return a.getInt32(i + last, true) === b.getInt32(j + last, true);
}

export function createNames(): Names {
  const table = new Int32Array(slots).fill(-1);
  const hashes = new Int32Array(slots);
  /** The bytes of name `id` are `pool[starts[id], starts[id + 1])`. */
  const starts = new Int32Array(slots + 1);
  let pool = new DataView(new ArrayBuffer(16_384));
  let texts: string[] = [];
  let generation = 0;

  const add = (slot: number, hash: number, name: Buffer): number => {
    const id = texts.length;
    // One line can add `maxAttempts` names and more; the table has room for several such lines past its capacity.
    if (id >= slots - 1) return 0;
    const from = starts[id] as number;
    if (from + name.length > pool.byteLength) {
      const larger = Buffer.alloc(2 * pool.byteLength);
      larger.set(new Uint8Array(pool.buffer));
      pool = new DataView(larger.buffer);
    }
    new Uint8Array(pool.buffer).set(name, from);
    starts[id + 1] = from + name.length;
    table[slot] = id;
    hashes[id] = hash;
    texts.push(name.toString());
    return id;
  };

  return {
    idOf(bytes, start, end) {
      const length = Math.min(end - start, longestName);
      const hash = hashOf(bytes, start, start + length);
      let slot = hash & (slots - 1);
      for (let id = table[slot] as number; id !== -1; id = table[slot] as number) {
        const from = starts[id] as number;
        if (
          hashes[id] === hash &&
          (starts[id + 1] as number) - from === length &&
          isSame(pool, from, bytes, start, length)
        )
          return id;
        slot = (slot + 1) & (slots - 1);
      }
      return add(slot, hash, Buffer.from(bytes.buffer, bytes.byteOffset + start, length));
    },
    text: (id) => texts[id] ?? '',
    makeRoom() {
      if (texts.length < capacity) return;
      table.fill(-1);
      texts = [];
      generation++;
    },
    generation: () => generation,
  };
}
