import type { Preset } from "./preset.ts";

/** Ad and analytics platforms, by their interfaces for servers. Both want money in the units of its currency, as a number. */
export const platforms = {
  // The request: https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api. event_time is when we heard:
  // were one event older than seven days, all would be refused, and approvals come weeks after the sale. A click id (fbc) has some
  // sixty characters and more: https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc/
  "meta-conversions": {
    title: "Meta Conversions API",
    description:
      "PENDING and APPROVED are a Purchase, REVERSED is a custom event Refund; let the filter choose one of the first two, since Meta counts both. Needs secrets.access_token. SubId1 is taken for the fbclid if it is as long as one, and its SHA-256 for the external_id; write the body to take them from elsewhere.",
    documentation: "https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event/",
    verified: true,
    method: "POST",
    exampleUrl: "https://graph.facebook.com/v23.0/1234567890/events",
    contentType: "application/json",
    headers: {},
    query: "access_token={{ secrets.access_token }}",
    body: `{
  "data": [
    {
      "event_name": "{% case status %}{% when "REVERSED" %}Refund{% when "" %}{{ type }}{% else %}Purchase{% endcase %}",
      "event_time": {{ received_at | date: "%s" }},
      "event_id": "{{ action_id | default: event_id }}",
      "action_source": "system_generated",
      "user_data": {
        {%- if sub_id1.size > 40 %}
        "fbc": "fb.1.{{ unix_time }}000.{{ sub_id1 }}",
        {%- endif %}
        "external_id": ["{{ sub_id1 | default: event_id | sha256 }}"]
      },
      "custom_data": {
        "value": {{ payout | default: 0 }},
        "currency": "{{ currency | default: "USD" }}",
        "order_id": "{{ action_id | default: event_id }}"
      }
    }
  ]
}`,
  },
  // The request is documented; of the parameters of purchase and refund we found what others write, not Google's own reference. An
  // event without a timestamp is taken as of now: one that is older than three days would be lost.
  ga4: {
    title: "Google Analytics 4",
    description:
      "PENDING and APPROVED are a purchase (Google counts a transaction_id once), REVERSED is a refund. Needs secrets.measurement_id and secrets.api_secret, or a URL with a query of its own. SubId1 is taken for the client id; write the body to take it from elsewhere. Google answers 204 to anything: try the body at /debug/mp/collect.",
    documentation: "https://developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events",
    verified: false,
    method: "POST",
    exampleUrl: "https://www.google-analytics.com/mp/collect",
    contentType: "application/json",
    headers: {},
    query: "measurement_id={{ secrets.measurement_id }}&api_secret={{ secrets.api_secret }}",
    body: `{
  "client_id": "{{ sub_id1 | default: event_id }}",
  "events": [
    {
      "name": "{% case status %}{% when "REVERSED" %}refund{% when "" %}{{ type | replace: ".", "_" }}{% else %}purchase{% endcase %}",
      "params": {
        "transaction_id": "{{ action_id | default: event_id }}",
        {%- if status == "REVERSED" %}
        "value": {{ data.delta_payout | default: payout | default: 0 | remove: "-" }},
        {%- else %}
        "value": {{ payout | default: 0 }},
        {%- endif %}
        "currency": "{{ currency | default: "USD" }}",
        "items": [{ "item_id": "{{ campaign_id | default: kind }}", "item_name": "{{ campaign_name | default: kind }}" }]
      }
    }
  ]
}`,
  },
} satisfies Record<string, Preset>;
