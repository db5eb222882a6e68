import { ipPolicies } from "../domain/source.ts";
import { area, choice, form, input, mistakes, type Typed } from "./form.ts";
import { html } from "./html.ts";
import type { Page } from "./layout.ts";
import { removeAccess } from "./source.ts";
import type { SourceView } from "./sources.ts";
import { state } from "./words.ts";

/** The form of a source's settings. */
export function editSourcePage(typed: Typed, source: SourceView, ips: string[]): Page {
  const path = `/sources/${source.id}`;
  return {
    title: `Settings of ${source.name}`,
    actions: html`<a class="button" href="${path}">Back</a>`,
    body: form(
      path,
      [
        mistakes(typed),
        html`<input type="hidden" name="form" value="settings">
<fieldset><legend>The account</legend>
${input(typed, { name: "name", label: "Name", value: source.name, isRequired: true })}
${choice(typed, { name: "account", label: "Kind of account", value: source.account, isRequired: true, options: ["partner", "brand"] })}
${input(typed, { name: "dedupe_window", label: "Seconds within which any earlier twin makes a repeat", type: "number", value: source.dedupe_window, isRequired: true, hint: "A repeat of the latest event of an action is one at any age." })}
</fieldset>
<fieldset><legend>What a call is answered</legend>
${input(typed, { name: "success_status", label: "Status of success", type: "number", value: source.success_status, isRequired: true })}
${input(typed, { name: "success_body", label: "Text of success", value: source.success_body, hint: "impact.com can be set to look for a text." })}
${choice(typed, {
  name: "invalid_status",
  label: "Status of a call that is not valid",
  value: source.invalid_status,
  isRequired: true,
  options: [
    ["422", "422: impact.com may call again"],
    ["202", "202: impact.com takes it for accepted; it is in quarantine"],
  ],
})}
</fieldset>
<fieldset><legend>Who may call</legend>
${input(typed, { name: "required_header.name", label: "Required header", value: source.required_header, hint: "Every call must carry it. Empty: none." })}
${input(typed, { name: "required_header.value", label: "Its value", type: "password", hint: "Kept as a hash. Needed when the header is new; empty: it stays." })}
${area(typed, { name: "allowed_ips", label: "Addresses", rows: 4, value: source.allowed_ips.join("\n"), hint: html`One address or range a line, like 203.0.113.0/24.${ips.length > 0 ? html` Recent calls came from ${ips.join(", ")}.` : null} impact.com publishes its addresses (integrations.impact.com/public-ip-addresses); look at what the policy log marks before you enforce.` })}
${choice(typed, { name: "ip_policy", label: "Calls from other addresses", value: source.ip_policy, isRequired: true, options: [...ipPolicies].map((one): [string, string] => [one, words[one]]) })}
</fieldset>
<button class="primary">Save</button>`,
      ],
      "PATCH",
    ),
  };
}

const words = { off: "off: are accepted", log: "log: are accepted, and marked", enforce: "enforce: are refused, and kept in quarantine" };

/** The form of a source's access to impact.com's API. */
export function accessPage(
  typed: Typed,
  source: SourceView,
  connection: { account_sid: string; campaign_ids: string[]; failure: string | null } | null,
): Page {
  const path = `/sources/${source.id}`;
  return {
    title: `Access of ${source.name} to impact.com's API`,
    lead: "With it, approvals by date, payments and lost calls are found each hour. The credentials are tried before they are kept, encrypted.",
    actions: html`<a class="button" href="${path}">Back</a>`,
    body: [
      connection
        ? html`<p>${connection.failure ? state("failing") : state("ok")} AccountSID ${connection.account_sid}. ${connection.failure}</p>`
        : null,
      form(
        `${path}/api`,
        [
          mistakes(typed),
          html`<fieldset><legend>Credentials, from impact.com under Settings → API</legend>
${input(typed, { name: "account_sid", label: "AccountSID", isRequired: true, placeholder: "IR…" })}
${input(typed, { name: "auth_token", label: "AuthToken", type: "password", isRequired: true, hint: "A scoped one needs Actions and ActionUpdates." })}
${input(typed, { name: "campaign_ids", label: "Campaign ids", value: connection?.campaign_ids.join(", "), hint: "With commas between them. A brand needs them; empty: all of a partner's." })}
</fieldset><button class="primary">Try and save</button>`,
        ],
        "PUT",
      ),
      connection ? removeAccess(path) : null,
    ],
  };
}
