import * as z from "zod";
import { second } from "../domain/time.ts";
import { loginPage } from "../ui/login.ts";
import { endpoint } from "./endpoint.ts";
import { goOnTo, respondBare } from "./page.ts";
import { checkSameOrigin, cookie, hasSession, isOperatorToken, newSession, sessionMs } from "./session.ts";

const destination = z.strictObject({
  to: z.string().optional(),
  out: z.string().optional().describe("Set when a form could not be sent any more."),
});

export const showLogin = endpoint({
  summary: "The door",
  isOpen: true,
  isPage: true,
  query: destination,
  run: async ({ app, request, query }) => {
    const to = pathOf(query.to);
    if (hasSession(request, app.config, app.now())) return goOnTo(request, to, "");
    const why = query.out ? "You were signed out. Sign in to go on." : query.to ? "Sign in to go on." : null;
    return respondBare("Sign in", loginPage(to, { why }));
  },
});

export const signIn = endpoint({
  summary: "Come in",
  isOpen: true,
  isPage: true,
  body: z.strictObject({ token: z.string(), to: z.string() }),
  form: (fields) => ({ token: fields.text("token") ?? "", to: pathOf(fields.text("to")) }),
  run: async ({ app, request, body }) => {
    checkSameOrigin(request);
    if (!isOperatorToken(body.token, app.config))
      return respondBare("Sign in", loginPage(body.to, { mistake: "This is not the operator token." }), 401);
    return goOnTo(request, body.to, "", [cookie(request.url, "session", newSession(app.config, app.now()), sessionMs / second)]);
  },
});

export const signOut = endpoint({
  summary: "Go out",
  isOpen: true,
  isPage: true,
  form: () => ({}),
  run: async ({ request }) => {
    checkSameOrigin(request);
    return goOnTo(request, "/login", "", [cookie(request.url, "session", "", 0)]);
  },
});

/** Where to go after the door: a path of our own, and nothing that a browser would take for another host. */
function pathOf(to = ""): string {
  return /^\/(?![/\\])[^\\\s]*$/.test(to) && !to.startsWith("/log") ? to : "/overview";
}
