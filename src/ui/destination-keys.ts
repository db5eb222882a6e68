import type { KeyView, Shown } from "./destination.ts";
import { choice, form, untyped } from "./form.ts";
import { type Html, html } from "./html.ts";
import { fold, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, copyable, state, when } from "./words.ts";

/** What is told of a new key, once. */
export interface Told {
  secret?: string;
}

/** A new secret. */
export function secretOf(secret: string): Html {
  return html`<section class="once"><h2>The new signing secret</h2><p>Copy it now: give it to the system that verifies the requests. This page shows it for ten minutes, in this browser only.</p>${copyable(secret, "Signing secret")}</section>`;
}

const graces: [seconds: string, words: string][] = [
  ["0", "ends at once"],
  ["3600", "signs for 1 more hour"],
  ["86400", "signs for 24 more hours"],
  ["604800", "signs for 7 more days"],
];

/** What signs its requests now, and how to change that. */
export function keysPart(view: View, { id, signing_keys = [] }: Shown): Html {
  const rotate = form(`/destinations/${id}/secret`, [
    html`<p>Requests are signed with the new key and, for a while, with the old one too, so that nothing is refused while the far side changes over.</p>`,
    html`<div class="pairs">${choice(untyped, {
      name: "version",
      isRequired: true,
      label: "New key",
      options: [
        ["v1", "v1: shared secret"],
        ["v1a", "v1a: public key"],
      ],
    })}${choice({ values: { grace: "86400" }, mistakes: [] }, { name: "grace", isRequired: true, label: "The old one", options: graces })}</div>`,
    html`<button>Make a new key</button>`,
  ]);
  const list = table(
    "Signing keys",
    [
      { head: "Version", cell: ({ version }: KeyView) => code(version) },
      { head: "State", cell: ({ until }) => (until ? html`${state("ending")} ${when(until, view.now)}` : state("active")) },
      { head: "Since", cell: ({ created_at }) => when(created_at, view.now) },
      { head: "Public key", cell: ({ public_key }) => (public_key ? code(public_key) : html`<span class="none">a shared secret</span>`) },
    ],
    signing_keys,
  );
  return html`${signing_keys.length > 0 ? list : html`<p class="none">Its keys cannot be read: they were sealed under another encryption key.</p>`}<div class="folds">${fold("Rotate the key", rotate)}${fold("How to verify a signature", verifying(signing_keys))}</div>`;
}

/** How the far side can tell that a request is from here. */
function verifying(keys: KeyView[]): Html {
  const isPublic = keys.some(({ version }) => version === "v1a");
  return html`<p>Requests are signed as <a href="https://www.standardwebhooks.com" rel="noreferrer">Standard Webhooks</a> says, whatever the preset. Its libraries for JavaScript, Python, Go, Java, Ruby, PHP, Rust, C# and Elixir verify them.</p>
<ul class="sayings"><li><code>webhook-id</code> <small>the event's id, the same on every attempt: a repeat can be told by it</small></li>
<li><code>webhook-timestamp</code> <small>when it was sent, in seconds; refuse what is older than five minutes</small></li>
<li><code>webhook-signature</code> <small>one or more, with blanks between: <code>v1,</code> and the HMAC-SHA256 in base64${isPublic ? html`, or <code>v1a,</code> and the Ed25519 signature` : null}; one that fits is enough</small></li></ul>
<p>Signed is <code>{webhook-id}.{webhook-timestamp}.{body}</code>, byte for byte: verify before you parse.</p>
<pre>import { Webhook } from "standardwebhooks";

const event = new Webhook(secret).verify(body, headers); // throws when it is not from here</pre>`;
}
