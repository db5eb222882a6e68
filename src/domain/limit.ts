/** Thrown by `within`; the work itself may still come to an end, unseen. */
export class TimeLimit extends Error {
  override readonly name = "TimeLimit";
}

/** The value of `work`, or `TimeLimit` after `limitMs`: D1 and Queues have been seen to stall for a minute. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeLimit(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
