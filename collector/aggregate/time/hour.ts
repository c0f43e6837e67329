/** How often something happened in the hour before, as a share: what is usual here. */
import { madeAt } from '../../base/collections.ts';
export interface HourShare {
  add(minute: number, of: number, part: number): void;
  /** Of the hour before the last two minutes; 0 when nothing is known of it. */
  usual(minute: number): number;
}

const minutes = 60;
/** What is checked now is not part of what is usual. */
const recent = 2;

export function createHourShare(): HourShare {
  const slots = new Map<number, { of: number; part: number }>();
  return {
    add(minute, of, part) {
      if (of === 0 && part === 0) return;
      const slot = madeAt(slots, minute, () => ({ of: 0, part: 0 }));
      slot.of += of;
      slot.part += part;
      for (const old of slots.keys()) {
        if (old > minute - minutes - recent) break;
        slots.delete(old);
      }
    },
    usual(minute) {
      let of = 0;
      let part = 0;
      for (const [at, slot] of slots) {
        if (at > minute - recent) continue;
        of += slot.of;
        part += slot.part;
      }
      return of === 0 ? 0 : part / of;
    },
  };
}
