-- +goose Up

-- Teams whose members do not count for a request: those that let the requester
-- in, where the rule wants approvers from outside of them.
alter table request add column outside jsonb not null default '[]';

-- What was asked for by a rule that limits how often: counted under a lock on
-- person and rule, in the transaction that stores the change.
create table rule_use (
    change bigint not null references change (id),
    rule   text not null, -- SHA-256 of what the rule is about
    person text not null,
    at     timestamptz not null default bcn_now(),
    primary key (change, rule)
);
create index rule_use_count on rule_use (person, rule, at);

-- The rules of bot.yaml at the last start, to say what became of them.
create table rules_seen (
    one  boolean primary key default true check (one),
    hash text not null,
    body jsonb not null,
    at   timestamptz not null default bcn_now(),
    mac  bytea not null
);
