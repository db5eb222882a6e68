import type { Fields } from "./form.ts";

/** What a form of a source's page changes: its keys (`form=mapping`) or its settings. */
export function sourceChanges(fields: Fields): Record<string, unknown> {
  if (fields.text("form") === "mapping") return { mapping: mappingOf(fields) };
  const header = fields.text("required_header.name");
  const value = fields.text("required_header.value");
  const isKept = header !== undefined && value === undefined;
  return {
    name: fields.text("name") ?? "",
    account: fields.text("account"),
    dedupe_window: fields.number("dedupe_window"),
    success_status: fields.number("success_status"),
    success_body: fields.values["success_body"] ?? "",
    invalid_status: fields.number("invalid_status"),
    ...(isKept ? {} : { required_header: header === undefined ? null : { name: header, value } }),
    allowed_ips: fields.lines("allowed_ips"),
    ip_policy: fields.text("ip_policy"),
  };
}

/** The mapping in a form: keys under `key.N`, each with its macro under `macro.N`. */
export function mappingOf(fields: Fields): Record<string, string> {
  const numbers = Object.keys(fields.values).flatMap((name) => (name.startsWith("key.") ? [name.slice("key.".length)] : []));
  const pairs = numbers.map((number) => [fields.values[`key.${number}`] ?? "", fields.text(`macro.${number}`)] as const);
  return Object.fromEntries(pairs.flatMap(([key, macro]) => (key !== "" && macro !== undefined ? [[key, macro]] : [])));
}
