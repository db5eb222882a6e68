import { expect, test } from "vitest";
function busy() { let x = 0; for (let i = 0; i < 9e9; i++) { x = (x + i) | 0; } return x; }
test("sync", () => { expect(busy()).not.toBe(5.5); });
test("async", async () => { const t0 = Date.now(); expect(busy()).not.toBe(5.5); const t1 = Date.now(); await new Promise((r) => setTimeout(r, 0)); console.log(t1 - t0, Date.now() - t0); });
const files = import.meta.glob<{ a: number }>("./*.test.ts", { eager: false });
test("glob", () => { console.log(Object.keys(files)); });
