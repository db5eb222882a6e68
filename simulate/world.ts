/** What stands still in the simulated world: programs, currencies, partners, words. The names have the traps that real ones have. */
export interface Campaign {
  id: string;
  name: string;
  offsetMinutes: number;
  trackers: { id: string; name: string }[];
}

export interface Currency {
  code: string;
  decimals: number;
}

export const campaigns: readonly Campaign[] = [
  {
    id: "1000",
    name: "Acme Campaign",
    offsetMinutes: -420,
    trackers: [
      { id: "2240", name: "Sale" },
      { id: "4636", name: "Lead" },
    ],
  },
  { id: "10014", name: "Best Buy U.S", offsetMinutes: -420, trackers: [{ id: "17897", name: "Online Sale" }] },
  {
    id: "25619",
    name: "Base44 ",
    offsetMinutes: 480,
    trackers: [
      { id: "47269", name: "Sign Up" },
      { id: "47270", name: "Purchase" },
    ],
  },
  { id: "8882", name: 'Tom & "Jerry\'s" Ölmühle', offsetMinutes: 180, trackers: [{ id: "12340", name: "Sale + Gift" }] },
];

export const currencies: readonly Currency[] = [
  { code: "USD", decimals: 2 },
  { code: "EUR", decimals: 2 },
  { code: "JPY", decimals: 0 },
  { code: "KWD", decimals: 3 },
];

export const partner = { id: "10000", name: "Acme Partner" };

export const subIds = ["user-417", "user-418", "blog", "", "a b&c=d", "100%+1", "日本"];
export const sharedIds = ["", "", "RT-19247423", "RT-55"];
export const promoCodes = ["", "", "SUMMERSALE2024", "10%OFF"];
export const referringTypes = ["CLICK_COOKIE", "CLICK_COOKIE", "PROMOCODE", "IMPRESSION_COOKIE"];
export const reversalReasons = ["ITEM_RETURNED", "CONS_FRAUD", "ORDER_ERROR", "OTHER"];

/** The enum RejectReason of ActionInquiries, some of it. */
export const rejectReasons = [
  "This transaction has been tracked successfully",
  "Another marketing channel was credited with the sale, due to a voucher/discount code used",
  "Transaction not completed - Order cancelled, changed, or returned",
  "Other",
];
