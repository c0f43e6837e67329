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
  const bytesOf: Uint8Array[] = [];
  const texts: string[] = [];
  let generation = 0;

  return {
    idOf(bytes, start, end, hash) {
      const stop = Math.min(end, start + longestName);
      let slot = (hash ^ (hash >>> 14)) & (slots - 1);
      for (let id = table[slot] as number; id !== -1; id = table[slot] as number) {
        if (hashes[id] === hash && same(bytesOf[id] as Uint8Array, bytes, start, stop)) return id;
        slot = (slot + 1) & (slots - 1);
      }
      const id = texts.length;
      // One line can add `maxAttempts` names and more; the table has room for several such lines past its capacity.
      if (id >= slots - 1) return 0;
      const own = new Uint8Array(bytes.subarray(start, stop));
      table[slot] = id;
      hashes[id] = hash;
      bytesOf.push(own);
      texts.push(Buffer.from(own).toString());
      return id;
    },
    text: (id) => texts[id] ?? '',
    makeRoom() {
      if (texts.length < capacity) return;
      table.fill(-1);
      bytesOf.length = 0;
      texts.length = 0;
      generation++;
    },
    generation: () => generation,
  };
}

function same(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
