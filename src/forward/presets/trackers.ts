import type { Preset } from "./preset.ts";

const clickId = "The click id is taken from SubId1; write the URL with its query to take it from elsewhere.";

/** What all trackers have in common: a GET whose query tells one conversion. */
const tracker = { method: "GET", contentType: null, headers: {}, body: null } as const;

/** Trackers of media buyers, by their server-to-server postback URLs. What is no action is told by its type, so that it counts as no sale. */
export const trackers = {
  // A pair of cid and txid counts once (https://doc.voluum.com/en/upselling.html), so a reversal needs a txid of its own.
  voluum: {
    ...tracker,
    title: "Voluum",
    description: `An action is one conversion, told when it is first heard of. A reversal is another one with the negative amount (DeltaPayout). et is pending, approved or reversed: define them as custom conversions. ${clickId}`,
    documentation: "https://doc.voluum.com/article/parameters-in-postback-urls",
    verified: true,
    exampleUrl: "https://tracker.example/postback",
    query:
      'cid={{ sub_id1 }}&payout={% if status == "REVERSED" %}{{ data.delta_payout | default: 0 }}{% else %}{{ payout }}{% endif %}' +
      '&txid={{ action_id }}{% if status == "REVERSED" %}-reversed{% endif %}&currency={{ currency }}&et={{ status | default: type | downcase }}',
  },
  // clickid, sum, type and rdtk_event_id are documented. Of the statuses only their names are (https://docs.redtrack.io/knowledgebase/tracking-event-types/).
  redtrack: {
    ...tracker,
    title: "RedTrack",
    description: `status is pending, approved or declined. Choose the duplicate postback mode "Edit conversion with new data", so that one action stays one conversion. ${clickId}`,
    documentation: "https://help.redtrack.io/knowledgebase/kb/conversion-tracking/tracking-event-types/",
    verified: false,
    exampleUrl: "https://tracker.example/postback",
    query:
      "clickid={{ sub_id1 }}&sum={{ payout }}" +
      '&status={% if status == "REVERSED" %}declined{% else %}{{ status | default: type | downcase }}{% endif %}&rdtk_event_id={{ action_id }}',
  },
  keitaro: {
    ...tracker,
    title: "Keitaro",
    description: `status is lead for PENDING, sale for APPROVED, rejected for REVERSED; the action is the tid. ${clickId}`,
    documentation: "https://docs.keitaro.io/en/conversions/postback.html",
    verified: true,
    exampleUrl: "https://tracker.example/0a1b2c3/postback",
    query:
      'subid={{ sub_id1 }}&status={% case status %}{% when "PENDING" %}lead{% when "APPROVED" %}sale{% when "REVERSED" %}rejected' +
      "{% else %}{{ status | default: type | downcase }}{% endcase %}&payout={{ payout }}&currency={{ currency }}&tid={{ action_id }}",
  },
  binom: {
    ...tracker,
    title: "Binom",
    description: `cnv_status is hold for PENDING, approve for APPROVED, reject for REVERSED. ${clickId}`,
    documentation: "https://docs.binom.org/postback-url.php",
    verified: true,
    exampleUrl: "https://tracker.example/click.php",
    query:
      'cnv_id={{ sub_id1 }}&payout={{ payout }}&cnv_status={% case status %}{% when "PENDING" %}hold{% when "APPROVED" %}approve{% when "REVERSED" %}reject' +
      "{% else %}{{ status | default: type | downcase }}{% endcase %}&cnv_currency={{ currency }}",
  },
} satisfies Record<string, Preset>;
