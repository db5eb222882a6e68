import { type Html, html } from "./html.ts";
import { notice } from "./parts.ts";

/** The door. `to` is where it leads; `why` says why somebody stands before it, `mistake` why it stayed shut. */
export function loginPage(to: string, { why = null, mistake = null }: { why?: string | null; mistake?: string | null }): Html {
  return html`<main id="main" class="door">
<header><img src="/assets/icon.svg" alt="" width="40" height="40"><h1>Postback Edge</h1>
<p class="lead">What impact.com tells, kept and delivered to your own systems.</p></header>
${why ? notice(why) : null}
<form method="post" action="/login">
<input type="hidden" name="to" value="${to}">
<input type="text" name="username" value="operator" autocomplete="username" hidden>
<div class="field">
<label for="field-token">Operator token</label>
<p class="hint" id="hint-token">On your own machine, <code>npm start</code> has printed it, and it stands in <code>.dev.vars</code>. Elsewhere it is the secret <code>OPERATOR_TOKEN</code> of the Worker.</p>
<input id="field-token" name="token" type="password" autocomplete="current-password" required autofocus aria-describedby="hint-token${mistake ? " mistake-token" : null}"${
    mistake ? html` aria-invalid="true"` : null
  }>
${mistake ? html`<p class="mistake" id="mistake-token" role="alert">${mistake} Look for it where the Worker was set up. If it is lost, set a new one: <code>npx wrangler secret put OPERATOR_TOKEN</code>.</p>` : null}
</div>
<button class="primary">Sign in</button>
</form>
</main>`;
}
