import { type Content, type Html, html } from "./html.ts";
import type { View } from "./view.ts";

/** What a page is about. */
export interface Page {
  title: string;
  /** One sentence below the title. */
  lead?: Content;
  /** What can be done here: links and buttons, beside the title. */
  actions?: Content;
  body: Content;
}

const rooms: [path: string, name: string][] = [
  ["/overview", "Overview"],
  ["/events", "Events"],
  ["/actions", "Actions"],
  ["/reports", "Reports"],
  ["/deliveries", "Deliveries"],
  ["/destinations", "Destinations"],
  ["/sources", "Sources"],
  ["/quarantine", "Quarantine"],
  ["/reconciliations", "Reconciliation"],
  ["/alerts", "Alerts"],
  ["/settings", "Settings"],
];

/** Paths that belong to a room of another name. */
const neighbours: Record<string, string> = {
  "/presets": "/destinations",
  "/filters": "/destinations",
  "/recoveries": "/deliveries",
  "/inquiries": "/actions",
  "/tracking-value-requests": "/actions",
  "/jobs": "/actions",
  "/gaps": "/reconciliations",
  "/capture": "/reconciliations",
  "/archive": "/settings",
  "/audit": "/settings",
};

/** A whole page of the house, with its doors. */
export function layout(view: View, { title, lead, actions, body }: Page): Html {
  return bare(
    title,
    html`<header class="bar">
<a class="brand" href="/overview">Postback Edge</a>
<details class="menu"><summary>Menu</summary><nav aria-label="Pages">${doors(view)}</nav></details>
<nav class="doors" aria-label="Pages">${doors(view)}</nav>
</header>
<main id="main">
${view.said ? html`<p class="notice good" role="status">${view.said}</p>` : null}
<header class="head"><div><h1>${broken(title)}</h1>${lead ? html`<p class="lead">${lead}</p>` : null}</div>${actions ? html`<div class="actions">${actions}</div>` : null}</header>
${body}
</main>`,
  );
}

/** A name like `operational.alert_opened` may go on in the next line behind a point or a bar. */
function broken(title: string): Content {
  return title.split(/(?<=[a-z][._])(?=[a-z])/).map((part, nth) => [nth > 0 && html`<wbr>`, part]);
}

/** A page without doors: for who is not in yet, and for when something is wrong. */
export function bare(title: string, body: Content): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="htmx-config" content='{"includeIndicatorCSS": false, "history": false, "mode": "same-origin", "morphIgnore": ["data-htmx-powered", "open"]}'>
<title>${title} · Postback Edge</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/uplot.css">
<link rel="stylesheet" href="/assets/style.css">
<script src="/assets/htmx.js" defer></script>
<script src="/assets/uplot.js" defer></script>
<script src="/assets/page.js" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${body}
</body>
</html>
`;
}

function doors({ path }: View): Html {
  const room = `/${path.split("/")[1] ?? ""}`;
  const here = neighbours[room] ?? room;
  return html`<ul>${rooms.map(
    ([to, name]) => html`<li><a href="${to}"${to === here ? html` aria-current="page"` : null}>${name}</a></li>`,
  )}<li class="out"><form method="post" action="/logout"><button class="link">Sign out</button></form></li></ul>`;
}
