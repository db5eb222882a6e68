-- Where an event comes from: a postback, what reconciliation found missing, or the history before this source was connected.
alter table events add column origin text not null default 'postback' check (origin in ('postback', 'reconciliation', 'import'));

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
