-- +goose Up

-- Time-boxed access that was approved; what it opens is in its change's plan.
create table access_grant (
    id          bigint primary key references change (id),
    state       text not null,
    person      text not null,
    open_until  timestamptz not null,
    starts_at   timestamptz,
    ends_at     timestamptz,
    key         text not null default '', -- age recipient, bound once
    mints       int not null default 0,
    task        text not null default '',
    task_asked  timestamptz,
    ready       boolean not null default false,
    schedule    text not null default '',
    sessions    jsonb not null default '[]',
    why         text not null default '',
    by_who      text not null default '',
    ended_at    timestamptz,
    swept_at    timestamptz,
    verified_at timestamptz,
    tries       int not null default 0,
    looks       int not null default 0,
    checked_at  timestamptz,
    warned      boolean not null default false,
    paged       boolean not null default false,
    mac         bytea not null,
    created_at  timestamptz not null default bcn_now()
);
create index access_grant_open on access_grant (id) where state in ('approved', 'minting', 'live', 'ending', 'end_failed');
create index access_grant_sessions on access_grant using gin (sessions jsonb_path_ops);
