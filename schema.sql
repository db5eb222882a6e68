-- Postback Edge, from top to bottom: who sends, what arrived, who hears of it, how that went.
-- Times are milliseconds since 1970 in UTC; amounts are millionths of a unit (0.88 is 880000). Views give both to people.

-- A source is one impact.com account, or a part of one, with a token of its own. Tokens are kept as SHA-256.
create table sources (
  id                    text    not null primary key,
  name                  text    not null,
  account               text    not null check (account in ('partner', 'brand')),
  token_hash            text    not null unique,
  previous_token_hash   text,
  previous_token_until  integer,
  mapping               text    not null default '{}' check (json_valid(mapping)),
  dedupe_window         integer not null default 900 check (dedupe_window >= 0),
  success_status        integer not null default 200 check (success_status between 200 and 299),
  success_body          text    not null default 'OK',
  invalid_status        integer not null default 422 check (invalid_status in (422, 202)),
  required_header       text,
  required_header_hash  text,
  allowed_ips           text    not null default '[]' check (json_valid(allowed_ips)),
  ip_policy             text    not null default 'off' check (ip_policy in ('off', 'log', 'enforce')),
  created_at            integer not null,
  updated_at            integer not null
) strict, without rowid;

-- A destination is a system that wants to hear. Its secrets are encrypted; a deleted one stays as a tombstone.
-- The columns before `created_at` are how it has been answering: failures in a row, its breaker, and `wake_at`, the time for which
-- somebody has been told to go on with what its limits made wait.
create table destinations (
  id               text    not null primary key,
  name             text    not null,
  url              text    not null,
  method           text    not null default 'POST' check (method in ('GET', 'POST', 'PUT', 'PATCH')),
  preset           text    not null default 'standard-webhooks',
  body             text,
  version          integer not null default 1,
  filter           text    not null default '',
  via              text,
  auth             text    not null default '{"type":"none"}' check (json_valid(auth)),
  timeout          integer not null default 15 check (timeout between 1 and 25),
  retry_schedule   text    not null check (json_valid(retry_schedule)),
  rate_limit       integer check (rate_limit > 0),
  rate_period_ms   integer check (rate_period_ms in (1000, 60000, 3600000)),
  concurrency      integer check (concurrency > 0),
  ordered          integer not null default 0 check (ordered in (0, 1)),
  once_per_action  integer not null default 0 check (once_per_action in (0, 1)),
  header_names     text    not null default '[]' check (json_valid(header_names)),
  secret_names     text    not null default '[]' check (json_valid(secret_names)),
  sealed           text    not null,
  state            text    not null default 'active' check (state in ('active', 'paused', 'disabled', 'deleted')),
  state_reason     text,
  failures         integer not null default 0,
  failing_since    integer,
  open_until       integer,
  warned_at        integer,
  wake_at          integer not null default 0,
  created_at       integer not null,
  updated_at       integer not null,
  check ((rate_limit is null) = (rate_period_ms is null))
) strict, without rowid;

-- What the bodies of a destination's requests looked like before its present preset and body.
create table former_bodies (
  destination_id  text    not null,
  version         integer not null,
  preset          text    not null,
  body            text,
  primary key (destination_id, version)
) strict, without rowid;

-- How many requests a destination with a rate limit got in each twentieth of its period.
create table sendings (
  destination_id  text    not null,
  slot            integer not null,
  requests        integer not null,
  primary key (destination_id, slot)
) strict, without rowid;

-- OAuth2 access tokens of destinations, encrypted.
create table access_tokens (
  destination_id  text    not null primary key,
  sealed          text    not null,
  expires_at      integer not null
) strict, without rowid;

-- An event is one notification, with the receipt it was read from. Rows are never changed.
-- `origin` is where it comes from: a postback, what reconciliation found missing, or the history before the source was connected.
-- `id` sorts by the time of arrival, `seq` is the order of commit. `subject` is what it is about, or its own fingerprint where the template left the id out.
create table events (
  seq           integer not null primary key,
  id            text    not null unique,
  source_id     text    not null,
  kind          text    not null,
  type          text    not null,
  subject       text    not null,
  fingerprint   text    not null,
  action_id     text,
  status        text,
  is_test       integer not null check (is_test in (0, 1)),
  received_at   integer not null,
  occurred_at   integer,
  currency      text,
  payout        integer,
  delta_payout  integer,
  amount        integer,
  delta_amount  integer,
  fields        text    not null check (json_valid(fields)),
  nested        text    not null default '{}' check (json_valid(nested)),
  warnings      text    not null default '[]' check (json_valid(warnings)),
  method        text    not null,
  query         text    not null,
  headers       text    not null check (json_valid(headers)),
  ip            text    not null,
  body          blob    not null,
  origin        text    not null default 'postback' check (origin in ('postback', 'reconciliation', 'import'))
) strict;

-- Both rules of repetition and the ledger of an action read this one.
create index events_by_subject on events (source_id, subject, id);
-- An inquiry's subject is the inquiry; this finds it by the action it is about.
create index inquiries_by_action on events (action_id) where kind = 'action-inquiry' and action_id is not null;

-- A delivery is one event for one destination: the outbox. It is written in the transaction of its event.
-- `next_at`: not to be tried before; a consumer that claims the delivery moves it ahead, which is its lease.
-- `ring_at`: when the sweep rings for it again, should the first ring have been lost.
-- `action` is set for destinations that are ordered or hear once of an action; `version` is that of the body it was first sent with;
-- `leased_until` is the lease once more, where the requests under way are counted.
create table deliveries (
  event_id         text    not null,
  destination_id   text    not null,
  state            text    not null default 'pending' check (state in ('pending', 'delivered', 'exhausted', 'cancelled')),
  attempts         integer not null default 0,
  attempts_before  integer not null default 0,
  next_at          integer not null,
  ring_at          integer not null,
  reason           text,
  created_at       integer not null,
  updated_at       integer not null,
  action           text,
  version          integer,
  leased_until     integer,
  recovery_id      text,
  primary key (event_id, destination_id)
) strict, without rowid;

create index deliveries_due on deliveries (destination_id, ring_at) where state = 'pending';
create index deliveries_exhausted on deliveries (destination_id, event_id) where state = 'exhausted';
create index deliveries_by_action on deliveries (destination_id, action) where action is not null;
create index deliveries_under_way on deliveries (destination_id, leased_until) where leased_until is not null;

-- An attempt is one request to a destination, and how it ended.
create table attempts (
  event_id          text    not null,
  destination_id    text    not null,
  number            integer not null,
  at                integer not null,
  delivered         integer not null check (delivered in (0, 1)),
  status            integer,
  reason            text    not null,
  latency_ms        integer not null,
  response_headers  text    not null default '{}' check (json_valid(response_headers)),
  response_body     text    not null default '',
  request_headers   text    not null default '{}' check (json_valid(request_headers)),
  next_at           integer,
  primary key (event_id, destination_id, number)
) strict, without rowid;

-- A recovery sends many deliveries again, oldest first, a slice at a time. It has come as far as its cursor.
create table recoveries (
  id              text    not null primary key,
  destination_id  text,
  states          text    not null check (json_valid(states)),
  since           integer not null,
  until           integer not null,
  filter          text    not null default '',
  payload         text    not null check (payload in ('original', 'rebuilt')),
  rate            integer not null check (rate > 0),
  state           text    not null default 'running' check (state in ('running', 'finished', 'cancelled')),
  total           integer,
  reopened        integer not null default 0,
  delivered       integer not null default 0,
  failed          integer not null default 0,
  cursor          text    not null default '[]' check (json_valid(cursor)),
  created_at      integer not null,
  updated_at      integer not null
) strict, without rowid;

create index recoveries_running on recoveries (updated_at) where state = 'running';
create index recoveries_by_time on recoveries (created_at, id);

-- What was authenticated and could not become an event, with its raw bytes and the reason.
create table quarantine (
  id           text    not null primary key,
  source_id    text    not null,
  kind         text    not null,
  received_at  integer not null,
  code         text    not null,
  detail       text    not null,
  mistakes     text    not null default '[]' check (json_valid(mistakes)),
  method       text    not null,
  query        text    not null,
  headers      text    not null check (json_valid(headers)),
  ip           text    not null,
  body         blob    not null,
  truncated    integer not null check (truncated in (0, 1)),
  resolved_at  integer,
  event_id     text
) strict;

-- What waits to be mended: the list of it, how much it is, and the walk through it.
create index quarantine_waiting on quarantine (id, source_id, code) where resolved_at is null;

-- How far the pruning of what is older than RETENTION_DAYS has walked, in a single row: up to the event `position`; from the beginning
-- again at `next_walk_at`, for what could not go the last time.
create table retention (
  one           integer not null primary key check (one = 1),
  position      text    not null default '',
  next_walk_at  integer not null default 0
) strict;

-- A source's access to impact.com's API, encrypted, and how far reconciliation has come with it.
create table connections (
  source_id        text    not null primary key,
  sealed           text    not null,
  account_hash     text    not null,
  account_hint     text    not null,
  campaign_ids     text    not null default '[]' check (json_valid(campaign_ids)),
  abilities        text    not null default '{}' check (json_valid(abilities)),
  origin           text    not null,
  watermark        integer not null,
  next_updates_at  integer not null,
  next_states_at   integer not null,
  failure          text,
  created_at       integer not null,
  updated_at       integer not null
) strict, without rowid;

-- How many calls of impact.com's API an account made in the present hour, for all that make them.
create table api_budgets (
  account_hash  text    not null primary key,
  hour          integer not null,
  calls         integer not null,
  ceiling       integer not null,
  closed_until  integer not null default 0
) strict, without rowid;

-- A reconciliation walks through impact.com's records of a span of time, page by page. It has come as far as its cursor.
create table reconciliations (
  id            text    not null primary key,
  source_id     text    not null,
  task          text    not null check (task in ('updates', 'states', 'backfill')),
  origin        text    not null default 'reconciliation' check (origin in ('reconciliation', 'import')),
  since         integer not null,
  until         integer not null,
  state         text    not null default 'running' check (state in ('running', 'paused', 'finished', 'failed', 'cancelled')),
  cursor        text    not null default '{}' check (json_valid(cursor)),
  calls         integer not null default 0,
  records       integer not null default 0,
  repaired      integer not null default 0,
  failures      integer not null default 0,
  reason        text,
  lacks_access  integer not null default 0 check (lacks_access in (0, 1)),
  next_at       integer not null,
  leased_until  integer not null default 0,
  created_at    integer not null,
  updated_at    integer not null,
  finished_at   integer
) strict, without rowid;

create index reconciliations_running on reconciliations (next_at) where state = 'running';
create index reconciliations_without_access on reconciliations (source_id, task, id) where state = 'failed' and lacks_access = 1;

-- What impact.com's API says of an action: each of its updates, and where it has come without one. `event_id` is the event
-- that tells the same, `told_by` where that came from.
create table readings (
  source_id      text    not null,
  action_id      text    not null,
  id             text    not null,
  kind           text    not null check (kind in ('update', 'approval', 'clearing', 'correction', 'repeat')),
  at             integer not null,
  status         text,
  status_detail  text,
  payout         integer,
  delta_payout   integer,
  amount         integer,
  delta_amount   integer,
  fields         text    not null default '{}' check (json_valid(fields)),
  told_by        text    check (told_by in ('postback', 'reconciliation', 'import')),
  event_id       text,
  primary key (source_id, action_id, id)
) strict, without rowid;

create index readings_by_time on readings (source_id, at);
create index readings_untold on readings (source_id, action_id) where told_by is null;

-- What a postback should have told and reconciliation had to: the gap ledger.
create table gaps (
  id                 text    not null primary key,
  source_id          text    not null,
  subject            text    not null,
  type               text    not null,
  reason             text    not null,
  detail             text    not null,
  effective_at       integer,
  event_id           text    not null,
  reconciliation_id  text    not null
) strict, without rowid;

-- From here on: what follows from the events, kept for reading. All of it can be made again.

-- How far the books have come with the events (`position` is a `seq`), in a single row. `version` counts their changes.
create table books (
  one       integer not null primary key check (one = 1),
  position  integer not null,
  version   integer not null
) strict;

insert into books (one, position, version) values (1, 0, 0);

-- An action as its ledger leaves it. `first_event` and `last_event` are by arrival.
create table actions (
  source_id            text    not null,
  action_id            text    not null,
  state                text,
  stage                text    not null,
  payout               integer,
  amount               integer,
  currency             text,
  campaign_id          text,
  campaign_name        text,
  action_tracker_id    text,
  action_tracker_name  text,
  sub_id1              text,
  sub_id2              text,
  sub_id3              text,
  shared_id            text,
  promo_code           text,
  is_test              integer not null check (is_test in (0, 1)),
  event_date           integer not null,
  locking_date         integer,
  cleared_date         integer,
  gaps                 integer not null,
  events               integer not null,
  first_event          text    not null,
  last_event           text    not null,
  primary key (source_id, action_id)
) strict, without rowid;

create index actions_by_change on actions (last_event);
create index actions_by_date on actions (event_date);
create index actions_to_settle on actions (source_id, locking_date) where cleared_date is null and state in ('PENDING', 'APPROVED');
-- One value's actions by date, for reports that only the actions can answer. Who has no value is in no index.
create index actions_by_campaign on actions (campaign_id, event_date) where campaign_id is not null;
create index actions_by_sub_id1 on actions (sub_id1, event_date) where sub_id1 is not null;
create index actions_by_sub_id2 on actions (sub_id2, event_date) where sub_id2 is not null;
create index actions_by_sub_id3 on actions (sub_id3, event_date) where sub_id3 is not null;
create index actions_by_shared_id on actions (shared_id, event_date) where shared_id is not null;
create index actions_by_promo_code on actions (promo_code, event_date) where promo_code is not null;

-- An inquiry, a tracking value request or a job, as its latest event leaves it.
create table matters (
  source_id    text    not null,
  subject      text    not null,
  kind         text    not null,
  status       text,
  action_id    text,
  events       integer not null,
  first_event  text    not null,
  last_event   text    not null,
  primary key (source_id, subject)
) strict, without rowid;

create index matters_by_change on matters (kind, last_event);
create index inquiries_open on matters (source_id, subject) where kind = 'action-inquiry' and status = 'UNRESOLVED';

-- How many actions, and for how much: by quarter of an hour (dimension '') and by hour ('hour') for all, and by UTC day for each value of
-- a dimension, those of sub_id1 also by seven days ('sub_id1/week'). An amount is whole units and millionths apart, since a sum of millionths
-- alone can outgrow an integer.
create table totals (
  source_id      text    not null,
  dimension      text    not null,
  at             integer not null,
  value          text    not null,
  currency       text    not null,
  state          text    not null,
  actions        integer not null,
  payout_units   integer not null,
  payout_micros  integer not null,
  amount_units   integer not null,
  amount_micros  integer not null,
  primary key (dimension, at, source_id, value, currency, state)
) strict, without rowid;

-- What campaigns and action trackers are called, by their ids.
create table names (
  dimension  text    not null,
  value      text    not null,
  name       text    not null,
  primary key (dimension, value)
) strict, without rowid;

-- What came from a source in an hour.
create table pulses (
  source_id    text    not null,
  hour         integer not null,
  received     integer not null default 0,
  reversed     integer not null default 0,
  unknown      integer not null default 0,
  duplicates   integer not null default 0,
  quarantined  integer not null default 0,
  primary key (source_id, hour)
) strict, without rowid;

-- Something out of the ordinary with a source: opened once, closed when it is over.
create table alerts (
  id         text    not null primary key,
  source_id  text    not null,
  kind       text    not null check (kind in ('silence', 'reversals', 'quarantine', 'duplicates', 'unknown_keys')),
  figures    text    not null check (json_valid(figures)),
  opened_at  integer not null,
  closed_at  integer
) strict, without rowid;

create unique index alerts_open on alerts (source_id, kind) where closed_at is null;

-- The result of a job that a postback gave a hint of, and where in R2 it is.
create table job_files (
  hint_event_id  text    not null primary key,
  source_id      text    not null,
  job_id         text    not null,
  state          text    not null default 'waiting' check (state in ('waiting', 'stored', 'failed')),
  attempts       integer not null default 0,
  next_at        integer not null,
  key            text,
  bytes          integer,
  sha256         text,
  content_type   text,
  event_id       text,
  reason         text,
  created_at     integer not null,
  updated_at     integer not null
) strict, without rowid;

create index job_files_waiting on job_files (next_at) where state = 'waiting';
create index job_files_by_job on job_files (source_id, job_id);

-- How a destination answered in an hour (UTC): requests that were sent, and how long they took, in milliseconds.
create table destination_pulses (
  destination_id  text    not null,
  hour            integer not null,
  delivered       integer not null,
  failed          integer not null,
  latency_ms      integer not null,
  up_to_50        integer not null,
  up_to_100       integer not null,
  up_to_250       integer not null,
  up_to_500       integer not null,
  up_to_1000      integer not null,
  up_to_2500      integer not null,
  up_to_5000      integer not null,
  up_to_10000     integer not null,
  longer          integer not null,
  primary key (destination_id, hour)
) strict, without rowid;

-- What operators changed: never a value, only which fields were given.
create table audit (
  id       text not null primary key,
  who      text not null check (who in ('token', 'session')),
  ip       text not null,
  method   text not null,
  path     text not null,
  summary  text not null,
  fields   text not null default '[]' check (json_valid(fields))
) strict, without rowid;

-- For people: dates that can be read, amounts with a point.
create view events_for_people as
select
  e.id, s.name as source, e.kind, e.type, e.action_id, e.status,
  strftime('%Y-%m-%d %H:%M:%fZ', e.received_at / 1000.0, 'unixepoch') as received,
  strftime('%Y-%m-%d %H:%M:%SZ', e.occurred_at / 1000, 'unixepoch') as occurred,
  printf('%s%d.%06d', iif(e.payout < 0, '-', ''), abs(e.payout) / 1000000, abs(e.payout) % 1000000) as payout,
  printf('%s%d.%06d', iif(e.amount < 0, '-', ''), abs(e.amount) / 1000000, abs(e.amount) % 1000000) as amount,
  e.currency, e.is_test, e.fields, e.warnings
from events e
left join sources s on s.id = e.source_id;

create view deliveries_for_people as
select
  d.event_id, t.name as destination, d.state, d.attempts, d.reason,
  strftime('%Y-%m-%d %H:%M:%SZ', d.created_at / 1000, 'unixepoch') as created,
  iif(d.state = 'pending', strftime('%Y-%m-%d %H:%M:%SZ', d.next_at / 1000, 'unixepoch'), null) as next_attempt,
  strftime('%Y-%m-%d %H:%M:%SZ', d.updated_at / 1000, 'unixepoch') as updated
from deliveries d
left join destinations t on t.id = d.destination_id;
