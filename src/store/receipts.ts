import { keptHeaders, type Receipt } from "../domain/receipt.ts";
import { bytesOf, jsonOf, type Row, textOf } from "./rows.ts";

/** A receipt as it is kept: without its token, and without any header that could hold a secret. */
export type StoredReceipt = Pick<Receipt, "method" | "query" | "headers" | "ip" | "body">;

/** The columns of a receipt, in the order of `receiptCells`. */
export const receiptColumns = "method, query, headers, ip, body";

export function receiptCells(receipt: Receipt) {
  const headers = keptHeaders.flatMap((name) => (name in receipt.headers ? [[name, receipt.headers[name]]] : []));
  return [receipt.method, receipt.query, JSON.stringify(Object.fromEntries(headers)), receipt.ip, receipt.body] as const;
}

export function receiptOf(row: Row): StoredReceipt {
  return {
    method: textOf(row, "method"),
    query: textOf(row, "query"),
    headers: jsonOf(row, "headers"),
    ip: textOf(row, "ip"),
    body: bytesOf(row, "body"),
  };
}
