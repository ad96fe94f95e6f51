-- +goose Up

-- Who stands for an approver who is away. The MAC covers the row: one that was
-- written or prolonged past bcn lets nobody decide.
create table deputy (
    id         bigint primary key default nextval('bcn_id'),
    absent     text not null,
    deputy     text not null,
    since      timestamptz not null,
    until      timestamptz not null,
    removed_at timestamptz,
    removed_by text not null default '',
    mac        bytea not null
);
create index deputy_now on deputy (until) where removed_at is null;

-- Teams that may decide as well from a time on, and are told then.
alter table request
    add column escalate     jsonb not null default '[]',
    add column escalated_at timestamptz;

-- Whose deputy somebody decided as; empty: for themselves.
alter table decision add column stands_for text not null default '';
