-- +goose Up

-- Runs of the scheduled tasks of barcelona.yml, as ECS told of them. ECS itself
-- forgets a task an hour after it stopped.
create table scheduled_run (
    task       text primary key,
    heritage   text not null,
    name       text not null,
    started_at timestamptz,
    ended_at   timestamptz not null,
    exit_code  int,
    reason     text not null default ''
);
create index scheduled_run_last on scheduled_run (heritage, name, ended_at desc);
create index scheduled_run_old on scheduled_run (ended_at);
