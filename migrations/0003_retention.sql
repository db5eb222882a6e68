-- How far the pruning of what is older than RETENTION_DAYS has walked, in a single row.
create table retention (
  one           integer not null primary key check (one = 1),
  position      text    not null default '',
  next_walk_at  integer not null default 0
) strict;

-- A receipt that came late, out of the intake Queue, is compared with what had arrived before it, and not with what was stored before it.
drop index events_by_subject;
create index events_by_subject on events (source_id, subject, id);
