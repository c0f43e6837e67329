/** One source for two readers: nginx sends both its logs to one socket, or to the journal. */
import { nothingRead, type Source, type SourceReading } from './source.ts';

export interface SharedSource {
  /**
   * The source as one of its readers sees it: polled by the one that came first, failing for both, closed with the last.
   *
   * @param onClose this reader wants no more lines
   */
  attach(onClose: () => void): Source;
}

export function shareSource(source: Source, onLastClose: () => void): SharedSource {
  const readers: object[] = [];
  let last = nothingRead;

  return {
    attach(onClose) {
      const reader = {};
      readers.push(reader);
      const isFirst = () => readers[0] === reader;
      /** What was reported by the reader that was first before. */
      let told: SourceReading | null = null;
      return {
        name: source.name,
        poll() {
          // Losses, bytes and events are those of the source, not of each reader: reported once.
          if (!isFirst()) return { ...nothingRead, problem: last.problem };
          told ??= last;
          last = source.poll();
          return { ...last, lost: last.lost - told.lost, bytes: last.bytes - told.bytes };
        },
        ...(source.mark === undefined ? {} : { mark: source.mark }),
        close() {
          const at = readers.indexOf(reader);
          if (at < 0) return;
          readers.splice(at, 1);
          onClose();
          if (readers.length > 0) return;
          source.close();
          onLastClose();
        },
      };
    },
  };
}
