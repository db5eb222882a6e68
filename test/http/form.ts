import { call } from "../kit.ts";
import { asOperator } from "./ask.ts";

/** Asks for a page as a browser would, with the operator's token for a session. */
export async function visit(path: string, cookies = ""): Promise<{ status: number; text: string }> {
  const response = await call(path, { headers: { ...asOperator, accept: "text/html", ...(cookies ? { cookie: cookies } : {}) } });
  return { status: response.status, text: await response.text() };
}

/** Sends a form as a browser without scripts would. `cookies` are what the answer sets. */
export async function submit(path: string, fields: Record<string, string>) {
  const headers = { ...asOperator, accept: "text/html", "content-type": "application/x-www-form-urlencoded" };
  const body = new URLSearchParams(fields).toString();
  const response = await call(path, { method: "POST", headers, body, redirect: "manual" });
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return { status: response.status, to: response.headers.get("location"), cookies: cookies.join("; "), text: await response.text() };
}

/** What the form of a page would send as it stands. */
export async function fieldsOf(text: string): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  let [area, select] = ["", ""];
  const unescaped = (value: string) =>
    value.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name as string] ?? "");
  const rewriter = new HTMLRewriter()
    .on("main form input[name]", {
      element: (input) => {
        const isBox = input.getAttribute("type") === "checkbox";
        if (!isBox || input.hasAttribute("checked"))
          fields[input.getAttribute("name") as string] = isBox ? "on" : unescaped(input.getAttribute("value") ?? "");
      },
    })
    .on("main form textarea", {
      element: (one) => {
        area = one.getAttribute("name") as string;
        fields[area] = "";
      },
      text: (chunk) => {
        fields[area] = unescaped((fields[area] ?? "") + chunk.text);
      },
    })
    .on("main form select", {
      element: (one) => {
        select = one.getAttribute("name") as string;
      },
    })
    .on("main form select option", {
      element: (option) => {
        if (fields[select] === undefined || option.hasAttribute("selected")) fields[select] = unescaped(option.getAttribute("value") ?? "");
      },
    });
  await rewriter.transform(new Response(text)).text();
  for (const [name, value] of Object.entries(fields)) fields[name] = value.replace(/^\n/, ""); // HTML drops it after <textarea>
  return fields;
}
