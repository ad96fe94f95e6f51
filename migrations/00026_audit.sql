-- +goose Up

-- Each filter of /bcn audit reads the newest entries first, by an index.
create index audit_entry_actor on audit_entry (actor, seq);
create index audit_entry_family on audit_entry (split_part(kind, '.', 1), seq);
create index audit_entry_at on audit_entry (at);
create index audit_entry_of on audit_entry (change, seq);
drop index audit_entry_change;
create index change_app on change (app, env, id);

-- What the head was when it was told outside. These rows say what is still to
-- be told; what is compared is read from outside.
create table audit_anchor (
    seq       bigint primary key,
    hash      bytea not null,
    at        timestamptz not null,
    mac       bytea not null,
    stored_at timestamptz -- in S3
);
create index audit_anchor_unstored on audit_anchor (seq) where stored_at is null;

-- Districts whose CloudTrail is still to be compared with the log, and up to
-- when it was.
create table audit_reconcile (
    district    text primary key references district (name) on delete cascade,
    until       timestamptz,
    asked_at    timestamptz,
    tries       int not null default 0,
    lease_until timestamptz
);

-- What was found and told, once each.
create table audit_finding (
    key      text primary key,
    district text not null,
    kind     text not null,
    found_at timestamptz not null default bcn_now()
);
