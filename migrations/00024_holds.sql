-- +goose Up

-- Locks of an app in an environment, and freezes of an environment or of all
-- of them (env is empty). One that is over by its time holds no longer, also
-- before anybody has written that down.
create table hold (
    id          bigint generated always as identity primary key,
    kind        text not null check (kind in ('lock', 'freeze')),
    app         text not null default '',
    env         text not null default '',
    owner       text not null,
    reason      text not null default '',
    change      bigint not null default 0, -- the rollback that made it
    rolled_from bigint not null default 0,
    rolled_to   bigint not null default 0,
    since       timestamptz not null default bcn_now(),
    until_at    timestamptz,
    tell_at     timestamptz, -- when its owner is reminded
    lifted_at   timestamptz,
    lifted_by   text not null default ''
);
create unique index hold_one on hold (kind, app, env) where lifted_at is null;
create index hold_change on hold (change) where lifted_at is null and change <> 0;

-- What a change waits behind, as its last step saw it.
alter table change add column held_by bigint not null default 0;
