/** One figure of several rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Median, least and largest. Throws when there is nothing to look at. */
export function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: percentile(sorted, 50), min: sorted[0] as number, max: sorted.at(-1) as number };
}

/** The value below which `percent` of the sorted values lie: for 50 of an even number, the mean of the two in the middle. */
export function percentile(sorted: number[], percent: number): number {
  if (sorted.length === 0) throw new Error("there are no values");
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** How many times `ones` is `others`, round by round: neighbours in time are compared, so that a slow minute counts for both. */
export function ratios(ones: number[], others: number[]): Spread {
  return spread(ones.map((one, round) => one / (others[round] as number)));
}
