-- +goose Up

-- A tick whose step keeps failing is put aside until a person lets it run again.
alter table tick add column parked boolean not null default false;

-- Ticks that are forgotten once they are old.
create index tick_ended on tick (ended_at) where state in ('succeeded', 'failed', 'skipped');
