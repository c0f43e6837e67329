/** Names found in a log, by number. Interned by their bytes, so that a known name costs no string and no garbage. */
export interface Names {
  /** The number of the name in bytes `[start, end)`. */
  idOf(bytes: DataView, start: number, end: number): number;
  /** Invalid UTF-8 reads as U+FFFD. The text is a copy: it pins no chunk. */
  text(id: number): string;
  /** Whether it has the form of a peer: `host:port`, `[v6]:port`, `unix:path`, or a word, as a group's name is. */
  isPeer(id: number): boolean;
  /** Whether it has the form of what `$proxy_host` says: no blank, quote or slash. */
  isHost(id: number): boolean;
  /** To be called between lines: empties a table that is full, and all numbers given before become invalid. */
  makeRoom(): void;
  /** Grows when the numbers given before have become invalid. */
  generation(): number;
}

const slots = 16_384;
/** Emptied when a quarter is taken: addresses in a log are few unless someone makes them many. */
const capacity = slots / 4;
const longestName = 512;

const peerForm = /^(?:\[[0-9A-Fa-f:.]{2,45}\]:\d{1,5}|unix:[^",]+|[^\s"/,:;()[\]]+(?::\d{1,5})?)$/;
const hostForm = /^(?:unix:\S+|[^\s"/,;()]+)$/;

/** Of the length and the last eight bytes: where names of one log differ. Four bytes are read as one number. */
function hashOf(bytes: DataView, start: number, end: number): number {
  let hash = end - start;
  if (hash >= 8) {
    hash ^= Math.imul(bytes.getInt32(end - 8, true), 0x9e3779b1) ^ bytes.getInt32(end - 4, true);
    hash = Math.imul(hash, 0x85ebca6b);
  } else for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes.getUint8(i)) | 0;
  return hash ^ (hash >>> 15);
}

/** Up to three bytes as one number. */
function shortWord(bytes: DataView, start: number, length: number): number {
  let word = 0;
  for (let i = start + length - 1; i >= start; i--) word = (word << 8) | bytes.getUint8(i);
  return word;
}

export function createNames(): Names {
  const table = new Int32Array(slots).fill(-1);
  const hashes = new Int32Array(slots);
  const lengths = new Int32Array(slots);
  /** The bytes of name `id` as words, from `pool[starts[id]]` on; the last one overlaps the one before. */
  const starts = new Int32Array(slots + 1);
  let pool = new Int32Array(4096);
  let texts: string[] = [];
  /** 1 for a peer, 2 for a host. */
  const forms = new Uint8Array(slots + 1);
  let generation = 0;

  const isName = (id: number, bytes: DataView, start: number, length: number): boolean => {
    const words = pool;
    let word = starts[id] as number;
    const last = length - 4;
    if (last < 0) return words[word] === shortWord(bytes, start, length);
    for (let at = 0; at < last; at += 4) if (bytes.getInt32(start + at, true) !== words[word++]) return false;
    return bytes.getInt32(start + last, true) === words[word];
  };

  const add = (slot: number, hash: number, bytes: DataView, start: number, length: number): number => {
    const id = texts.length;
    // One line can add `maxAttempts` names and more; the table has room for several such lines past its capacity.
    if (id >= slots - 1) return 0;
    let word = starts[id] as number;
    if (word + longestName / 4 > pool.length) {
      const larger = new Int32Array(2 * pool.length);
      larger.set(pool);
      pool = larger;
    }
    const last = length - 4;
    for (let at = 0; at < last; at += 4) pool[word++] = bytes.getInt32(start + at, true);
    pool[word++] = last < 0 ? shortWord(bytes, start, length) : bytes.getInt32(start + last, true);
    starts[id + 1] = word;
    table[slot] = id;
    hashes[id] = hash;
    lengths[id] = length;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString();
    texts.push(text);
    forms[id] = (peerForm.test(text) ? 1 : 0) + (hostForm.test(text) ? 2 : 0);
    return id;
  };

  return {
    idOf(bytes, start, end) {
      const length = Math.min(end - start, longestName);
      const hash = hashOf(bytes, start, start + length);
      let slot = hash & (slots - 1);
      for (let id = table[slot] as number; id !== -1; id = table[slot] as number) {
        if (hashes[id] === hash && lengths[id] === length && isName(id, bytes, start, length)) return id;
        slot = (slot + 1) & (slots - 1);
      }
      return add(slot, hash, bytes, start, length);
    },
    text: (id) => texts[id] ?? '',
    isPeer: (id) => ((forms[id] ?? 0) & 1) === 1,
    isHost: (id) => ((forms[id] ?? 0) & 2) === 2,
    makeRoom() {
      if (texts.length < capacity) return;
      table.fill(-1);
      texts = [];
      generation++;
    },
    generation: () => generation,
  };
}
