const minuteUs = 60_000_000;

export interface Recent {
  readonly lastMinute: number;
  readonly minuteBefore: number;
}

/** How much a running total grew within the last minute, and within the minute before that. To be called every tick. */
export function createRecent(): (nowUs: number, total: number) => Recent {
  /** Oldest first, one per change; the first is what was so two minutes ago. */
  let history: { readonly atUs: number; readonly total: number }[] = [];

  return (nowUs, total) => {
    if (history.at(-1)?.total !== total) history.push({ atUs: nowUs, total });
    const at = (timeUs: number) => history.filter(({ atUs }) => atUs <= timeUs).at(-1) ?? history[0];
    const minuteAgo = at(nowUs - minuteUs)?.total ?? total;
    const twoAgo = at(nowUs - 2 * minuteUs);
    if (twoAgo !== undefined) history = history.slice(history.indexOf(twoAgo));
    return { lastMinute: total - minuteAgo, minuteBefore: minuteAgo - (twoAgo?.total ?? minuteAgo) };
  };
}
