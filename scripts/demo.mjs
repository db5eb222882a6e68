/** `npm run demo`, beside a running `npm start`: one action's life goes in as impact.com would send it, and comes out as signed webhooks. */
import { randomBytes, randomInt } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { base, fail, findFirstSource, readDevVars } from "./local.mjs";

const arrivalLimitMs = 20_000;

const start = "Start it first, in another terminal with the same PORT and STATE_DIR: npm start";
const { OPERATOR_TOKEN } = readDevVars();
const source = findFirstSource();
if (!OPERATOR_TOKEN || !source || !(await isRunning())) fail(`No Postback Edge answers at ${base}. ${start}`);

const arrived = [];
const downstream = await listen();
const destination = await operate("POST", "/destinations", {
  name: `demo ${randomBytes(4).toString("hex")}`,
  url: `http://127.0.0.1:${downstream.address().port}/hook`,
});
const problems = [];
let deadline = Infinity;
process.on("SIGINT", () => (deadline = 0)); // not waiting any longer, but still taking the destination away

try {
  await report(await sendLife());
} catch (error) {
  problems.push(`${error.message}: ${error.cause?.message ?? ""}`);
}
await operate("DELETE", `/destinations/${destination.id}`).catch((error) =>
  problems.push(`The destination is still there: ${error.message}`),
);
downstream.close();
if (problems.length > 0) fail(`\n${problems.join("\n")}`);
console.log("\nAll arrived once, all signatures are good, and the repeat was not delivered again.");

async function isRunning() {
  return fetch(`${base}/health`).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** The company's own system: keeps what it is sent, as it is sent, because the signature is over the bytes. */
async function listen() {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    arrived.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.end("thanks");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

async function operate(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, accept: "application/json", "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) fail(`${method} ${path} was answered ${answer.status}: ${text}`);
  return text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
}

/** Five calls in impact.com's GET style; the second is the first again. Returns the action's id and those of the four events. */
async function sendLife() {
  const action = { action_id: `1000.4636.${randomInt(100_000, 999_999)}`, campaign_id: "1000", currency: "USD", event_date: date(-60) };
  const pending = { status: "PENDING", ...money("0.88", "0.88", "21.99", "21.99") };
  const modified = { status: "PENDING", ...money("1.20", "0.32", "30.00", "8.01") };
  const reversed = { status: "REVERSED", status_detail: "ITEM_RETURNED", ...money("0.00", "-1.20", "0.00", "-30.00") };
  const cleared = { status: "APPROVED", status_detail: "PAID", cleared_date: date(0), ...money("0.00", "0.00", "0.00", "0.00") };
  console.log(`Action ${action.action_id}, sent to ${base}/in/…\n`);
  const first = await send("pending", "action-lifecycle", { ...action, ...pending });
  await send("the same again", "action-lifecycle", { ...action, ...pending }, "duplicate");
  const second = await send("modified", "action-lifecycle", { ...action, ...modified });
  const third = await send("reversed", "action-lifecycle", { ...action, ...reversed });
  const fourth = await send("cleared", "action-clearing", { ...action, ...cleared });
  return { action: action.action_id, events: [first, second, third, fourth] };
}

async function send(name, kind, fields, wanted = "accepted") {
  const answer = await fetch(`${base}/in/${source.token}/${kind}?${new URLSearchParams(fields)}`);
  const status = answer.headers.get("x-event-status");
  const id = answer.headers.get("x-event-id");
  console.log(`  ${name.padEnd(15)}${fields.status.padEnd(9)} payout ${fields.payout}  →  ${answer.status} ${`${status}`.padEnd(11)}${id}`);
  const text = await answer.text();
  if (status !== wanted) problems.push(`"${name}" was answered ${answer.status} ${status}, not ${wanted}: ${text.slice(0, 500)}`);
  return id;
}

function money(payout, delta_payout, amount, delta_amount) {
  return { payout, delta_payout, amount, delta_amount };
}

/** As impact.com writes dates: ISO 8601 with an offset. */
function date(minutes) {
  return new Date(Date.now() + minutes * 60_000).toISOString().replace(/\.\d+Z$/, "+00:00");
}

/** Waits for the events of this action only: others may be sending as well. */
async function report({ action, events }) {
  deadline = Math.min(deadline, Date.now() + arrivalLimitMs);
  const missing = () => events.filter((id) => !arrived.some(({ headers }) => headers["webhook-id"] === id));
  while (missing().length > 0 && Date.now() < deadline) await sleep(100);
  await sleep(500); // for a delivery of the repeat, if there were one

  console.log(`\n  ${row("type", "status", "payout", "signature", "webhook-id")}`);
  const ours = arrived.map(({ headers, body }) => ({ headers, body, ...JSON.parse(body) })).filter(({ data }) => data.action_id === action);
  for (const { headers, body, type, data } of ours) {
    const signature = verify(headers, body);
    console.log(`  ${row(type, data.status, `${data.payout} ${data.currency}`, signature, headers["webhook-id"])}`);
    if (signature !== "good") problems.push(`The signature of ${headers["webhook-id"]} is not good: ${signature}`);
  }
  for (const id of missing()) problems.push(`${id} was not delivered within ${arrivalLimitMs / 1000} s.`);
  if (ours.length > events.length) problems.push(`${ours.length} deliveries for ${events.length} events.`);
}

function row(type, status, payout, signature, id) {
  return [type.padEnd(16), status.padEnd(9), payout.padEnd(9), signature.padEnd(10), id].join(" ");
}

/** With the library that anyone would use to receive Standard Webhooks. */
function verify(headers, body) {
  try {
    new Webhook(destination.secret).verify(body, headers);
    return "good";
  } catch (error) {
    return error.message;
  }
}
