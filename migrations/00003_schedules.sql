-- +goose Up

-- Commands that run by the clock.
create table schedule (
    id       bigint primary key default nextval('bcn_id'),
    name     text not null,
    spec     text not null,
    zone     text not null,
    command  text not null,
    owner    jsonb not null,
    channel  text not null,
    options  jsonb not null,
    in_file  boolean not null default false,
    state    text not null,
    why      text not null default '',
    by_who   text not null default '',
    added_at timestamptz not null default bcn_now(),
    next_at  timestamptz,
    wake_at  timestamptz,
    skip_at  timestamptz
);
create unique index schedule_name on schedule (name) where state in ('active', 'paused');
create index schedule_named on schedule (name);
create index schedule_wake on schedule (wake_at) where state = 'active';
create index schedule_after on schedule ((options ->> 'after')) where state = 'active' and options ? 'after';

-- One run of a schedule. Unique by schedule and time: it comes once.
create table tick (
    id          bigint primary key default nextval('bcn_id'),
    schedule    bigint not null references schedule (id),
    at          timestamptz not null,
    state       text not null,
    code        text not null default '',
    params      jsonb not null default '{}',
    change      bigint not null default 0,
    asked       boolean not null default false,
    tries       int not null default 0,
    by_who      text not null default '',
    fence       bigint not null default 0,
    lease_until timestamptz,
    failures    int not null default 0,
    started_at  timestamptz,
    ended_at    timestamptz,
    unique (schedule, at)
);
create index tick_open on tick (schedule, at) where state in ('planned', 'announced', 'due', 'running');
create index tick_of on tick (schedule, at desc);

-- What a tick asked for: at most one change for each try.
alter table change add column tick bigint not null default 0;
alter table change add column try int not null default 0;
alter table change add column not_before timestamptz;
create unique index change_tick on change (tick, try) where tick <> 0;

alter table outbox add column tick bigint references tick (id);
alter table outbox add constraint outbox_tick_key unique (tick, key);
