import { ipPolicies } from "../domain/source.ts";
import { area, choice, form, input, mistakes, type Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { table } from "./parts.ts";
import { policies } from "./source.ts";
import { sourceTabs } from "./source-tabs.ts";
import type { SourceView } from "./sources.ts";
import { code, count, state } from "./words.ts";

/** From where a source called lately, and whether its list has it. */
export interface Caller {
  ip: string;
  times: number;
  is_listed: boolean;
}

/** The form of a source's settings. */
export function editSourcePage(typed: Typed, source: SourceView, callers: Caller[]): Page {
  return {
    title: `Settings of ${source.name}`,
    lead: "A change counts at once here, and within seconds everywhere.",
    body: [
      sourceTabs(source.id, "/edit"),
      form(
        `/sources/${source.id}`,
        [
          mistakes(typed),
          html`<input type="hidden" name="form" value="settings">
${account(typed, source)}${answers(typed, source)}${whoMayCall(typed, source, callers)}
<div><button class="primary">Save</button></div>`,
        ],
        "PATCH",
      ),
    ],
  };
}

function account(typed: Typed, source: SourceView): Html {
  return html`<fieldset><legend>The account</legend>
${input(typed, { name: "name", label: "Name", value: source.name, isRequired: true, hint: "Filters that name the source know it by this." })}
${choice(typed, {
  name: "account",
  label: "Kind of account",
  value: source.account,
  isRequired: true,
  options: [
    ["partner", "partner: we promote brands"],
    ["brand", "brand: partners promote us"],
  ],
})}
${input(typed, { name: "dedupe_window", label: "Window for repeats, in seconds", type: "number", value: source.dedupe_window, isRequired: true, hint: "Within it, whatever was said before of the same action counts as a repeat. What repeats the latest event of an action is one at any age." })}
</fieldset>`;
}

function answers(typed: Typed, source: SourceView): Html {
  return html`<fieldset><legend>What a call is answered</legend>
<div class="pairs">${input(typed, { name: "success_status", label: "Status of success", type: "number", value: source.success_status, isRequired: true, hint: "200 to 299." })}
${input(typed, { name: "success_body", label: "Text of success", value: source.success_body, hint: "impact.com can be set to look for it." })}</div>
${choice(typed, {
  name: "invalid_status",
  label: "Status of a call that is not valid",
  value: source.invalid_status,
  isRequired: true,
  hint: "Either way it is kept in quarantine.",
  options: [
    ["422", "422: the truth; impact.com may call again"],
    ["202", "202: impact.com takes it for accepted"],
  ],
})}
</fieldset>`;
}

function whoMayCall(typed: Typed, source: SourceView, callers: Caller[]): Html {
  return html`<fieldset><legend>Who may call</legend>
<div class="pairs">${input(typed, { name: "required_header.name", label: "Required header", value: source.required_header, hint: "Set it in impact.com as HTTP Header. Empty: none." })}
${input(typed, { name: "required_header.value", label: "Its value", type: "password", hint: source.required_header ? "Kept as a hash. Empty: it stays as it is." : "Kept as a hash." })}</div>
${area(typed, { name: "allowed_ips", label: "Listed addresses", rows: 4, value: source.allowed_ips.join("\n"), hint: html`One address or range a line, like ${code("203.0.113.0/24")}. impact.com publishes its own at integrations.impact.com/public-ip-addresses; list all of them.` })}
${choice(typed, { name: "ip_policy", label: "Calls from other addresses", value: source.ip_policy, isRequired: true, hint: "First list, then log, then look at what is marked here for a day, then enforce.", options: [...ipPolicies].map((one): [string, string] => [one, `${one}: ${policies[one]}`]) })}
${callers.length > 0 ? callerTable(callers) : html`<p class="hint">No call has come yet whose address could be shown here.</p>`}
</fieldset>`;
}

function callerTable(callers: Caller[]): Html {
  return table(
    "Addresses of the latest calls",
    [
      { head: "Latest calls came from", cell: ({ ip }) => code(ip) },
      { head: "Calls", isFigure: true, cell: ({ times }) => count(times) },
      { head: "Listed", cell: ({ is_listed }) => state(is_listed ? "listed" : "not listed") },
    ],
    callers,
  );
}
