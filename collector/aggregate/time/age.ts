/** Zones differ by quarters of an hour: what is left of a difference of wall clocks is the line's age. */
const zoneStep = 900;
/** A line may come from a clock that is a little ahead. */
const ahead = 60;

/**
 * How many seconds ago a line was written. nginx writes its own local time without a zone, and its zone need not be
 * the plugin's (containers), so the age is known up to the difference of zones; lines older than ten minutes are never
 * read (longestAbsenceMs).
 *
 * @param wallSecond as nginx wrote it (parse/wall-clock.ts); -1 when the line has no time: it is of now
 * @param nowSecond the plugin's wall clock, UTC
 */
export function ageOf(wallSecond: number, nowSecond: number): number {
  if (wallSecond < 0) return 0;
  const rest = (((nowSecond - wallSecond) % zoneStep) + zoneStep) % zoneStep;
  return rest > zoneStep - ahead ? 0 : rest;
}

/** Older lines enter counters only. */
export const oldestInWindows = 119;
