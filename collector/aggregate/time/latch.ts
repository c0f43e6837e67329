/**
 * What has begun continues until it is over: an alert that was raised by two checks holds until a minute has passed without
 * a failure. Netdata's own `$status` cannot remember that: 2.x sets it back when a label of the chart changes
 * (docs/decisions/0211).
 */
export type Latch = (begins: boolean, goesOn: boolean) => boolean;

export function createLatch(): Latch {
  let held = false;
  return (begins, goesOn) => {
    held = begins || (held && goesOn);
    return held;
  };
}
