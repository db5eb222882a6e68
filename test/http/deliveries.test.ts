import { describe, expect, test } from "vitest";
import { call, operate } from "../kit.ts";
import { asOperator, sendAccepted } from "./ask.ts";
import { type Heard, useFarSide } from "./far.ts";
import { noRetry, patient, refuse, road } from "./road.ts";

useFarSide();

async function list(query: string): Promise<string[]> {
  const { status, body } = await operate(`/deliveries?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe("the list of deliveries", () => {
  test("holds those of a destination, newest event first", async () => {
    const { destination, deliver } = await road();
    const [first, second] = [await deliver("delivered"), await deliver("delivered")];
    expect(await list(`destination=${destination.id}`)).toEqual([second.id, first.id]);
  });

  test("knows a destination by its name", async () => {
    const { destination, deliver } = await road();
    const { id } = await deliver("delivered");
    expect(await list(`destination=${encodeURIComponent(destination.name)}`)).toEqual([id]);
  });

  test("knows by a name the newest destination that has it and was not deleted", async () => {
    const name = `twice ${crypto.randomUUID()}`;
    const [older, newer] = [await road(undefined, { name }), await road(undefined, { name })];
    const [{ id: first }, { id: second }] = [await older.deliver("delivered"), await newer.deliver("delivered")];
    expect(await list(`destination=${encodeURIComponent(name)}`)).toEqual([second]);
    await call(`/destinations/${newer.destination.id}`, { method: "DELETE", headers: asOperator });
    expect(await list(`destination=${encodeURIComponent(name)}`)).toEqual([first]);
  });

  test("knows a destination by its id after it was deleted", async () => {
    const { destination, deliver } = await road();
    const { id } = await deliver("delivered");
    await call(`/destinations/${destination.id}`, { method: "DELETE", headers: asOperator });
    expect(await list(`destination=${destination.id}`)).toEqual([id]);
  });

  test("can be narrowed to a state", async () => {
    const { destination, deliver } = await road(refuse, noRetry);
    const { id } = await deliver("exhausted");
    expect(await list(`destination=${destination.id}&state=exhausted`)).toEqual([id]);
    expect(await list(`destination=${destination.id}&state=delivered`)).toEqual([]);
  });

  test("can be narrowed to an event", async () => {
    const { deliver } = await road();
    const [{ event, id }] = [await deliver("delivered"), await deliver("delivered")];
    expect(await list(`event=${event}`)).toContain(id);
    expect((await list(`event=${event}`)).every((one) => one.startsWith(event))).toBe(true);
  });

  test("is walked through by `next`, which is null at the end", async () => {
    const { destination, deliver } = await road();
    const made = [await deliver("delivered"), await deliver("delivered"), await deliver("delivered")];
    const first = (await operate(`/deliveries?destination=${destination.id}&limit=2`)).body;
    const second = (await operate(`/deliveries?destination=${destination.id}&limit=2&cursor=${encodeURIComponent(first.next)}`)).body;
    expect([...first.data, ...second.data].map(({ id }: { id: string }) => id)).toEqual(made.map(({ id }) => id).reverse());
    expect(second.next).toBeNull();
  });

  test.each([
    ["state=lost", "state"],
    ["limit=0", "limit"],
    ["colour=red", "colour"],
    ["cursor=nonsense", "cursor"],
  ])("asked for %s is 422, and says what is wrong", async (query, field) => {
    const { status, body } = await operate(`/deliveries?${query}`);
    expect(status).toBe(422);
    expect(body.errors.map((mistake: { field: string }) => mistake.field)).toEqual([field]);
  });
});

describe("a delivery", () => {
  test("shows its attempts", async () => {
    const { deliver, destination } = await road(refuse, noRetry);
    const { event, id } = await deliver("exhausted");
    expect((await operate(`/deliveries/${id}`)).body).toMatchObject({
      id,
      event,
      destination: destination.id,
      state: "exhausted",
      attempt_count: 1,
      next_attempt_at: null,
      reason: "answered 500",
      attempts: [{ number: 1, delivered: false, status: 500, reason: "answered 500", response: { body: "no" } }],
    });
  });

  test("that will be tried again says when", async () => {
    const { source, destination } = await road(refuse, { retry_schedule: [3600] });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    const shown = async () => (await operate(`/deliveries/${event}:${destination.id}`)).body;
    await expect.poll(async () => (await shown()).attempt_count, { timeout: 8000 }).toBe(1);
    const { state, next_attempt_at } = await shown();
    expect(state).toBe("pending");
    expect(Date.parse(next_attempt_at) - Date.now()).toBeGreaterThan(2_800_000);
  });

  test.each(["nonsense", "evt_x", "evt_x:dst_y", "evt_x:", ":dst_y", "evt_x:dst_y:dst_z", "evt_x%3Adst_y%27"])(
    "is 404 where there is none: %s",
    async (id) => {
      for (const [path, method] of [
        [`/deliveries/${id}`, "GET"],
        [`/deliveries/${id}/retry`, "POST"],
      ] as const) {
        const { status, body } = await operate(path, method === "POST" ? {} : undefined, method);
        expect([status, body.code]).toEqual([404, "not_found"]);
      }
    },
  );

  test("is known by its id percent-encoded too", async () => {
    const { deliver } = await road();
    const { id } = await deliver("delivered");
    expect((await operate(`/deliveries/${encodeURIComponent(id)}`)).body.id).toBe(id);
  });
});

describe("an attempt", () => {
  const secretive = {
    headers: { "X-Key": "hush-header", "X-Kind": "{{ kind }}" },
    secrets: { key: "hush-value/ü" },
    auth: { type: "bearer", token: "hush-token" },
    body: '{"key":"{{ secrets.key }}"}',
  };

  /** The one attempt at a delivery to a far side that answers as told. */
  async function attempted(answer: (heard: Heard) => Response, settings: Record<string, unknown> = {}) {
    const { deliver, far } = await road(answer, { ...noRetry, ...settings });
    const { delivery } = await deliver("delivered");
    return { attempt: delivery.attempts[0], heard: far.heard[0] as Heard };
  }

  test("tells its request headers, with those of the operator hidden", async () => {
    const { attempt, heard } = await attempted(() => new Response("ok"), secretive);
    const sent = (name: string) => heard.headers.get(name);
    expect(attempt.request.headers).toEqual({
      "user-agent": sent("user-agent"),
      "content-type": "application/json",
      "X-Key": "[hidden]",
      "X-Kind": "[hidden]",
      authorization: "[hidden]",
      "webhook-id": sent("webhook-id"),
      "webhook-timestamp": sent("webhook-timestamp"),
      "webhook-signature": sent("webhook-signature"),
    });
  });

  test("hides what the far side says back, in its body as in its headers", async () => {
    const echo = ({ headers, body }: Heard) => {
      const [key = "", authorization = ""] = [headers.get("x-key") ?? "", headers.get("authorization") ?? ""];
      return new Response(`${key} | ${authorization} | ${body} | ${encodeURIComponent("hush-value/ü")} | ok`, {
        headers: { "x-request-id": key, "www-authenticate": authorization },
      });
    };
    const { attempt } = await attempted(echo, secretive);
    expect(attempt.response.body).toBe('[hidden] | [hidden] | {"key":"[hidden]"} | [hidden] | ok');
    expect(attempt.response.headers).toMatchObject({ "x-request-id": "[hidden]", "www-authenticate": "[hidden]" });
    expect(JSON.stringify(attempt)).not.toContain("hush");
  });

  test("hides a user's password said back, alone or as it was sent", async () => {
    const auth = { type: "basic", username: "edge", password: "hush-password" };
    const { attempt } = await attempted(({ headers }) => new Response(`hush-password ${headers.get("authorization")}`), { auth });
    expect(attempt.response.body).toBe("[hidden] [hidden]");
  });

  test("hides an OAuth2 token said back", async () => {
    const { deliver } = await road(({ url, headers }) => {
      if (url.endsWith("/token")) return Response.json({ access_token: "hush-access-token", token_type: "bearer", expires_in: 3600 });
      return new Response(`got ${headers.get("authorization")?.split(" ")[1]}`);
    });
    const { delivery: plain } = await deliver("delivered");
    expect(plain.attempts[0].response.body).toBe("got undefined");
    const { destination, ...way } = await road(({ url, headers }) => {
      if (url.endsWith("/token")) return Response.json({ access_token: "hush-access-token", token_type: "bearer", expires_in: 3600 });
      return new Response(`got ${headers.get("authorization")?.split(" ")[1]}`);
    });
    const auth = { type: "oauth2", token_url: way.far.url.replace("/hook", "/token"), client_id: "edge", client_secret: "hush-client" };
    await operate(`/destinations/${destination.id}`, { auth }, "PATCH");
    expect((await way.deliver("delivered")).delivery.attempts[0].response.body).toBe("got [hidden]");
  });

  test("that failed says why, and when the next one was due", async () => {
    const { source, destination } = await road(() => new Response("busy", { status: 503, headers: { "retry-after": "600" } }), {
      retry_schedule: [3600],
    });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    const shown = async () => (await operate(`/deliveries/${event}:${destination.id}`)).body;
    await expect.poll(async () => (await shown()).attempt_count, { timeout: 8000 }).toBe(1);
    const { next_attempt_at, reason, attempts } = await shown();
    expect(attempts).toMatchObject([{ number: 1, delivered: false, status: 503, reason: "answered 503", next_attempt_at }]);
    expect([reason, attempts[0].response.headers["retry-after"]]).toEqual(["answered 503", "600"]);
    expect(Date.parse(next_attempt_at)).toBeGreaterThan(Date.parse(attempts[0].at));
  });

  test("that was the last has no next one", async () => {
    const { health, answer } = patient();
    const { deliver } = await road(answer, noRetry);
    expect((await deliver("exhausted")).delivery.attempts[0].next_attempt_at).toBeNull();
    health.isWell = true;
    expect((await deliver("delivered")).delivery.attempts[0].next_attempt_at).toBeNull();
  });

  test("that could not be made says why, and has sent nothing", async () => {
    const { deliver, far, destination } = await road(undefined, noRetry);
    await operate(`/destinations/${destination.id}`, { url: `${far.url}/{{ fields.step }}/end` }, "PATCH");
    const { delivery } = await deliver("exhausted", "&step=..");
    expect(delivery.attempts).toMatchObject([
      { delivered: false, status: null, reason: expect.stringMatching(/came out as \. or \.\./), request: { headers: {} } },
    ]);
    expect(far.heard).toEqual([]);
  });
});
