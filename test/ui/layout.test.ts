import { expect, test } from "vitest";
import { layout } from "../../src/ui/layout.ts";

const view = { path: "/events/evt_1", query: {}, origin: "https://edge.example", now: 0, said: null };

test.each([
  ["operational.alert_opened", "<h1>operational.<wbr>alert_<wbr>opened</h1>"],
  ["New source", "<h1>New source</h1>"],
  ["<b>a.b</b>", "<h1>&lt;b&gt;a.<wbr>b&lt;/b&gt;</h1>"],
  ["Job 1000.4636.1", "<h1>Job 1000.4636.1</h1>"],
])("the title %s may be broken where it reads well", (title, heading) => {
  const { text } = layout(view, { title, body: null });
  expect(text).toContain(heading);
  expect(text).toContain(`<title>${title.replaceAll("<", "&lt;").replaceAll(">", "&gt;")} · Postback Edge</title>`);
});
