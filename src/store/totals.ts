import type { Total } from "../domain/total.ts";

const unit = 1_000_000n;

/** Adds to the totals: ?1 holds what; `guard` is a condition for writing at all. */
export const addTotals = (guard: string) => `
  insert into totals (dimension, at, source_id, value, currency, state, actions, payout_units, payout_micros, amount_units, amount_micros)
  select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    cast(value ->> 7 as integer), cast(value ->> 8 as integer), cast(value ->> 9 as integer), cast(value ->> 10 as integer)
  from json_each(?1) where ${guard}
  on conflict (dimension, at, source_id, value, currency, state) do update set
    actions = actions + excluded.actions,
    payout_units = payout_units + excluded.payout_units, payout_micros = payout_micros + excluded.payout_micros,
    amount_units = amount_units + excluded.amount_units, amount_micros = amount_micros + excluded.amount_micros`;

/** A total as `addTotals` takes it. */
export function cellsOf({ dimension, at, sourceId, value, currency, state, actions, payout, amount }: Total): (string | number)[] {
  const parts = [payout, amount].flatMap((micros) => [micros / unit, micros % unit].map(String));
  return [dimension, at, sourceId, value, currency, state, actions, ...parts];
}
