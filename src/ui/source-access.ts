import { button, form, input, mistakes, type Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, fold, section } from "./parts.ts";
import { sourceTabs } from "./source-tabs.ts";
import type { SourceView } from "./sources.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

/** A source's access to impact.com's API, as our API tells it. */
export interface AccessView {
  account_sid: string;
  campaign_ids: string[];
  abilities: Record<string, string>;
  watermark: string | null;
  next_updates_at: string | null;
  next_states_at: string | null;
  failure: string | null;
}

const abilities: [name: string, words: string][] = [
  ["actions", "Actions: approvals by date, payments, lost calls"],
  ["updates", "ActionUpdates: what changed, and when"],
  ["inquiries", "ActionInquiries: what became of them"],
  ["jobs", "Jobs: fetching what was exported"],
];

/** A source's access to impact.com's API: what it can do, and the form that gives it. */
export function accessPage(view: View, typed: Typed, source: SourceView, access: AccessView | null): Page {
  return {
    title: `API access of ${source.name}`,
    lead: "impact.com sends no postback when an action locks, and none again for a call that it gave up. With access to its API, what is missing is found each hour.",
    body: [
      sourceTabs(source.id, "/access"),
      access ? section("What it can do", standing(view, access)) : null,
      access
        ? section("Change it", fold("Other credentials, or other campaigns", giving(typed, source, access), typed.mistakes.length > 0))
        : giving(typed, source, access),
      access ? section("Take it away", removing(source)) : null,
    ],
  };
}

function standing(view: View, access: AccessView): Html {
  return facts([
    ["AccountSID", code(access.account_sid)],
    ["State", access.failure ? html`${state("failing")} ${access.failure}` : state("ok")],
    ["Campaigns", access.campaign_ids.length > 0 ? code(access.campaign_ids.join(", ")) : "all"],
    ...abilities.map(([name, words]): [string, Html] => [
      words,
      access.abilities[name] === "ok" ? state("ok") : html`${state("not there")} ${access.abilities[name]}`,
    ]),
    ["Updates are read until", when(access.watermark, view.now)],
    ["Next look at updates", when(access.next_updates_at, view.now)],
    ["Next look at states", when(access.next_states_at, view.now)],
  ]);
}

function giving(typed: Typed, { id, account }: SourceView, access: AccessView | null): Html {
  const isBrand = account === "brand";
  return form(
    `/sources/${id}/api`,
    [
      mistakes(typed),
      html`<fieldset><legend>Credentials</legend>
<p class="hint">They stand in impact.com under Settings → API. They are tried before they are kept, and kept encrypted.</p>
${input(typed, { name: "account_sid", label: "AccountSID", isRequired: true, placeholder: "IR…" })}
${input(typed, { name: "auth_token", label: "AuthToken", type: "password", isRequired: true, hint: "A scoped one needs Actions and ActionUpdates; ActionInquiries and Jobs are used where it has them." })}
${input(typed, { name: "campaign_ids", label: "Campaign ids", value: access?.campaign_ids.join(", "), isRequired: isBrand, placeholder: "10306, 10307", hint: isBrand ? "With commas between them. impact.com lists a brand's actions campaign by campaign." : "With commas between them. Empty: all." })}
</fieldset><div><button class="primary">Try and save</button></div>`,
    ],
    "PUT",
  );
}

function removing({ id }: SourceView): Html {
  return html`<p>The credentials are forgotten, and nothing is looked for any more. What was found stays.</p>
<div>${button("Take the access away", `/sources/${id}/api`, { method: "DELETE", look: "danger", question: "Take the access away? Its credentials are forgotten." })}</div>`;
}
