import type { Preset } from "./preset.ts";

/** What those get who want the event itself. */
export const events = {
  "standard-webhooks": {
    title: "Standard Webhooks",
    description: "JSON with type, timestamp and data, signed. The default, and the one to choose for a system of your own.",
    documentation: "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    verified: true,
    method: "POST",
    exampleUrl: "https://example.com/hooks/impact",
    contentType: "application/json",
    headers: {},
    query: null,
    body: null,
  },
  raw: {
    title: "As it came",
    description:
      "The postback as impact.com sent it: its body and content type, and its query string behind the URL's own. Our own news, which came from nobody, is told as Standard Webhooks does.",
    documentation: null,
    verified: true,
    method: "POST",
    exampleUrl: "https://example.com/postback",
    contentType: null,
    headers: {},
    query: null,
    body: null,
  },
  // Attributes: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#context-attributes. An optional one must not be empty.
  "cloudevents-structured": {
    title: "CloudEvents 1.0, structured",
    description: "One JSON envelope with all attributes and the data.",
    documentation: "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md",
    verified: true,
    method: "POST",
    exampleUrl: "https://example.com/events",
    contentType: "application/cloudevents+json; charset=utf-8",
    headers: {},
    query: null,
    body: `{
  "specversion": "1.0",
  "id": "{{ event_id }}",
  "source": "urn:postback-edge:source:{{ data.source_id | default: source | url_encode }}",
  "type": "{{ type }}",
  {%- if action_id %}
  "subject": "{{ action_id }}",
  {%- endif %}
  "time": "{{ occurred_at | default: received_at }}",
  "datacontenttype": "application/json",
  "data": {{ data | json }}
}`,
  },
  "cloudevents-binary": {
    title: "CloudEvents 1.0, binary",
    description: "The attributes as ce- headers, the data as the body.",
    documentation: "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md",
    verified: true,
    method: "POST",
    exampleUrl: "https://example.com/events",
    contentType: "application/json",
    headers: {
      "ce-specversion": "1.0",
      "ce-id": "{{ event_id | header_encode }}",
      "ce-source": "urn:postback-edge:source:{{ data.source_id | default: source | url_encode | header_encode }}",
      "ce-type": "{{ type | header_encode }}",
      "ce-subject": "{{ action_id | header_encode }}",
      "ce-time": "{{ occurred_at | default: received_at }}",
    },
    query: null,
    body: "{{ data | json }}",
  },
  // Only & < > are to be escaped: https://api.slack.com/reference/surfaces/formatting#escaping
  slack: {
    title: "Slack",
    description: "One line in a channel, by an incoming webhook: type, action, payout, campaign; or our own news, with its reason.",
    documentation: "https://api.slack.com/messaging/webhooks",
    verified: true,
    method: "POST",
    exampleUrl: "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    contentType: "application/json",
    headers: {},
    query: null,
    body: `{%- capture text -%}
  {{ type }}
  {%- if kind == "operational" -%}
    {%- if fields.destination_name %} ({{ fields.destination_name }}){% endif -%}
    {%- if fields.reason %}: {{ fields.reason }}{% endif -%}
  {%- else -%}
    {%- if action_id %} {{ action_id }}{% endif -%}
    {%- if payout %}: {{ payout }} {{ currency }}{% endif -%}
    {%- if campaign_name %}, {{ campaign_name }}{% endif -%}
    {%- if is_test %} (test){% endif -%}
  {%- endif -%}
{%- endcapture -%}
{"text": {{ text | replace: "&", "&amp;" | replace: "<", "&lt;" | replace: ">", "&gt;" | json }}}`,
  },
} satisfies Record<string, Preset>;
