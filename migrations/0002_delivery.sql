-- Delivery with limits, templates, order and recoveries. Deliveries and attempts get new columns, for which SQLite reads each table in
-- whole once a column (some seconds for a million rows) but writes none of it; destinations, which are few, are made anew for GET to
-- be a method.
create table destinations_before as select * from destinations;
drop table destinations;

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

insert into destinations (
  id, name, url, method, filter, timeout, retry_schedule, header_names, sealed, state, state_reason, created_at, updated_at
)
select id, name, url, method, filter, timeout, retry_schedule, header_names, sealed, state, state_reason, created_at, updated_at
from destinations_before;
drop table destinations_before;

create table former_bodies (
  destination_id  text    not null,
  version         integer not null,
  preset          text    not null,
  body            text,
  primary key (destination_id, version)
) strict, without rowid;

create table sendings (
  destination_id  text    not null,
  slot            integer not null,
  requests        integer not null,
  primary key (destination_id, slot)
) strict, without rowid;

create table access_tokens (
  destination_id  text    not null primary key,
  sealed          text    not null,
  expires_at      integer not null
) strict, without rowid;

alter table deliveries add column action text;
alter table deliveries add column version integer;
alter table deliveries add column leased_until integer;
alter table deliveries add column recovery_id text;
create index deliveries_by_action on deliveries (destination_id, action) where action is not null;
create index deliveries_under_way on deliveries (destination_id, leased_until) where leased_until is not null;

alter table attempts add column request_headers text not null default '{}' check (json_valid(request_headers));
alter table attempts add column next_at integer;

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
