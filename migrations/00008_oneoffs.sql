-- +goose Up

-- The one-off task of a change: the gate of a deploy, or a run. It is written
-- down before ECS is asked for it.
create table oneoff (
    change     bigint primary key references change (id),
    try        int not null,
    definition text not null,
    container  text not null,
    asked_at   timestamptz not null,
    task       text not null default '',
    started_at timestamptz,
    ended_at   timestamptz,
    exit_code  int,
    reason     text not null default '',
    why        text not null default '',
    unknown    boolean not null default false,
    mac        bytea not null
);
