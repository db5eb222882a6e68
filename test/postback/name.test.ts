import { expect, test } from "vitest";
import { nameFields } from "../../src/postback/name.ts";

function name(entries: [string, string][], mapping: Record<string, string> = {}) {
  return nameFields(entries, "action-lifecycle", mapping);
}

const codes = (named: ReturnType<typeof name>) => named.warnings.map(({ code }) => code);

test("gives a known key impact's name", () => {
  expect(name([["sub_id1", "x"]]).fields).toEqual({ SubId1: "x" });
});

test("keeps an unknown key to the letter", () => {
  expect(name([["My-Key", "x"]]).fields).toEqual({ "My-Key": "x" });
});

test("an empty value is absent", () => {
  expect(name([["sub_id1", ""]]).fields).toEqual({});
});

test("a blank is a value", () => {
  expect(
    name([
      ["campaign_name", "Base44 "],
      ["sub_id1", " "],
    ]).fields,
  ).toEqual({ CampaignName: "Base44 ", SubId1: " " });
});

test("a mapped key has the name it is mapped to", () => {
  expect(name([["cid", "x"]], { cid: "SubId1" }).fields).toEqual({ SubId1: "x" });
});

test("a mapping is blind to spelling on both its sides", () => {
  expect(name([["Click-Ref", "x"]], { click_ref: "sub_id1" }).fields).toEqual({ SubId1: "x" });
});

test("a mapping can lead from one macro's name to another's", () => {
  expect(name([["sub_id1", "1.2.3"]], { SubId1: "ActionId" }).fields).toEqual({ ActionId: "1.2.3" });
});

test("a mapping can lead to one of impact's numbered fields", () => {
  expect(name([["x", "y"]], { x: "Text1" }).fields).toEqual({ Text1: "y" });
});

test.each(["payout", "pay_out", "Payout", "PAYOUT"])("the mapped key is believed before %s", (key) => {
  const mapping = { revenue: "Payout" };
  expect(
    name(
      [
        ["revenue", "5.00"],
        [key, "0"],
      ],
      mapping,
    ).fields["Payout"],
  ).toBe("5.00");
});

test("the mapped key is believed before the macro's own name that came earlier", () => {
  expect(
    name(
      [
        ["Payout", "0"],
        ["revenue", "5.00"],
      ],
      { revenue: "Payout" },
    ).fields["Payout"],
  ).toBe("5.00");
});

test("the macro's own name is believed before a synonym, in whichever order they came", () => {
  const named = [
    name([
      ["Id", "77"],
      ["ActionId", "1.2.3"],
    ]),
    name([
      ["ActionId", "1.2.3"],
      ["Id", "77"],
    ]),
  ];
  expect(named.map(({ fields }) => fields)).toEqual([
    { ActionId: "1.2.3", Id: "77" },
    { ActionId: "1.2.3", Id: "77" },
  ]);
});

test("a synonym counts where the macro's own name came empty", () => {
  expect(
    name([
      ["ActionId", ""],
      ["Id", "77"],
    ]).fields,
  ).toEqual({ ActionId: "77" });
});

test("of a repeated key the last value counts, and a warning names it", () => {
  const named = name([
    ["payout", "5"],
    ["payout", "6"],
  ]);
  expect(named.fields).toEqual({ Payout: "6" });
  expect(named.warnings).toMatchObject([{ code: "repeated_key", field: "payout" }]);
});

test("of a repeated key the last value that is not empty counts", () => {
  expect(
    name([
      ["payout", "5"],
      ["payout", "6"],
      ["payout", ""],
    ]).fields,
  ).toEqual({ Payout: "6" });
});

test("an unknown key that is repeated follows the same rule", () => {
  const named = name([
    ["x", "1"],
    ["x", "2"],
  ]);
  expect([named.fields, codes(named)]).toEqual([{ x: "2" }, ["repeated_key"]]);
});

test("the same value twice is nothing to warn about", () => {
  expect(
    codes(
      name([
        ["payout", "5"],
        ["payout", "5"],
      ]),
    ),
  ).toEqual([]);
});

test.each(["{SubId1}", " {SubId1} ", "{Text50}"])("the literal %s is absent, told and warned of", (literal) => {
  const named = name([["sub_id1", literal]]);
  expect(named).toMatchObject({
    fields: {},
    unresolved: [literal.trim().slice(1, -1)],
    warnings: [{ code: "unresolved_macro", field: "sub_id1" }],
  });
});

test.each(["{}", "{Sub Id1}", "a{SubId1}", "{SubId1}{SubId2}", "{{SubId1}}", '{"a":1}'])("%s is no literal macro but a value", (value) => {
  expect(name([["sub_id1", value]]).fields).toEqual({ SubId1: value });
});

test("a literal macro does not outdo a value", () => {
  expect(
    name([
      ["payout", "5"],
      ["payout", "{Payout}"],
    ]).fields,
  ).toEqual({ Payout: "5" });
});

test.each(["token", "Token", "auth_token", "access-token", "API KEY", "password", "shared_secret", "securityToken"])(
  "takes the value of %s out, and warns",
  (key) => {
    const named = name([[key, "s3cret"]]);
    expect([named.fields, codes(named)]).toEqual([{ [key]: "[removed]" }, ["secret_removed"]]);
  },
);

test.each(["clickid", "ref_click_id", "promo_code", "token_id", "irclickid", "shared_id"])("keeps the value of %s", (key) => {
  expect(Object.values(name([[key, "value"]]).fields)).toEqual(["value"]);
});

test("keeps a value that the operator mapped, whatever its key looks like", () => {
  expect(name([["token", "clk-1"]], { token: "SubId1" }).fields).toEqual({ SubId1: "clk-1" });
});

test("no warning repeats a secret", () => {
  expect(
    JSON.stringify(
      name([
        ["token", "s3cret"],
        ["token", "0ther"],
      ]).warnings,
    ),
  ).not.toMatch(/s3cret|0ther/);
});

test("a key of __proto__ is a key like others", () => {
  expect(Object.entries(name([["__proto__", "x"]]).fields)).toEqual([["__proto__", "x"]]);
});
