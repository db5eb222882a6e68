import { expect, test } from "vitest";
import { hidden, maskWith } from "../../src/forward/mask.ts";

const mask = maskWith(["s3cret+token/1", "short", ""]);

test.each([
  ["as it is", "key s3cret+token/1 was wrong", `key ${hidden} was wrong`],
  ["twice", "s3cret+token/1s3cret+token/1", hidden + hidden],
  ["in a URL", "?key=s3cret%2Btoken%2F1", `?key=${hidden}`],
  ["as base64", Buffer.from("s3cret+token/1").toString("base64"), hidden],
  ["cut off at the end", "and then: s3cret+tok", `and then: ${hidden}`],
])("hides a secret %s", (_, text, masked) => expect(mask(text)).toBe(masked));

test.each([
  ["what is too short to be one", "a short text"],
  ["what only begins like one in the middle", "s3cret+tok, and more"],
  ["a text of five letters of it at the end", "x s3cre"],
])("leaves %s", (_, text) => expect(mask(text)).toBe(text));
