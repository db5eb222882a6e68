-- What operators changed, and how destinations answer by the hour, from now on.

create table audit (
  id       text not null primary key,
  who      text not null check (who in ('token', 'session')),
  ip       text not null,
  method   text not null,
  path     text not null,
  summary  text not null,
  fields   text not null default '[]' check (json_valid(fields))
) strict, without rowid;

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

-- What waits in quarantine is listed and counted without looking at what was re-ingested.
create index quarantine_waiting on quarantine (id, source_id, code) where resolved_at is null;

create index recoveries_by_time on recoveries (created_at, id);
