/** Names found in a log, by number. Interned by their bytes, so that a known name costs no string and no garbage. */
export interface Names {
  /** The number of the name in `bytes[start, end)`. `hash` is `hashOf` of the same bytes. */
  idOf(bytes: Uint8Array, start: number, end: number, hash: number): number;
  /** Invalid UTF-8 reads as U+FFFD. The text is a copy: it pins no chunk. */
  text(id: number): string;
  /** To be called between lines: empties a table that is full, and all numbers given before become invalid. */
  makeRoom(): void;
  /** Grows when the numbers given before have become invalid. */
  generation(): number;
}

/** One step of the hash that `idOf` wants: start with 0 and feed every byte. */
export function hashStep(hash: number, byte: number): number {
  return (Math.imul(hash, 31) + byte) | 0;
}

const slots = 16_384;
/** Emptied when a quarter is taken: addresses in a log are few unless someone makes them many. */
const capacity = slots / 4;
const longestName = 512;

export function createNames(): Names {
  const table = new Int32Array(slots).fill(-1);
  const hashes = new Int32Array(slots);
  /** The bytes of name `id` are `pool[starts[id], starts[id + 1])`. */
  const starts = new Int32Array(slots + 1);
  let pool = new Uint8Array(16_384);
  let texts: string[] = [];
  let generation = 0;

  const isName = (id: number, bytes: Uint8Array, start: number, length: number): boolean => {
    const from = starts[id] as number;
    if ((starts[id + 1] as number) - from !== length) return false;
    const known = pool;
    for (let i = 0; i < length; i++) if (known[from + i] !== bytes[start + i]) return false;
    return true;
  };

  const add = (slot: number, hash: number, name: Uint8Array): number => {
    const id = texts.length;
    // One line can add `maxAttempts` names and more; the table has room for several such lines past its capacity.
    if (id >= slots - 1) return 0;
    const from = starts[id] as number;
    if (from + name.length > pool.length) {
      const larger = new Uint8Array(2 * pool.length);
      larger.set(pool);
      pool = larger;
    }
    pool.set(name, from);
    starts[id + 1] = from + name.length;
    table[slot] = id;
    hashes[id] = hash;
    texts.push(Buffer.from(name).toString());
    return id;
  };

  return {
    idOf(bytes, start, end, hash) {
      const length = Math.min(end - start, longestName);
      let slot = (hash ^ (hash >>> 14)) & (slots - 1);
      for (let id = table[slot] as number; id !== -1; id = table[slot] as number) {
        if (hashes[id] === hash && isName(id, bytes, start, length)) return id;
        slot = (slot + 1) & (slots - 1);
      }
      return add(slot, hash, bytes.subarray(start, start + length));
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
