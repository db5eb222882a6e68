import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { newEventId } from "../src/domain/id.ts";
import { hour } from "../src/domain/time.ts";

await applyD1Migrations(env.DB, (env as unknown as { MIGRATIONS: Parameters<typeof applyD1Migrations>[1] }).MIGRATIONS);

newEventId(Date.now() + hour); // ids follow the latest clock; a leap so far is none, and ends what the file before had set ahead
